-- Question: what does taking a merge back need? One correction per pair, before
-- anything changes.
-- Index: primary key of developers, foreign key of identities to them.
-- Cost: a few probes per pair.
INSERT INTO accounts_correction (
    workspace_id, kind, actor_id, reason, before, developer_ids, created_at
)
SELECT
    k.workspace_id,
    'merge',
    %(actor)s::bigint,
    left(pair.reason, 200),
    jsonb_build_object(
        'by_rule', NOT %(by_hand)s,
        'keep', to_jsonb(k),
        'other', to_jsonb(o),
        'identities', (
            SELECT jsonb_agg(jsonb_build_object(
                'id', i.id, 'joined_by', i.joined_by, 'kept_apart', i.kept_apart
            ) ORDER BY i.id)
            FROM accounts_identity AS i
            WHERE i.developer_id = o.id
        ),
        'keep_apart', (
            SELECT jsonb_agg(i.id ORDER BY i.id)
            FROM accounts_identity AS i
            WHERE i.developer_id = k.id AND i.kept_apart
        )
    ),
    jsonb_build_array(k.id, o.id),
    now()
FROM unnest(%(keeps)s::bigint[], %(others)s::bigint[], %(reasons)s::text[])
    AS pair (keep, other, reason)
JOIN accounts_developer AS k ON k.id = pair.keep
JOIN accounts_developer AS o ON o.id = pair.other
ORDER BY pair.other
RETURNING id
