-- Ids are never given twice (AUTOINCREMENT): they are the order of upload.

CREATE TABLE contacts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    number     TEXT    NOT NULL CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
                   AND length(number) BETWEEN 8 AND 16),
    name       TEXT,
    email      TEXT,
    company    TEXT,
    notes      TEXT,
    timezone   TEXT,
    consent    TEXT,
    variables  TEXT    NOT NULL DEFAULT '{}' CHECK (json_valid(variables)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE campaign_contacts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign_id  BLOB    NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    contact_id   INTEGER NOT NULL REFERENCES contacts (id),
    number       TEXT    NOT NULL CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
                   AND length(number) BETWEEN 8 AND 16),
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'calling', 'connected', 'completed', 'voicemail',
                     'no_answer', 'busy', 'failed', 'skipped', 'do_not_call')),
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    congestions  INTEGER NOT NULL DEFAULT 0 CHECK (congestions >= 0),
    due_at       INTEGER,
    last_call_id BLOB,
    last_outcome TEXT,
    updated_at   INTEGER NOT NULL,
    UNIQUE (campaign_id, number),
    CHECK (due_at IS NULL OR status NOT IN ('calling', 'connected'))
) STRICT;

-- The dialing order. Holds only what waits, so a claim reads its front,
-- however long the list.
CREATE INDEX campaign_contacts_due ON campaign_contacts (campaign_id, due_at, id) WHERE due_at IS NOT NULL;

CREATE INDEX campaign_contacts_in_call ON campaign_contacts (campaign_id) WHERE status IN ('calling', 'connected');
