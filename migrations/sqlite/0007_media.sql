-- The sounds campaigns play. The files lie in the media folder, named by their
-- content; several names may share one.
CREATE TABLE media (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT    NOT NULL UNIQUE,
    sha256        TEXT    NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    duration_ms   INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    original_name TEXT    NOT NULL,
    waveform      TEXT    NOT NULL CHECK (json_valid(waveform)),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX media_content ON media (sha256);
