-- What is asked, what was answered, and what else came of a call after its
-- answer.

CREATE TABLE surveys (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT    NOT NULL UNIQUE,
    definition TEXT    NOT NULL CHECK (json_valid(definition)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

ALTER TABLE calls ADD COLUMN detected TEXT CHECK (detected IN ('human', 'machine', 'unsure', 'fax', 'sit'));
ALTER TABLE calls ADD COLUMN detected_reason TEXT;
ALTER TABLE calls ADD COLUMN detected_ms INTEGER CHECK (detected_ms >= 0);
ALTER TABLE calls ADD COLUMN message_left INTEGER NOT NULL DEFAULT 0 CHECK (message_left IN (0, 1));
ALTER TABLE calls ADD COLUMN survey TEXT CHECK (survey IN ('partial', 'complete'));
ALTER TABLE calls ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0 CHECK (opted_out IN (0, 1));
ALTER TABLE calls ADD COLUMN transfer TEXT CHECK (transfer IN ('tried', 'connected', 'failed'));
ALTER TABLE calls ADD COLUMN recording TEXT;

-- To find a recording's call, and those that are to be removed: only calls
-- with a recording are in there.
CREATE INDEX calls_recording ON calls (recording) WHERE recording IS NOT NULL;
CREATE INDEX calls_recorded ON calls (ended_at) WHERE recording IS NOT NULL;

CREATE TABLE answers (
    call_id     BLOB    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position > 0),
    campaign_id BLOB    NOT NULL,
    question    TEXT    NOT NULL,
    given       TEXT    NOT NULL CHECK (given IN ('key', 'speech', 'nothing')),
    digit       TEXT    CHECK (digit GLOB '[0-9*#]'),
    label       TEXT,
    recording   TEXT,
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (call_id, position),
    CHECK ((given = 'key') = (digit IS NOT NULL) AND (given = 'key') = (label IS NOT NULL)),
    CHECK (given = 'speech' OR recording IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_campaign ON answers (campaign_id, call_id, position);
CREATE INDEX answers_recording ON answers (recording) WHERE recording IS NOT NULL;
CREATE INDEX answers_recorded ON answers (answered_at) WHERE recording IS NOT NULL;

DROP VIEW call_log;

CREATE VIEW call_log AS
SELECT lower(substr(hex(c.id), 1, 8) || '-' || substr(hex(c.id), 9, 4) || '-' || substr(hex(c.id), 13, 4) || '-' || substr(hex(c.id), 17, 4) || '-' || substr(hex(c.id), 21, 12)) AS call_id,
       p.name AS campaign,
       lower(substr(hex(c.campaign_id), 1, 8) || '-' || substr(hex(c.campaign_id), 9, 4) || '-' || substr(hex(c.campaign_id), 13, 4) || '-' || substr(hex(c.campaign_id), 17, 4) || '-' || substr(hex(c.campaign_id), 21, 12)) AS campaign_id,
       c.target_id,
       c.number,
       k.name,
       c.attempt,
       c.caller_id,
       c.switch,
       strftime('%Y-%m-%dT%H:%M:%S', c.created_at / 1000000, 'unixepoch') || printf('.%06dZ', c.created_at % 1000000) AS created_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.ringing_at / 1000000, 'unixepoch') || printf('.%06dZ', c.ringing_at % 1000000) AS ringing_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.answered_at / 1000000, 'unixepoch') || printf('.%06dZ', c.answered_at % 1000000) AS answered_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', c.ended_at % 1000000) AS ended_at,
       (c.ended_at - c.answered_at) / 1000000.0 AS talk_seconds,
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

CREATE VIEW survey_answers AS
SELECT p.name AS campaign,
       lower(substr(hex(a.campaign_id), 1, 8) || '-' || substr(hex(a.campaign_id), 9, 4) || '-' || substr(hex(a.campaign_id), 13, 4) || '-' || substr(hex(a.campaign_id), 17, 4) || '-' || substr(hex(a.campaign_id), 21, 12)) AS campaign_id,
       lower(substr(hex(a.call_id), 1, 8) || '-' || substr(hex(a.call_id), 9, 4) || '-' || substr(hex(a.call_id), 13, 4) || '-' || substr(hex(a.call_id), 17, 4) || '-' || substr(hex(a.call_id), 21, 12)) AS call_id,
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
       strftime('%Y-%m-%dT%H:%M:%S', a.answered_at / 1000000, 'unixepoch') || printf('.%06dZ', a.answered_at % 1000000) AS answered_at
FROM answers AS a
JOIN calls AS c ON c.id = a.call_id
JOIN campaigns AS p ON p.id = a.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;
