-- Question: what is kept that tells the company of these developers? Their e-mail
-- addresses, latest IP addresses, and the domain that an event named, or the licence it
-- was sent under, if that is what their account rests on now. Corrections by hand are left alone.
-- Index: foreign key of identities to developers. Cost: one probe per developer.
SELECT
    d.id, d.workspace_id, i.kind, i.value,
    CASE WHEN d.rule = 'event_domain' THEN d.rule_detail ELSE '' END,
    coalesce(host(i.last_ip), ''),
    0::double precision,
    CASE WHEN d.rule = 'license' THEN d.rule_detail ELSE '' END
FROM accounts_developer AS d
JOIN accounts_identity AS i ON i.developer_id = d.id
WHERE
    d.id = ANY (%(developers)s::bigint[])
    AND d.rule <> 'hand'
    AND (i.kind = 'email' OR i.last_ip IS NOT NULL OR d.rule IN ('event_domain', 'license'))
ORDER BY d.id, i.id
