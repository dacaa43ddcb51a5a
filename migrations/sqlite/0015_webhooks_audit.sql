-- Whom we tell what happened, what they were told, and who did what.

CREATE TABLE webhooks (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    url              TEXT    NOT NULL,
    description      TEXT,
    events           TEXT    NOT NULL CHECK (json_valid(events)),
    active           INTEGER NOT NULL CHECK (active IN (0, 1)),
    secret           TEXT    NOT NULL,
    old_secret       TEXT,
    old_secret_until INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    failing_since    INTEGER,
    disabled_reason  TEXT
) STRICT;

-- The ledger asks with each batch whether there is any.
CREATE INDEX webhooks_active ON webhooks (active);

-- One row per event and webhook, written with the fact itself. Ids of events
-- are UUIDv7 of the time of the event.
CREATE TABLE webhook_deliveries (
    webhook_id   BLOB    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id     BLOB    NOT NULL CHECK (length(event_id) = 16),
    event        TEXT    NOT NULL,
    data         TEXT    NOT NULL CHECK (json_valid(data)),
    created_at   INTEGER NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'delivered', 'given_up')),
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at      INTEGER,
    last_at      INTEGER,
    last_code    INTEGER,
    last_error   TEXT,
    last_ms      INTEGER,
    PRIMARY KEY (webhook_id, event_id),
    CHECK ((status = 'pending') = (next_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE next_at IS NOT NULL;

-- Who did what. Rows are only ever added.
CREATE TABLE audit (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    action       TEXT    NOT NULL,
    subject_kind TEXT    NOT NULL,
    subject_id   TEXT,
    ip           TEXT,
    request_id   TEXT,
    details      TEXT    NOT NULL CHECK (json_valid(details))
) STRICT;

CREATE INDEX audit_subject ON audit (subject_kind, subject_id, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_at ON audit (at);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit log is only ever added to');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit log is only ever added to');
END;

-- What changed since one looked.
CREATE INDEX campaigns_changed ON campaigns (updated_at);
