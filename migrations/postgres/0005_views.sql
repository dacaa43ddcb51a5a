CREATE VIEW call_log AS
SELECT c.id AS call_id,
       p.name AS campaign,
       c.campaign_id,
       c.target_id,
       c.number,
       k.name,
       c.attempt,
       c.caller_id,
       c.switch,
       c.created_at,
       c.ringing_at,
       c.answered_at,
       c.ended_at,
       extract(epoch FROM c.ended_at - c.answered_at)::float8 AS talk_seconds,
       c.outcome,
       c.cause,
       c.sip,
       c.detail
FROM calls AS c
JOIN campaigns AS p ON p.id = c.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;

COMMENT ON VIEW call_log IS 'Every call with the names of its campaign and contact.';

CREATE VIEW target_list AS
SELECT t.id AS target_id,
       p.name AS campaign,
       t.campaign_id,
       t.number,
       k.name,
       k.email,
       k.company,
       k.variables,
       t.status,
       t.attempts,
       t.congestions,
       t.due_at,
       t.last_outcome,
       t.last_call_id,
       t.updated_at
FROM campaign_contacts AS t
JOIN campaigns AS p ON p.id = t.campaign_id
JOIN contacts AS k ON k.id = t.contact_id;

COMMENT ON VIEW target_list IS 'Every target with its contact and the name of its campaign.';
