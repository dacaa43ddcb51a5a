-- Names, types and comments are for people with psql and their BI tools.

CREATE TABLE campaigns (
    id           uuid        PRIMARY KEY,
    name         text        NOT NULL,
    status       text        NOT NULL CHECK (status IN
        ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled', 'failed')),
    reason       text,
    settings     jsonb       NOT NULL,
    scheduled_at timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz
);

COMMENT ON TABLE campaigns IS 'A named plan: contacts, script, limits.';
COMMENT ON COLUMN campaigns.id IS 'UUIDv7: sorts by time of creation';
COMMENT ON COLUMN campaigns.name IS 'As the operator calls it; not necessarily unique';
COMMENT ON COLUMN campaigns.status IS 'draft, scheduled, running, paused, completed, cancelled or failed';
COMMENT ON COLUMN campaigns.reason IS 'Why it is in this status, where a person should know';
COMMENT ON COLUMN campaigns.settings IS 'Everything a campaign may be told, as in a campaign file';
COMMENT ON COLUMN campaigns.scheduled_at IS 'When a scheduled campaign is to start';
COMMENT ON COLUMN campaigns.created_at IS 'When it was created';
COMMENT ON COLUMN campaigns.updated_at IS 'When its status or settings last changed';
COMMENT ON COLUMN campaigns.started_at IS 'When it first ran';
COMMENT ON COLUMN campaigns.finished_at IS 'When it was completed, cancelled or failed';

CREATE INDEX campaigns_active ON campaigns (created_at) WHERE status IN ('scheduled', 'running');

CREATE TABLE campaign_tally (
    campaign_id uuid   NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    kind        text   NOT NULL CHECK (kind IN ('target', 'outcome')),
    key         text   NOT NULL,
    count       bigint NOT NULL,
    PRIMARY KEY (campaign_id, kind, key)
);

COMMENT ON TABLE campaign_tally IS 'Counters kept in the transaction that changes what they count, so that a page costs the same for ten contacts and ten million.';
COMMENT ON COLUMN campaign_tally.campaign_id IS 'The campaign';
COMMENT ON COLUMN campaign_tally.kind IS 'target: key is a status of campaign_contacts; outcome: key is an outcome of ended calls';
COMMENT ON COLUMN campaign_tally.key IS 'The status or the outcome';
COMMENT ON COLUMN campaign_tally.count IS 'How many there are';
