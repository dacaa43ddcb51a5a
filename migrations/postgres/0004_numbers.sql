CREATE TABLE phone_numbers (
    number   text        COLLATE "C" PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    label    text,
    active   boolean     NOT NULL DEFAULT true,
    added_at timestamptz NOT NULL
);

COMMENT ON TABLE phone_numbers IS 'Our own numbers, shown as caller IDs.';
COMMENT ON COLUMN phone_numbers.number IS 'E.164 with +';
COMMENT ON COLUMN phone_numbers.label IS 'What the operator calls it';
COMMENT ON COLUMN phone_numbers.active IS 'Whether it may be used as a caller ID';
COMMENT ON COLUMN phone_numbers.added_at IS 'Since when it is known';

CREATE TABLE do_not_call (
    number   text        COLLATE "C" PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    reason   text,
    source   text        NOT NULL,
    added_at timestamptz NOT NULL
);

COMMENT ON TABLE do_not_call IS 'Numbers that are never called.';
COMMENT ON COLUMN do_not_call.number IS 'E.164 with +';
COMMENT ON COLUMN do_not_call.reason IS 'Why it is here';
COMMENT ON COLUMN do_not_call.source IS 'Where the entry came from: manual, import, …';
COMMENT ON COLUMN do_not_call.added_at IS 'Since when';
