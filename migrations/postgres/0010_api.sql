CREATE TABLE api_keys (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    shown        text        COLLATE "C" NOT NULL,
    sha256       bytea       NOT NULL UNIQUE CHECK (length(sha256) = 32),
    role         text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    scopes       jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

CREATE INDEX api_keys_shown ON api_keys (shown);

COMMENT ON TABLE api_keys IS 'Keys of the HTTP API; the key itself is nowhere.';
COMMENT ON COLUMN api_keys.id IS 'UUIDv7';
COMMENT ON COLUMN api_keys.name IS 'Whose it is or what for';
COMMENT ON COLUMN api_keys.shown IS 'Its first digits, to tell keys apart';
COMMENT ON COLUMN api_keys.sha256 IS 'SHA-256 of the whole key';
COMMENT ON COLUMN api_keys.role IS 'viewer, operator or admin';
COMMENT ON COLUMN api_keys.scopes IS 'The only areas it may touch; empty: all of its role';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made';
COMMENT ON COLUMN api_keys.expires_at IS 'From when on it is refused';
COMMENT ON COLUMN api_keys.revoked_at IS 'When it was revoked';
COMMENT ON COLUMN api_keys.last_used_at IS 'When it was last used, to the minute';

CREATE TABLE idempotency (
    api_key     uuid        NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    key         text        COLLATE "C" NOT NULL,
    fingerprint bytea       NOT NULL,
    started_at  timestamptz NOT NULL,
    status      integer,
    headers     jsonb,
    body        bytea,
    PRIMARY KEY (api_key, key)
);

CREATE INDEX idempotency_age ON idempotency (started_at);

COMMENT ON TABLE idempotency IS 'Answers to requests that carried an Idempotency-Key, kept for a day.';
COMMENT ON COLUMN idempotency.api_key IS 'Who asked';
COMMENT ON COLUMN idempotency.key IS 'The Idempotency-Key';
COMMENT ON COLUMN idempotency.fingerprint IS 'SHA-256 of method, path and body';
COMMENT ON COLUMN idempotency.started_at IS 'When it was first asked';
COMMENT ON COLUMN idempotency.status IS 'HTTP status of the answer; null: it is being worked on';
COMMENT ON COLUMN idempotency.headers IS 'Headers of the answer, name and value';
COMMENT ON COLUMN idempotency.body IS 'The answer';

-- A campaign's contacts in order of upload, for pages of them. Nothing in it
-- changes while a campaign is dialed.
CREATE INDEX campaign_contacts_listed ON campaign_contacts (campaign_id, id);
