ALTER TABLE calls
    ADD COLUMN trunk             text,
    ADD COLUMN placed_at         timestamptz,
    ADD COLUMN opted_out_at      timestamptz,
    ADD COLUMN transfer_at       timestamptz,
    ADD COLUMN transferred_at    timestamptz,
    ADD COLUMN recording_removed boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN calls.trunk IS 'The trunk it went out by, by its name in the configuration; known when it is over';
COMMENT ON COLUMN calls.placed_at IS 'When it was given to the switch; known when it is over; null: it never was';
COMMENT ON COLUMN calls.opted_out_at IS 'When the opt-out key was pressed';
COMMENT ON COLUMN calls.transfer_at IS 'When the transfer key was pressed';
COMMENT ON COLUMN calls.transferred_at IS 'When callee and the other party were connected';
COMMENT ON COLUMN calls.recording_removed IS 'Whether it had a recording that was removed since';

-- The newest calls of all campaigns, and those of one number.
CREATE INDEX calls_newest ON calls (created_at, id);
CREATE INDEX calls_to_number ON calls (number, created_at, id);

CREATE TABLE call_results (
    call_id        uuid        PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    disposition    text,
    disposition_by text        CHECK (disposition_by IN ('person', 'agent')),
    notes          text,
    edited_at      timestamptz NOT NULL,
    opt_out        boolean     NOT NULL DEFAULT false,
    successful     boolean,
    ended_reason   text,
    agent_ms       bigint      CHECK (agent_ms >= 0),
    sentiment      text,
    summary        text,
    extracted_data jsonb,
    transcript     jsonb,
    CHECK (disposition IS NOT NULL OR disposition_by IS NULL)
);

COMMENT ON TABLE call_results IS 'What was said about a call afterwards, by people and by agents.';
COMMENT ON COLUMN call_results.call_id IS 'The call';
COMMENT ON COLUMN call_results.disposition IS 'What came of it, in a word or two; free of the outcome';
COMMENT ON COLUMN call_results.disposition_by IS 'Who said so; what a person said, no agent changes';
COMMENT ON COLUMN call_results.notes IS 'What a person noted';
COMMENT ON COLUMN call_results.edited_at IS 'When disposition or notes last changed: their version';
COMMENT ON COLUMN call_results.opt_out IS 'Whether the agent was told not to call again';
COMMENT ON COLUMN call_results.successful IS 'Whether the agent reached its aim';
COMMENT ON COLUMN call_results.ended_reason IS 'Why the agent says it ended';
COMMENT ON COLUMN call_results.agent_ms IS 'How long the agent says it lasted, in milliseconds';
COMMENT ON COLUMN call_results.sentiment IS 'How the callee felt, as the agent says';
COMMENT ON COLUMN call_results.summary IS 'What was said, in short';
COMMENT ON COLUMN call_results.extracted_data IS 'What the agent learnt: an object';
COMMENT ON COLUMN call_results.transcript IS 'What was said: a text, or a list of who said what';

CREATE TABLE call_dispositions (
    call_id     uuid        NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    integer     NOT NULL CHECK (position > 0),
    disposition text,
    said_by     text        NOT NULL CHECK (said_by IN ('person', 'agent')),
    said_at     timestamptz NOT NULL,
    PRIMARY KEY (call_id, position)
);

COMMENT ON TABLE call_dispositions IS 'Every disposition a call had, the last hundred of them.';
COMMENT ON COLUMN call_dispositions.call_id IS 'The call';
COMMENT ON COLUMN call_dispositions.position IS 'Which change it was, from 1';
COMMENT ON COLUMN call_dispositions.disposition IS 'What it became; null: none';
COMMENT ON COLUMN call_dispositions.said_by IS 'Who said so';
COMMENT ON COLUMN call_dispositions.said_at IS 'When';

CREATE TABLE call_completions (
    call_id     uuid        NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    position    integer     NOT NULL CHECK (position > 0),
    sha256      bytea       NOT NULL CHECK (length(sha256) = 32),
    content     jsonb       NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (call_id, position)
);

COMMENT ON TABLE call_completions IS 'What agents reported of calls, as it came.';
COMMENT ON COLUMN call_completions.call_id IS 'The call';
COMMENT ON COLUMN call_completions.position IS 'Which report of the call it is, from 1';
COMMENT ON COLUMN call_completions.sha256 IS 'Of the content: what comes again changes nothing';
COMMENT ON COLUMN call_completions.content IS 'The report';
COMMENT ON COLUMN call_completions.received_at IS 'When it came';

CREATE TABLE agents (
    id                   uuid        PRIMARY KEY,
    name                 text        COLLATE "C" NOT NULL UNIQUE,
    url                  text        NOT NULL,
    protocol             text        NOT NULL CHECK (protocol IN ('twilio', 'raw')),
    headers              jsonb       NOT NULL,
    prompt               text,
    first_message        text,
    variables            jsonb       NOT NULL,
    max_concurrent_calls integer     NOT NULL CHECK (max_concurrent_calls >= 0),
    fallback_prompt      text,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);

COMMENT ON TABLE agents IS 'AI agents that talk in calls.';
COMMENT ON COLUMN agents.id IS 'UUIDv7';
COMMENT ON COLUMN agents.name IS 'What people call it';
COMMENT ON COLUMN agents.url IS 'Its WebSocket';
COMMENT ON COLUMN agents.protocol IS 'How it is spoken to: twilio or raw';
COMMENT ON COLUMN agents.headers IS 'Secret: headers sent when connecting, by their names';
COMMENT ON COLUMN agents.prompt IS 'What it is told to do';
COMMENT ON COLUMN agents.first_message IS 'What it says first';
COMMENT ON COLUMN agents.variables IS 'What it is given with each call, by name';
COMMENT ON COLUMN agents.max_concurrent_calls IS 'Calls at once, at most; 0: no limit';
COMMENT ON COLUMN agents.fallback_prompt IS 'What is played when it cannot be reached';
COMMENT ON COLUMN agents.created_at IS 'When it was added';
COMMENT ON COLUMN agents.updated_at IS 'When it last changed: its version';

CREATE VIEW call_results_log AS
SELECT c.id AS call_id,
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

COMMENT ON VIEW call_results_log IS 'What was said about calls afterwards, with the names of their campaigns and contacts.';
