-- Question: none; hands identities back to the developer they were merged away from,
-- those that are still with the one they were merged into. What a rule had joined is
-- kept apart from now on, or the next event would join it again.
-- Index: primary key of identities. Cost: one write per identity.
UPDATE accounts_identity AS i
SET
    developer_id = %(to)s,
    joined_by = was.joined_by,
    kept_apart = was.kept_apart OR %(by_rule)s
FROM jsonb_to_recordset(%(identities)s::jsonb)
    AS was (id bigint, joined_by text, kept_apart boolean)
WHERE i.id = was.id AND i.developer_id = %(from)s
