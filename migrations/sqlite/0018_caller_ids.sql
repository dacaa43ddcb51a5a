-- How much our numbers may be used, and how their calls go.
ALTER TABLE phone_numbers ADD COLUMN daily_cap INTEGER CHECK (daily_cap > 0);
ALTER TABLE phone_numbers ADD COLUMN cool_down_seconds INTEGER CHECK (cool_down_seconds > 0);
ALTER TABLE phone_numbers ADD COLUMN max_concurrent INTEGER CHECK (max_concurrent > 0);
ALTER TABLE phone_numbers ADD COLUMN resting_until INTEGER;
ALTER TABLE phone_numbers ADD COLUMN rest_reason TEXT;
ALTER TABLE phone_numbers ADD COLUMN judged_from INTEGER;

-- By full hours since 1970; written with the calls themselves.
CREATE TABLE phone_number_hours (
    number   TEXT    NOT NULL,
    hour     INTEGER NOT NULL,
    calls    INTEGER NOT NULL,
    judged   INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    short    INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    flagged  INTEGER NOT NULL,
    last_at  INTEGER,
    PRIMARY KEY (hour, number)
) STRICT, WITHOUT ROWID;
