-- Question: which webhooks get which of these happenings?
-- Index: webhooks by workspace, delivery_webhook_once.
-- Cost: one write per happening and webhook.
INSERT INTO accounts_delivery (
    id, workspace_id, webhook_id, happening_id, state, attempts, next_at, created_at
)
SELECT
    gen_random_uuid(), h.workspace_id, w.id, h.id, 'waiting', 0, %(now)s, %(now)s
FROM accounts_happening AS h
JOIN accounts_webhook AS w
    ON
        w.workspace_id = h.workspace_id
        AND w.is_active
        AND (cardinality(w.kinds) = 0 OR h.kind = ANY (w.kinds))
LEFT JOIN accounts_segment AS s ON s.id = h.segment_id
WHERE
    h.id = ANY (%(happenings)s::bigint[])
    AND h.kind <> 'test'
    -- What a member keeps to themselves stays among them.
    AND (s.id IS NULL OR s.is_shared)
ORDER BY h.id, w.id
ON CONFLICT (webhook_id, happening_id) DO NOTHING
