-- What was decided before a call: its reasons stand on the call, those of calls
-- that were not made in a table of their own.
ALTER TABLE calls ADD COLUMN decision TEXT CHECK (decision IS NULL OR json_valid(decision));

-- When a target would be due if no rule made it wait.
ALTER TABLE campaign_contacts ADD COLUMN held_since INTEGER;

CREATE INDEX campaign_contacts_held ON campaign_contacts (campaign_id) WHERE held_since IS NOT NULL;

-- Append-only. Outlives campaigns, contacts and calls, so it refers to none.
CREATE TABLE decisions (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    campaign_id BLOB    NOT NULL CHECK (length(campaign_id) = 16),
    target_id   INTEGER NOT NULL,
    call_id     BLOB CHECK (length(call_id) = 16),
    number      TEXT    NOT NULL,
    verdict     TEXT    NOT NULL CHECK (verdict IN ('allow', 'wait', 'block')),
    rule        TEXT,
    facts       TEXT    NOT NULL CHECK (json_valid(facts))
) STRICT;

CREATE INDEX decisions_number ON decisions (number, id);

CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are kept as they were');
END;

CREATE TRIGGER decisions_are_not_removed BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'decisions are kept as they were');
END;

-- A call that is removed with its campaign or its contact leaves its trace.
CREATE TRIGGER calls_leave_a_decision AFTER DELETE ON calls
BEGIN
    INSERT INTO decisions (at, campaign_id, target_id, call_id, number, verdict, facts)
    VALUES (old.created_at, old.campaign_id, old.target_id, old.id, old.number, 'allow',
            json_set(coalesce(old.decision, '{}'), '$.caller_id', old.caller_id, '$.outcome', old.outcome,
                '$.answered_at', CASE WHEN old.answered_at IS NOT NULL
                    THEN strftime('%Y-%m-%dT%H:%M:%SZ', old.answered_at / 1000000, 'unixepoch') END,
                '$.ended_at', CASE WHEN old.ended_at IS NOT NULL
                    THEN strftime('%Y-%m-%dT%H:%M:%SZ', old.ended_at / 1000000, 'unixepoch') END));
END;
