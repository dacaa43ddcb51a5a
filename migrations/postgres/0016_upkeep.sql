CREATE TABLE campaign_talk (
    campaign_id uuid   PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    calls       bigint NOT NULL CHECK (calls > 0),
    total_us    bigint NOT NULL,
    longest_us  bigint NOT NULL,
    shortest_us bigint NOT NULL
);

COMMENT ON TABLE campaign_talk IS 'How long the answered calls of a campaign lasted, from answer to end: kept in the transaction that ends them.';
COMMENT ON COLUMN campaign_talk.campaign_id IS 'The campaign';
COMMENT ON COLUMN campaign_talk.calls IS 'Calls that were answered and are over';
COMMENT ON COLUMN campaign_talk.total_us IS 'Microseconds of all of them';
COMMENT ON COLUMN campaign_talk.longest_us IS 'Microseconds of the longest';
COMMENT ON COLUMN campaign_talk.shortest_us IS 'Microseconds of the shortest';

INSERT INTO campaign_talk (campaign_id, calls, total_us, longest_us, shortest_us)
SELECT campaign_id, count(*), sum(us), max(us), min(us)
FROM (SELECT campaign_id, greatest(extract(epoch FROM ended_at - answered_at) * 1000000, 0)::bigint AS us
      FROM calls
      WHERE answered_at IS NOT NULL AND ended_at IS NOT NULL) AS talks
GROUP BY campaign_id;

-- Calls by when they were placed, for lists and reports of a range of time.
CREATE INDEX calls_placed ON calls (campaign_id, created_at, id);

-- Those that are still being worked on.
CREATE INDEX idempotency_open ON idempotency (started_at) WHERE status IS NULL;

ALTER TABLE campaigns ADD COLUMN unfinished_since timestamptz;
ALTER TABLE campaigns ADD COLUMN name_folded text;

COMMENT ON COLUMN campaigns.unfinished_since IS 'Set while a copy is being filled, and from the moment a campaign is being deleted; broken off, both are deleted later';
COMMENT ON COLUMN campaigns.name_folded IS 'The name without its case, to search in; null: written by an older version';

CREATE INDEX campaigns_unfinished ON campaigns (unfinished_since) WHERE unfinished_since IS NOT NULL;

CREATE TABLE recordings_to_delete (
    name     text        COLLATE "C" PRIMARY KEY,
    added_at timestamptz NOT NULL,
    due_at   timestamptz NOT NULL
);

CREATE INDEX recordings_to_delete_due ON recordings_to_delete (due_at);

COMMENT ON TABLE recordings_to_delete IS 'Recordings whose calls are gone.';
COMMENT ON COLUMN recordings_to_delete.name IS 'The recording''s name, its file''s without ".wav"';
COMMENT ON COLUMN recordings_to_delete.added_at IS 'When its call was deleted';
COMMENT ON COLUMN recordings_to_delete.due_at IS 'When it is tried to delete the file next';
