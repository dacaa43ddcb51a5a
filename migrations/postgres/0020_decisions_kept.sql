CREATE TABLE decisions_kept (
    one   integer     NOT NULL PRIMARY KEY CHECK (one = 1),
    since timestamptz NOT NULL
);
COMMENT ON TABLE decisions_kept IS 'which decisions were kept long enough; at most one row';
COMMENT ON COLUMN decisions_kept.one IS 'always 1';
COMMENT ON COLUMN decisions_kept.since IS 'decisions before this instant may be removed';

CREATE INDEX decisions_at ON decisions (at);

DROP TRIGGER decisions_are_kept ON decisions;

CREATE TRIGGER decisions_are_kept BEFORE UPDATE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_are_kept();

-- Whatever is set: none of the last year.
CREATE FUNCTION decisions_are_kept_for_long() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.at > now() - interval '365 days' OR NOT EXISTS (SELECT 1 FROM decisions_kept WHERE since > old.at) THEN
        RAISE EXCEPTION 'decisions are kept as they were';
    END IF;
    RETURN old;
END $$;

CREATE TRIGGER decisions_are_kept_for_long BEFORE DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION decisions_are_kept_for_long();

-- Those who wait because of a rule, in the order in which they are released.
DROP INDEX campaign_contacts_held;
CREATE INDEX campaign_contacts_held ON campaign_contacts (campaign_id, id) WHERE held_since IS NOT NULL;
