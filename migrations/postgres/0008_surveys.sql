CREATE TABLE surveys (
    id         uuid        PRIMARY KEY,
    name       text        COLLATE "C" NOT NULL UNIQUE,
    definition jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

COMMENT ON TABLE surveys IS 'What campaigns ask.';
COMMENT ON COLUMN surveys.id IS 'UUIDv7';
COMMENT ON COLUMN surveys.name IS 'What campaigns call it';
COMMENT ON COLUMN surveys.definition IS 'Questions, choices and what follows them, as in a survey file';
COMMENT ON COLUMN surveys.created_at IS 'When it was added';
COMMENT ON COLUMN surveys.updated_at IS 'When its definition last changed';

ALTER TABLE calls
    ADD COLUMN detected        text    CHECK (detected IN ('human', 'machine', 'unsure', 'fax', 'sit')),
    ADD COLUMN detected_reason text,
    ADD COLUMN detected_ms     integer CHECK (detected_ms >= 0),
    ADD COLUMN message_left    boolean NOT NULL DEFAULT false,
    ADD COLUMN survey          text    CHECK (survey IN ('partial', 'complete')),
    ADD COLUMN opted_out       boolean NOT NULL DEFAULT false,
    ADD COLUMN transfer        text    CHECK (transfer IN ('tried', 'connected', 'failed')),
    ADD COLUMN recording       text    COLLATE "C";

COMMENT ON COLUMN calls.detected IS 'Who answered, as heard: human, machine, unsure, fax or sit; null: nobody listened, or the call was over first';
COMMENT ON COLUMN calls.detected_reason IS 'Why it was taken for that';
COMMENT ON COLUMN calls.detected_ms IS 'When that was decided, in ms from the answer';
COMMENT ON COLUMN calls.message_left IS 'Whether the message was left on a machine, to its end';
COMMENT ON COLUMN calls.survey IS 'partial: at least one question was asked; complete: its end was reached; null: nothing was asked';
COMMENT ON COLUMN calls.opted_out IS 'Whether the opt-out key was pressed';
COMMENT ON COLUMN calls.transfer IS 'tried: asked for, and the call ended before it was known; connected: with somebody; failed: nobody could be reached';
COMMENT ON COLUMN calls.recording IS 'The name of its recording; null: it was not recorded, or the recording was removed';

-- To find a recording's call, and those that are to be removed: only calls
-- with a recording are in there.
CREATE INDEX calls_recording ON calls (recording) WHERE recording IS NOT NULL;
CREATE INDEX calls_recorded ON calls (ended_at) WHERE recording IS NOT NULL;

CREATE TABLE answers (
    call_id     uuid        NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    integer     NOT NULL CHECK (position > 0),
    campaign_id uuid        NOT NULL,
    question    text        NOT NULL,
    given       text        NOT NULL CHECK (given IN ('key', 'speech', 'nothing')),
    digit       text        CHECK (digit ~ '^[0-9*#]$'),
    label       text,
    recording   text        COLLATE "C",
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (call_id, position),
    CHECK ((given = 'key') = (digit IS NOT NULL) AND (given = 'key') = (label IS NOT NULL)),
    CHECK (given = 'speech' OR recording IS NULL)
);

COMMENT ON TABLE answers IS 'Answers to the questions of surveys, stored as they are given. Asked twice in one call, the last answer counts.';
COMMENT ON COLUMN answers.call_id IS 'The call';
COMMENT ON COLUMN answers.position IS 'Which answer of the call it is, from 1';
COMMENT ON COLUMN answers.campaign_id IS 'The call''s campaign';
COMMENT ON COLUMN answers.question IS 'The id of the question in the survey';
COMMENT ON COLUMN answers.given IS 'key: a choice; speech: a recording; nothing: no key, or no choice, in all tries';
COMMENT ON COLUMN answers.digit IS 'The key';
COMMENT ON COLUMN answers.label IS 'What the key stood for when it was pressed';
COMMENT ON COLUMN answers.recording IS 'The name of the recording of what was said; null: it was removed';
COMMENT ON COLUMN answers.answered_at IS 'When it was given';

CREATE INDEX answers_campaign ON answers (campaign_id, call_id, position);
CREATE INDEX answers_recording ON answers (recording) WHERE recording IS NOT NULL;
CREATE INDEX answers_recorded ON answers (answered_at) WHERE recording IS NOT NULL;

DROP VIEW call_log;

CREATE VIEW call_log AS
SELECT c.id AS call_id,
       p.name AS campaign,
       c.campaign_id,
       c.target_id,
       c.number,
       k.name,
       c.attempt,
       c.caller_id,
       c.switch,
       c.created_at,
       c.ringing_at,
       c.answered_at,
       c.ended_at,
       extract(epoch FROM c.ended_at - c.answered_at)::float8 AS talk_seconds,
       c.outcome,
       c.cause,
       c.sip,
       c.detail,
       c.detected,
       c.detected_reason,
       c.detected_ms,
       c.message_left,
       c.survey,
       c.opted_out,
       c.transfer,
       c.recording
FROM calls AS c
JOIN campaigns AS p ON p.id = c.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;

COMMENT ON VIEW call_log IS 'Every call with the names of its campaign and contact.';

CREATE VIEW survey_answers AS
SELECT p.name AS campaign,
       a.campaign_id,
       a.call_id,
       c.target_id,
       c.number,
       k.name,
       c.attempt,
       c.survey,
       a.position,
       a.question,
       a.given,
       a.digit,
       a.label,
       a.recording,
       a.answered_at
FROM answers AS a
JOIN calls AS c ON c.id = a.call_id
JOIN campaigns AS p ON p.id = a.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;

COMMENT ON VIEW survey_answers IS 'Every answer given, with the names of its campaign and contact. For one answer per call and question take the highest position.';
