CREATE TABLE phone_numbers (
    number   TEXT    NOT NULL PRIMARY KEY CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
                   AND length(number) BETWEEN 8 AND 16),
    label    TEXT,
    active   INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE do_not_call (
    number   TEXT    NOT NULL PRIMARY KEY CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
                   AND length(number) BETWEEN 8 AND 16),
    reason   TEXT,
    source   TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
