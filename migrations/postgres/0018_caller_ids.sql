ALTER TABLE phone_numbers
    ADD COLUMN daily_cap integer CHECK (daily_cap > 0),
    ADD COLUMN cool_down_seconds integer CHECK (cool_down_seconds > 0),
    ADD COLUMN max_concurrent integer CHECK (max_concurrent > 0),
    ADD COLUMN resting_until timestamptz,
    ADD COLUMN rest_reason text,
    ADD COLUMN judged_from timestamptz;

COMMENT ON COLUMN phone_numbers.daily_cap IS 'Calls started from it within 24 hours, at most';
COMMENT ON COLUMN phone_numbers.cool_down_seconds IS 'Seconds between the starts of two calls from it';
COMMENT ON COLUMN phone_numbers.max_concurrent IS 'Calls in progress from it at once, at most';
COMMENT ON COLUMN phone_numbers.resting_until IS 'Calls do not show it before then';
COMMENT ON COLUMN phone_numbers.rest_reason IS 'Why it rests, or did last';
COMMENT ON COLUMN phone_numbers.judged_from IS 'Its figures are judged from then on';

CREATE TABLE phone_number_hours (
    number   text        COLLATE "C" NOT NULL,
    hour     bigint      NOT NULL,
    calls    bigint      NOT NULL,
    judged   bigint      NOT NULL,
    answered bigint      NOT NULL,
    short    bigint      NOT NULL,
    rejected bigint      NOT NULL,
    flagged  bigint      NOT NULL,
    last_at  timestamptz,
    PRIMARY KEY (hour, number)
);

COMMENT ON TABLE phone_number_hours IS 'How calls from each of our numbers went, by hour; written with the calls themselves.';
COMMENT ON COLUMN phone_number_hours.number IS 'The caller ID, E.164 with +';
COMMENT ON COLUMN phone_number_hours.hour IS 'Full hours since 1970';
COMMENT ON COLUMN phone_number_hours.calls IS 'Calls started';
COMMENT ON COLUMN phone_number_hours.judged IS 'Calls that ended in a way that says something of the number';
COMMENT ON COLUMN phone_number_hours.answered IS 'Of the judged, answered by a person or a machine';
COMMENT ON COLUMN phone_number_hours.short IS 'Of the answered, over within six seconds';
COMMENT ON COLUMN phone_number_hours.rejected IS 'Of the judged, refused by the callee';
COMMENT ON COLUMN phone_number_hours.flagged IS 'Of the judged, blocked as unwanted (SIP 607, 608)';
COMMENT ON COLUMN phone_number_hours.last_at IS 'When the last of the calls was started';
