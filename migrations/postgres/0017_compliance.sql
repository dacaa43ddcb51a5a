ALTER TABLE calls ADD COLUMN decision jsonb;
COMMENT ON COLUMN calls.decision IS 'why the call was allowed: zones, attempts before, consent';


ALTER TABLE campaign_contacts ADD COLUMN held_since timestamptz;
COMMENT ON COLUMN campaign_contacts.held_since IS 'when it would be due if no rule made it wait';

CREATE INDEX campaign_contacts_held ON campaign_contacts (campaign_id) WHERE held_since IS NOT NULL;

CREATE TABLE decisions (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    campaign_id uuid        NOT NULL,
    target_id   bigint      NOT NULL,
    call_id     uuid,
    number      text        NOT NULL,
    verdict     text        NOT NULL CHECK (verdict IN ('allow', 'wait', 'block')),
    rule        text,
    facts       jsonb       NOT NULL
);
COMMENT ON TABLE decisions IS 'calls that were not made, and removed calls; append-only; outlives campaigns, contacts and calls';
COMMENT ON COLUMN decisions.id IS 'in order of writing';
COMMENT ON COLUMN decisions.at IS 'when it was decided';
COMMENT ON COLUMN decisions.campaign_id IS 'the campaign; it may be removed since';
COMMENT ON COLUMN decisions.target_id IS 'the target; it may be removed since';
COMMENT ON COLUMN decisions.call_id IS 'the call that was allowed, removed since';
COMMENT ON COLUMN decisions.number IS 'the number, E.164';
COMMENT ON COLUMN decisions.verdict IS 'allow, wait (not now) or block (never)';
COMMENT ON COLUMN decisions.rule IS 'the rule that forbade the call';
COMMENT ON COLUMN decisions.facts IS 'what the decision was made of';

CREATE INDEX decisions_number ON decisions (number, id);

CREATE FUNCTION decisions_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions are kept as they were';
END $$;

CREATE TRIGGER decisions_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION decisions_are_kept();

CREATE FUNCTION calls_leave_a_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO decisions (at, campaign_id, target_id, call_id, number, verdict, facts)
    VALUES (old.created_at, old.campaign_id, old.target_id, old.id, old.number, 'allow',
            coalesce(old.decision, '{}') || jsonb_strip_nulls(jsonb_build_object('caller_id', old.caller_id,
                'outcome', old.outcome, 'answered_at', old.answered_at, 'ended_at', old.ended_at)));
    RETURN NULL;
END $$;

CREATE TRIGGER calls_leave_a_decision AFTER DELETE ON calls
    FOR EACH ROW EXECUTE FUNCTION calls_leave_a_decision();
