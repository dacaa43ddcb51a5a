-- Instants are microseconds since 1970 in UTC; ids are UUIDv7 in 16 bytes.
-- People read the views of 0005, which show both as text.

CREATE TABLE campaigns (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN
                     ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
    reason       TEXT,
    settings     TEXT    NOT NULL CHECK (json_valid(settings)),
    scheduled_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    started_at   INTEGER,
    finished_at  INTEGER
) STRICT;

CREATE INDEX campaigns_active ON campaigns (created_at) WHERE status IN ('scheduled', 'running');

-- Counters kept in the transaction that changes what they count, so that a
-- page costs the same for ten contacts and ten million.
CREATE TABLE campaign_tally (
    campaign_id BLOB    NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('target', 'outcome')),
    key         TEXT    NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, kind, key)
) STRICT, WITHOUT ROWID;
