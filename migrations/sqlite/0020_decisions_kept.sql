-- Decisions before this instant were kept long enough. At most one row.
CREATE TABLE decisions_kept (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    since INTEGER NOT NULL
) STRICT;

CREATE INDEX decisions_at ON decisions (at);

DROP TRIGGER decisions_are_not_removed;

-- Whatever is set: none of the last year.
CREATE TRIGGER decisions_are_not_removed BEFORE DELETE ON decisions
WHEN NOT EXISTS (SELECT 1 FROM decisions_kept WHERE since > old.at)
    OR old.at > (unixepoch() - 365 * 86400) * 1000000
BEGIN
    SELECT RAISE(ABORT, 'decisions are kept as they were');
END;
