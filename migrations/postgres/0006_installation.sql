CREATE TABLE installation (
    id text COLLATE "C" PRIMARY KEY CHECK (length(id) = 8)
);

COMMENT ON TABLE installation IS 'One row: tells this database''s calls on a switch from those of others.';
COMMENT ON COLUMN installation.id IS 'Made once, at random; part of the mark our channels carry';

INSERT INTO installation (id) VALUES (substr(md5(random()::text || clock_timestamp()::text), 1, 8));
