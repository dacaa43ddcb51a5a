-- One row: tells this database's calls on a switch from those of others.
CREATE TABLE installation (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 8)
) STRICT;

INSERT INTO installation (id) VALUES (lower(hex(randomblob(4))));
