-- Question: none; makes the developers that the batch's new identities need, complete
-- with account and times, so that no row is written twice.
-- Index: primary key. Cost: linear in the new developers.
INSERT INTO accounts_developer (
    id, workspace_id, account_id, rule, confidence, rule_detail, display_name,
    is_aggregate, is_anonymous, traits, first_seen_at, last_seen_at, created_at
)
SELECT
    made.id,
    made.workspace_id,
    e.account_id,
    coalesce(e.rule, 'none'),
    coalesce(e.confidence, 0),
    coalesce(e.detail, ''),
    made.display_name,
    made.is_aggregate,
    made.is_anonymous,
    coalesce(told.traits, '{}'),
    seen.first_at,
    seen.last_at,
    now()
FROM unnest(
    %(ids)s::bigint[],
    %(workspaces)s::bigint[],
    %(names)s::text[],
    %(aggregates)s::boolean[],
    %(anonymous)s::boolean[]
) AS made (id, workspace_id, display_name, is_aggregate, is_anonymous)
JOIN (
    SELECT developer_id, min(first_at) AS first_at, max(last_at) AS last_at
    FROM pending_identity
    WHERE identity_id IS NULL
    GROUP BY developer_id
) AS seen ON seen.developer_id = made.id
LEFT JOIN (
    -- The last to speak about a key is right; null takes the key away.
    SELECT
        p.developer_id,
        jsonb_strip_nulls(jsonb_object_agg(trait.key, trait.value ORDER BY p.last_at))
            AS traits
    FROM pending_identity AS p
    CROSS JOIN LATERAL jsonb_each(p.traits) AS trait
    WHERE p.identity_id IS NULL AND p.traits <> '{}'
    GROUP BY p.developer_id
) AS told ON told.developer_id = made.id
LEFT JOIN pending_evidence AS e ON e.developer_id = made.id
ORDER BY made.id
