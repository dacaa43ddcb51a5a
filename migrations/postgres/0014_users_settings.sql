CREATE TABLE users (
    id                   uuid        PRIMARY KEY,
    login                text        COLLATE "C" NOT NULL,
    name                 text        NOT NULL,
    role                 text        NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    active               boolean     NOT NULL,
    password             text        NOT NULL,
    must_change_password boolean     NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    last_login_at        timestamptz
);

CREATE UNIQUE INDEX users_login ON users (lower(login));

COMMENT ON TABLE users IS 'The people who use an installation.';
COMMENT ON COLUMN users.id IS 'UUIDv7';
COMMENT ON COLUMN users.login IS 'What they log in with; unique whatever the case';
COMMENT ON COLUMN users.name IS 'What they are called';
COMMENT ON COLUMN users.role IS 'viewer, operator or admin';
COMMENT ON COLUMN users.active IS 'Whether they may log in';
COMMENT ON COLUMN users.password IS 'argon2id hash of the password, as a PHC string';
COMMENT ON COLUMN users.must_change_password IS 'Somebody else chose the password: they can only change it';
COMMENT ON COLUMN users.created_at IS 'When they were added';
COMMENT ON COLUMN users.updated_at IS 'When they were last changed; the version';
COMMENT ON COLUMN users.last_login_at IS 'When they last logged in';

CREATE TABLE sessions (
    sha256     bytea       PRIMARY KEY CHECK (length(sha256) = 32),
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_end ON sessions (expires_at);

COMMENT ON TABLE sessions IS 'Who is logged in; the secret itself is nowhere.';
COMMENT ON COLUMN sessions.sha256 IS 'SHA-256 of the whole secret';
COMMENT ON COLUMN sessions.user_id IS 'Who';
COMMENT ON COLUMN sessions.created_at IS 'When they logged in';
COMMENT ON COLUMN sessions.expires_at IS 'From when on it is refused';

CREATE TABLE settings (
    id         integer     PRIMARY KEY CHECK (id = 1),
    overrides  jsonb       NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text
);

INSERT INTO settings (id, overrides, updated_at) VALUES (1, '{}', 'epoch');

COMMENT ON TABLE settings IS 'What was changed of the configuration while the daemon ran: one row.';
COMMENT ON COLUMN settings.id IS 'Always 1';
COMMENT ON COLUMN settings.overrides IS 'What holds instead of the configuration, by name';
COMMENT ON COLUMN settings.updated_at IS 'When it was last changed; the version';
COMMENT ON COLUMN settings.updated_by IS 'Who changed it last: key:NAME (ID) or user:LOGIN';

ALTER TABLE api_keys ADD COLUMN created_by text, ADD COLUMN updated_at timestamptz NOT NULL DEFAULT 'epoch';
UPDATE api_keys SET updated_at = created_at;

COMMENT ON COLUMN api_keys.created_by IS 'Who made it: key:NAME (ID), user:LOGIN or command line';
COMMENT ON COLUMN api_keys.updated_at IS 'When its name, end or revocation last changed; the version';

-- People repeat requests too, not only keys.
ALTER TABLE idempotency DROP CONSTRAINT idempotency_api_key_fkey;
ALTER TABLE idempotency RENAME COLUMN api_key TO caller;

COMMENT ON COLUMN idempotency.caller IS 'Who asked: the id of a key or of a user';
