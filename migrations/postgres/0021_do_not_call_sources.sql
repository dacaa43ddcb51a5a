CREATE TABLE do_not_call_also (
    number   text        COLLATE "C" NOT NULL REFERENCES do_not_call (number),
    source   text        NOT NULL CHECK (length(source) <= 100),
    reason   text,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (number, source)
);

CREATE INDEX do_not_call_also_source ON do_not_call_also (source, number);

COMMENT ON TABLE do_not_call_also IS 'What else names a number of the do-not-call list, beside its entry. No number leaves the list while it is here.';
COMMENT ON COLUMN do_not_call_also.number IS 'E.164 with +';
COMMENT ON COLUMN do_not_call_also.source IS 'Where it came from; never that of the entry. Cut to fit into the index';
COMMENT ON COLUMN do_not_call_also.reason IS 'Why it is here';
COMMENT ON COLUMN do_not_call_also.added_at IS 'Since when';

CREATE TABLE do_not_call_replacements (
    source   text        PRIMARY KEY,
    run      uuid        NOT NULL,
    began_at timestamptz NOT NULL
);

COMMENT ON TABLE do_not_call_replacements IS 'The latest replacement of each source: an earlier one that still runs takes nothing off any more.';
COMMENT ON COLUMN do_not_call_replacements.source IS 'What is replaced';
COMMENT ON COLUMN do_not_call_replacements.run IS 'Which replacement';
COMMENT ON COLUMN do_not_call_replacements.began_at IS 'When it began';
