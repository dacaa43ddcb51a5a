-- One row per attempt, written before the switch is told.

CREATE TABLE calls (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    campaign_id BLOB    NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    target_id   INTEGER NOT NULL REFERENCES campaign_contacts (id) ON DELETE CASCADE,
    number      TEXT    NOT NULL CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
                   AND length(number) BETWEEN 8 AND 16),
    attempt     INTEGER NOT NULL CHECK (attempt > 0),
    caller_id   TEXT    NOT NULL,
    switch      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    ringing_at  INTEGER,
    answered_at INTEGER,
    ended_at    INTEGER,
    outcome     TEXT CHECK (outcome IN ('answered', 'voicemail', 'busy', 'no_answer', 'rejected', 'invalid_number',
                    'congestion', 'failed', 'blocked', 'cancelled', 'lost')),
    cause       INTEGER,
    sip         INTEGER,
    detail      TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_open ON calls (created_at, id) WHERE ended_at IS NULL;

CREATE INDEX calls_campaign ON calls (campaign_id, id);

CREATE INDEX calls_target ON calls (target_id);
