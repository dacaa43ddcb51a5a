-- The people who use an installation. Of a password its argon2id hash is kept.
CREATE TABLE users (
    id                   BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    login                TEXT    NOT NULL,
    name                 TEXT    NOT NULL,
    role                 TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    active               INTEGER NOT NULL CHECK (active IN (0, 1)),
    password             TEXT    NOT NULL,
    must_change_password INTEGER NOT NULL CHECK (must_change_password IN (0, 1)),
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL,
    last_login_at        INTEGER
) STRICT;

-- Logins are ASCII, which is all that lower() knows here.
CREATE UNIQUE INDEX users_login ON users (lower(login));

-- Who is logged in. The secret itself is nowhere: only its SHA-256.
CREATE TABLE sessions (
    sha256     BLOB    NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_end ON sessions (expires_at);

-- What was changed of the configuration while the daemon ran: one row.
CREATE TABLE settings (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    overrides  TEXT    NOT NULL CHECK (json_valid(overrides)),
    updated_at INTEGER NOT NULL,
    updated_by TEXT
) STRICT;

INSERT INTO settings (id, overrides, updated_at) VALUES (1, '{}', 0);

-- Who made a key, and its version.
ALTER TABLE api_keys ADD COLUMN created_by TEXT;
ALTER TABLE api_keys ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE api_keys SET updated_at = created_at;

-- People repeat requests too, not only keys.
CREATE TABLE idempotency_of_callers (
    caller      BLOB    NOT NULL CHECK (length(caller) = 16),
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    started_at  INTEGER NOT NULL,
    status      INTEGER,
    headers     TEXT    CHECK (json_valid(headers)),
    body        BLOB,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;

INSERT INTO idempotency_of_callers SELECT api_key, key, fingerprint, started_at, status, headers, body FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_of_callers RENAME TO idempotency;
CREATE INDEX idempotency_age ON idempotency (started_at);
