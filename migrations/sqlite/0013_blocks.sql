-- When a sound's name last changed: its version.
ALTER TABLE media ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;

UPDATE media SET updated_at = created_at;

-- The lists that were uploaded to campaigns. The files lie in the folder of
-- uploads, named by their content; several uploads may share one.
CREATE TABLE uploads (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    campaign_id BLOB    NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    bytes       INTEGER NOT NULL,
    accepted    INTEGER NOT NULL,
    duplicates  INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    uploaded_at INTEGER NOT NULL
) STRICT;

CREATE INDEX uploads_campaign ON uploads (campaign_id, id);
CREATE INDEX uploads_content ON uploads (sha256);
