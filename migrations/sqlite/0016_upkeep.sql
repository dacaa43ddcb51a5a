-- How long the answered calls of a campaign lasted, in microseconds: kept in
-- the transaction that ends them.
CREATE TABLE campaign_talk (
    campaign_id BLOB    NOT NULL PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    calls       INTEGER NOT NULL CHECK (calls > 0),
    total_us    INTEGER NOT NULL,
    longest_us  INTEGER NOT NULL,
    shortest_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO campaign_talk (campaign_id, calls, total_us, longest_us, shortest_us)
SELECT campaign_id, count(*), sum(max(ended_at - answered_at, 0)), max(max(ended_at - answered_at, 0)),
       min(max(ended_at - answered_at, 0))
FROM calls
WHERE answered_at IS NOT NULL AND ended_at IS NOT NULL
GROUP BY campaign_id;

-- Calls by when they were placed, for lists and reports of a range of time.
CREATE INDEX calls_placed ON calls (campaign_id, created_at, id);

-- Those that are still being worked on.
CREATE INDEX idempotency_open ON idempotency (started_at) WHERE status IS NULL;

-- Set while a copy is being filled, and from the moment a campaign is being
-- deleted: broken off, both are deleted later.
ALTER TABLE campaigns ADD COLUMN unfinished_since INTEGER;

-- The name without its case, to search in. None: written by an older version.
ALTER TABLE campaigns ADD COLUMN name_folded TEXT;

CREATE INDEX campaigns_unfinished ON campaigns (unfinished_since) WHERE unfinished_since IS NOT NULL;

-- Recordings whose calls are gone.
CREATE TABLE recordings_to_delete (
    name     TEXT    NOT NULL PRIMARY KEY,
    added_at INTEGER NOT NULL,
    due_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX recordings_to_delete_due ON recordings_to_delete (due_at);
