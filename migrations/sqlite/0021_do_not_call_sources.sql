-- What else names a number of the do-not-call list: one source, the first, is
-- its entry; the others are here. No number leaves the list while one of them
-- names it. Longer sources are cut, so that a row fits into its index.
CREATE TABLE do_not_call_also (
    number   TEXT    NOT NULL REFERENCES do_not_call (number),
    source   TEXT    NOT NULL CHECK (length(source) <= 100),
    reason   TEXT,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (number, source)
) STRICT, WITHOUT ROWID;

CREATE INDEX do_not_call_also_source ON do_not_call_also (source, number);

-- The latest replacement of each source: an earlier one that still runs takes
-- nothing off any more.
CREATE TABLE do_not_call_replacements (
    source   TEXT    NOT NULL PRIMARY KEY,
    run      BLOB    NOT NULL CHECK (length(run) = 16),
    began_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
