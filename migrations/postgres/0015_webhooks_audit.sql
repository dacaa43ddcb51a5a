CREATE TABLE webhooks (
    id               uuid        PRIMARY KEY,
    url              text        NOT NULL,
    description      text,
    events           jsonb       NOT NULL,
    active           boolean     NOT NULL,
    secret           text        NOT NULL,
    old_secret       text,
    old_secret_until timestamptz,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    failing_since    timestamptz,
    disabled_reason  text
);

COMMENT ON TABLE webhooks IS 'Whom we tell what happened.';
COMMENT ON COLUMN webhooks.id IS 'UUIDv7';
COMMENT ON COLUMN webhooks.url IS 'Where events are sent';
COMMENT ON COLUMN webhooks.description IS 'What for, in words';
COMMENT ON COLUMN webhooks.events IS 'Names of the events it is told of';
COMMENT ON COLUMN webhooks.active IS 'Whether it is told anything';
COMMENT ON COLUMN webhooks.secret IS 'Signs what is sent';
COMMENT ON COLUMN webhooks.old_secret IS 'The secret before, which signs too for a while';
COMMENT ON COLUMN webhooks.old_secret_until IS 'Until when';
COMMENT ON COLUMN webhooks.created_at IS 'When it was made';
COMMENT ON COLUMN webhooks.updated_at IS 'When a person last changed it';
COMMENT ON COLUMN webhooks.failing_since IS 'First failure since the last success';
COMMENT ON COLUMN webhooks.disabled_reason IS 'Why it was switched off, if not by a person';

CREATE TABLE webhook_deliveries (
    webhook_id   uuid        NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id     uuid        NOT NULL,
    event        text        NOT NULL,
    data         jsonb       NOT NULL,
    created_at   timestamptz NOT NULL,
    status       text        NOT NULL CHECK (status IN ('pending', 'delivered', 'given_up')),
    attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_at      timestamptz,
    last_at      timestamptz,
    last_code    integer,
    last_error   text,
    last_ms      integer,
    PRIMARY KEY (webhook_id, event_id),
    CHECK ((status = 'pending') = (next_at IS NOT NULL))
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE next_at IS NOT NULL;

COMMENT ON TABLE webhook_deliveries IS 'One row per event and webhook, written with the fact itself.';
COMMENT ON COLUMN webhook_deliveries.webhook_id IS 'Who is told';
COMMENT ON COLUMN webhook_deliveries.event_id IS 'UUIDv7 of the time of the event; the same for every webhook';
COMMENT ON COLUMN webhook_deliveries.event IS 'The name of the event';
COMMENT ON COLUMN webhook_deliveries.data IS 'What is told';
COMMENT ON COLUMN webhook_deliveries.created_at IS 'When it happened';
COMMENT ON COLUMN webhook_deliveries.status IS 'pending, delivered or given_up';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'How often it was tried';
COMMENT ON COLUMN webhook_deliveries.next_at IS 'When it is tried next; while it is sent, when it would be tried again';
COMMENT ON COLUMN webhook_deliveries.last_at IS 'When it was last tried';
COMMENT ON COLUMN webhook_deliveries.last_code IS 'HTTP status of the last answer';
COMMENT ON COLUMN webhook_deliveries.last_error IS 'Why the last try failed';
COMMENT ON COLUMN webhook_deliveries.last_ms IS 'How long the last try took';

CREATE TABLE audit (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor        text        NOT NULL,
    action       text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   text,
    ip           text,
    request_id   text,
    details      jsonb       NOT NULL
);

CREATE INDEX audit_subject ON audit (subject_kind, subject_id, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_at ON audit (at);

COMMENT ON TABLE audit IS 'Who did what. Rows are only ever added.';
COMMENT ON COLUMN audit.id IS 'In order of writing';
COMMENT ON COLUMN audit.at IS 'When it was done';
COMMENT ON COLUMN audit.actor IS 'Who did it';
COMMENT ON COLUMN audit.action IS 'What was done: campaigns.launch, dnc.create, …';
COMMENT ON COLUMN audit.subject_kind IS 'What kind of thing it was done to';
COMMENT ON COLUMN audit.subject_id IS 'To which one';
COMMENT ON COLUMN audit.ip IS 'The address it came from';
COMMENT ON COLUMN audit.request_id IS 'The x-request-id of the request';
COMMENT ON COLUMN audit.details IS 'What else is known, without secrets';

CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END
$$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();

-- What changed since one looked.
CREATE INDEX campaigns_changed ON campaigns (updated_at);
