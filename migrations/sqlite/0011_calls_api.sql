-- What single calls tell, what is said about them afterwards, and the agents
-- that talk in them.

ALTER TABLE calls ADD COLUMN trunk TEXT;
ALTER TABLE calls ADD COLUMN placed_at INTEGER;
ALTER TABLE calls ADD COLUMN opted_out_at INTEGER;
ALTER TABLE calls ADD COLUMN transfer_at INTEGER;
ALTER TABLE calls ADD COLUMN transferred_at INTEGER;
ALTER TABLE calls ADD COLUMN recording_removed INTEGER NOT NULL DEFAULT 0 CHECK (recording_removed IN (0, 1));

-- The newest calls of all campaigns, and those of one number.
CREATE INDEX calls_newest ON calls (created_at, id);
CREATE INDEX calls_to_number ON calls (number, created_at, id);

CREATE TABLE call_results (
    call_id        BLOB    NOT NULL PRIMARY KEY CHECK (length(call_id) = 16) REFERENCES calls (id) ON DELETE CASCADE,
    disposition    TEXT,
    disposition_by TEXT    CHECK (disposition_by IN ('person', 'agent')),
    notes          TEXT,
    edited_at      INTEGER NOT NULL,
    opt_out        INTEGER NOT NULL DEFAULT 0 CHECK (opt_out IN (0, 1)),
    successful     INTEGER CHECK (successful IN (0, 1)),
    ended_reason   TEXT,
    agent_ms       INTEGER CHECK (agent_ms >= 0),
    sentiment      TEXT,
    summary        TEXT,
    extracted_data TEXT    CHECK (json_valid(extracted_data)),
    transcript     TEXT    CHECK (json_valid(transcript)),
    CHECK (disposition IS NOT NULL OR disposition_by IS NULL)
) STRICT;

CREATE TABLE call_dispositions (
    call_id     BLOB    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position > 0),
    disposition TEXT,
    said_by     TEXT    NOT NULL CHECK (said_by IN ('person', 'agent')),
    said_at     INTEGER NOT NULL,
    PRIMARY KEY (call_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_completions (
    call_id     BLOB    NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position > 0),
    sha256      BLOB    NOT NULL CHECK (length(sha256) = 32),
    content     TEXT    NOT NULL CHECK (json_valid(content)),
    received_at INTEGER NOT NULL,
    PRIMARY KEY (call_id, position)
) STRICT;

CREATE TABLE agents (
    id                   BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name                 TEXT    NOT NULL UNIQUE,
    url                  TEXT    NOT NULL,
    protocol             TEXT    NOT NULL CHECK (protocol IN ('twilio', 'raw')),
    headers              TEXT    NOT NULL CHECK (json_valid(headers)),
    prompt               TEXT,
    first_message        TEXT,
    variables            TEXT    NOT NULL CHECK (json_valid(variables)),
    max_concurrent_calls INTEGER NOT NULL CHECK (max_concurrent_calls >= 0),
    fallback_prompt      TEXT,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT;

CREATE VIEW call_results_log AS
SELECT lower(substr(hex(c.id), 1, 8) || '-' || substr(hex(c.id), 9, 4) || '-' || substr(hex(c.id), 13, 4) || '-' || substr(hex(c.id), 17, 4) || '-' || substr(hex(c.id), 21, 12)) AS call_id,
       p.name AS campaign,
       c.number,
       k.name,
       c.outcome,
       r.disposition,
       r.disposition_by,
       r.notes,
       r.opt_out,
       r.successful,
       r.ended_reason,
       r.agent_ms,
       r.sentiment,
       r.summary,
       r.extracted_data,
       r.transcript
FROM call_results AS r
JOIN calls AS c ON c.id = r.call_id
JOIN campaigns AS p ON p.id = c.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;
