CREATE TABLE media (
    id            uuid        PRIMARY KEY,
    name          text        COLLATE "C" NOT NULL UNIQUE,
    sha256        text        COLLATE "C" NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    duration_ms   bigint      NOT NULL,
    bytes         bigint      NOT NULL,
    original_name text        NOT NULL,
    waveform      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE INDEX media_content ON media (sha256);

COMMENT ON TABLE media IS 'The sounds campaigns play; the files lie in the media folder, named by their content.';
COMMENT ON COLUMN media.id IS 'UUIDv7';
COMMENT ON COLUMN media.name IS 'What campaigns call it';
COMMENT ON COLUMN media.sha256 IS 'Of the 16 kHz file, in hexadecimal; several names may share one content';
COMMENT ON COLUMN media.duration_ms IS 'How long it plays, in milliseconds';
COMMENT ON COLUMN media.bytes IS 'What its files take on disk';
COMMENT ON COLUMN media.original_name IS 'Name of the file it was made of';
COMMENT ON COLUMN media.waveform IS 'Outline: the loudest moment of each of 200 equal parts, 0 to 100';
COMMENT ON COLUMN media.created_at IS 'When it was added';
