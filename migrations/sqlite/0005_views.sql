-- For people and their tools: ids and instants as text.

CREATE VIEW call_log AS
SELECT lower(substr(hex(c.id), 1, 8) || '-' || substr(hex(c.id), 9, 4) || '-' || substr(hex(c.id), 13, 4) || '-' || substr(hex(c.id), 17, 4) || '-' || substr(hex(c.id), 21, 12)) AS call_id,
       p.name AS campaign,
       lower(substr(hex(c.campaign_id), 1, 8) || '-' || substr(hex(c.campaign_id), 9, 4) || '-' || substr(hex(c.campaign_id), 13, 4) || '-' || substr(hex(c.campaign_id), 17, 4) || '-' || substr(hex(c.campaign_id), 21, 12)) AS campaign_id,
       c.target_id,
       c.number,
       k.name,
       c.attempt,
       c.caller_id,
       c.switch,
       strftime('%Y-%m-%dT%H:%M:%S', c.created_at / 1000000, 'unixepoch') || printf('.%06dZ', c.created_at % 1000000) AS created_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.ringing_at / 1000000, 'unixepoch') || printf('.%06dZ', c.ringing_at % 1000000) AS ringing_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.answered_at / 1000000, 'unixepoch') || printf('.%06dZ', c.answered_at % 1000000) AS answered_at,
       strftime('%Y-%m-%dT%H:%M:%S', c.ended_at / 1000000, 'unixepoch') || printf('.%06dZ', c.ended_at % 1000000) AS ended_at,
       (c.ended_at - c.answered_at) / 1000000.0 AS talk_seconds,
       c.outcome,
       c.cause,
       c.sip,
       c.detail
FROM calls AS c
JOIN campaigns AS p ON p.id = c.campaign_id
JOIN campaign_contacts AS t ON t.id = c.target_id
JOIN contacts AS k ON k.id = t.contact_id;

CREATE VIEW target_list AS
SELECT t.id AS target_id,
       p.name AS campaign,
       lower(substr(hex(t.campaign_id), 1, 8) || '-' || substr(hex(t.campaign_id), 9, 4) || '-' || substr(hex(t.campaign_id), 13, 4) || '-' || substr(hex(t.campaign_id), 17, 4) || '-' || substr(hex(t.campaign_id), 21, 12)) AS campaign_id,
       t.number,
       k.name,
       k.email,
       k.company,
       k.variables,
       t.status,
       t.attempts,
       t.congestions,
       strftime('%Y-%m-%dT%H:%M:%S', t.due_at / 1000000, 'unixepoch') || printf('.%06dZ', t.due_at % 1000000) AS due_at,
       t.last_outcome,
       CASE WHEN t.last_call_id IS NOT NULL THEN
           lower(substr(hex(t.last_call_id), 1, 8) || '-' || substr(hex(t.last_call_id), 9, 4) || '-' || substr(hex(t.last_call_id), 13, 4) || '-' || substr(hex(t.last_call_id), 17, 4) || '-' || substr(hex(t.last_call_id), 21, 12)) END AS last_call_id,
       strftime('%Y-%m-%dT%H:%M:%S', t.updated_at / 1000000, 'unixepoch') || printf('.%06dZ', t.updated_at % 1000000) AS updated_at
FROM campaign_contacts AS t
JOIN campaigns AS p ON p.id = t.campaign_id
JOIN contacts AS k ON k.id = t.contact_id;
