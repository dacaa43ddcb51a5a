-- The address book: saved contacts, each number once. Contacts that a campaign
-- was given directly are its own and not saved. The keys are for searching:
-- small letters, at most 100 characters; both empty where not saved.
ALTER TABLE contacts ADD COLUMN saved INTEGER NOT NULL DEFAULT 0 CHECK (saved IN (0, 1));
ALTER TABLE contacts ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN updated_at INTEGER;

-- Lists that campaigns are given leave these alone.
CREATE UNIQUE INDEX contacts_saved_number ON contacts (number) WHERE saved = 1;
CREATE INDEX contacts_saved ON contacts (id) WHERE saved = 1;
CREATE INDEX contacts_saved_name ON contacts (name_key, id) WHERE saved = 1;
CREATE INDEX contacts_saved_email ON contacts (email_key, id) WHERE saved = 1;

CREATE INDEX campaign_contacts_contact ON campaign_contacts (contact_id);

-- What would be slow to count, kept in the transaction that changes it.
CREATE TABLE counters (
    name  TEXT    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, count) VALUES ('saved_contacts', 0);

CREATE TABLE contact_groups (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL UNIQUE,
    description TEXT,
    members     INTEGER NOT NULL DEFAULT 0 CHECK (members >= 0),
    condemned   INTEGER NOT NULL DEFAULT 0 CHECK (condemned IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE contact_group_members (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   BLOB    NOT NULL REFERENCES contact_groups (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    number     TEXT    NOT NULL,
    joined_at  INTEGER NOT NULL,
    UNIQUE (group_id, number)
) STRICT;

CREATE INDEX contact_group_members_listed ON contact_group_members (group_id, id);
CREATE INDEX contact_group_members_contact ON contact_group_members (contact_id);

CREATE INDEX do_not_call_age ON do_not_call (added_at, number);
CREATE INDEX do_not_call_source ON do_not_call (substr(source, 1, 100), added_at, number);
CREATE INDEX do_not_call_reason ON do_not_call (substr(reason, 1, 100), added_at, number);

-- Entries that were taken off the do-not-call list: what they said, and who
-- took them off. Kept for ever.
CREATE TABLE do_not_call_removals (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    number         TEXT    NOT NULL,
    reason         TEXT,
    source         TEXT    NOT NULL,
    added_at       INTEGER NOT NULL,
    removed_at     INTEGER NOT NULL,
    removed_by     TEXT    NOT NULL,
    removed_reason TEXT
) STRICT;

CREATE INDEX do_not_call_removals_number ON do_not_call_removals (number, id);

CREATE TRIGGER do_not_call_removals_stay BEFORE UPDATE ON do_not_call_removals
BEGIN SELECT raise(ABORT, 'removals from the do-not-call list are kept as they are'); END;

CREATE TRIGGER do_not_call_removals_remain BEFORE DELETE ON do_not_call_removals
BEGIN SELECT raise(ABORT, 'removals from the do-not-call list are kept for ever'); END;
