ALTER TABLE media ADD COLUMN updated_at timestamptz;

UPDATE media SET updated_at = created_at;

ALTER TABLE media ALTER COLUMN updated_at SET NOT NULL;

COMMENT ON COLUMN media.updated_at IS 'When its name last changed: its version';

CREATE TABLE uploads (
    id          uuid        PRIMARY KEY,
    campaign_id uuid        NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    name        text        NOT NULL,
    sha256      text        COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes       bigint      NOT NULL,
    accepted    bigint      NOT NULL,
    duplicates  bigint      NOT NULL,
    rejected    bigint      NOT NULL,
    uploaded_at timestamptz NOT NULL
);

CREATE INDEX uploads_campaign ON uploads (campaign_id, id);
CREATE INDEX uploads_content ON uploads (sha256);

COMMENT ON TABLE uploads IS 'The lists that were uploaded to campaigns; the files lie in the folder of uploads, named by their content.';
COMMENT ON COLUMN uploads.id IS 'UUIDv7';
COMMENT ON COLUMN uploads.campaign_id IS 'The campaign whose contacts came with it';
COMMENT ON COLUMN uploads.name IS 'Name of the file as it was uploaded';
COMMENT ON COLUMN uploads.sha256 IS 'Of its content, in hexadecimal; several uploads may share one content';
COMMENT ON COLUMN uploads.bytes IS 'Its size';
COMMENT ON COLUMN uploads.accepted IS 'New contacts that came with it';
COMMENT ON COLUMN uploads.duplicates IS 'Numbers in it that the campaign had already';
COMMENT ON COLUMN uploads.rejected IS 'Rows in it that were no contact';
COMMENT ON COLUMN uploads.uploaded_at IS 'When it was uploaded';
