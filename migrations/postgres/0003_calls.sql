CREATE TABLE calls (
    id          uuid        PRIMARY KEY,
    campaign_id uuid        NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    target_id   bigint      NOT NULL REFERENCES campaign_contacts (id) ON DELETE CASCADE,
    number      text        COLLATE "C" NOT NULL CHECK (number ~ '^\+[1-9][0-9]{6,14}$'),
    attempt     integer     NOT NULL CHECK (attempt > 0),
    caller_id   text        COLLATE "C" NOT NULL,
    switch      text        NOT NULL,
    created_at  timestamptz NOT NULL,
    ringing_at  timestamptz,
    answered_at timestamptz,
    ended_at    timestamptz,
    outcome     text        CHECK (outcome IN ('answered', 'voicemail', 'busy', 'no_answer', 'rejected', 'invalid_number',
        'congestion', 'failed', 'blocked', 'cancelled', 'lost')),
    cause       integer,
    sip         integer,
    detail      text,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);

COMMENT ON TABLE calls IS 'One attempt to reach a target; written before the switch is told.';
COMMENT ON COLUMN calls.id IS 'UUIDv7, in order of claiming; also the channel id on the switch';
COMMENT ON COLUMN calls.campaign_id IS 'The campaign';
COMMENT ON COLUMN calls.target_id IS 'The target';
COMMENT ON COLUMN calls.number IS 'Whom it called, E.164 with +';
COMMENT ON COLUMN calls.attempt IS 'Which attempt to reach the target, from 1';
COMMENT ON COLUMN calls.caller_id IS 'The caller ID shown, E.164 with +';
COMMENT ON COLUMN calls.switch IS 'The switch that carried it, by its name in the configuration';
COMMENT ON COLUMN calls.created_at IS 'When it was claimed';
COMMENT ON COLUMN calls.ringing_at IS 'When the phone began to ring, if it did';
COMMENT ON COLUMN calls.answered_at IS 'When it was answered, if it was';
COMMENT ON COLUMN calls.ended_at IS 'When it ended; null: it goes on';
COMMENT ON COLUMN calls.outcome IS 'How it ended';
COMMENT ON COLUMN calls.cause IS 'The hang-up cause of the switch: Q.850 up to 127';
COMMENT ON COLUMN calls.sip IS 'The SIP response that ended it, where there was one';
COMMENT ON COLUMN calls.detail IS 'In words, where there is more to say than the cause does';

CREATE INDEX calls_open ON calls (created_at, id) WHERE ended_at IS NULL;

CREATE INDEX calls_campaign ON calls (campaign_id, id);

CREATE INDEX calls_target ON calls (target_id);
