-- Keys of the HTTP API. The key itself is nowhere: only its SHA-256 and its
-- first digits.
CREATE TABLE api_keys (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name         TEXT    NOT NULL,
    shown        TEXT    NOT NULL,
    sha256       BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
    role         TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    scopes       TEXT    NOT NULL CHECK (json_valid(scopes)),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX api_keys_shown ON api_keys (shown);

-- Answers to requests that carried an Idempotency-Key, kept for a day. Without
-- a status the request is still being worked on.
CREATE TABLE idempotency (
    api_key     BLOB    NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    started_at  INTEGER NOT NULL,
    status      INTEGER,
    headers     TEXT    CHECK (json_valid(headers)),
    body        BLOB,
    PRIMARY KEY (api_key, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_age ON idempotency (started_at);

-- A campaign's contacts in order of upload, for pages of them. Nothing in it
-- changes while a campaign is dialed.
CREATE INDEX campaign_contacts_listed ON campaign_contacts (campaign_id, id);
