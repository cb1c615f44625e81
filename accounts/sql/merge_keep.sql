-- Question: none; gives the developers who stay the best of what the others had.
-- A correction by hand comes before everything, the own one before the other's; then
-- the surer account; what is equal stays.
-- Index: primary key. Cost: one write per developer who stays.
WITH pair AS (
    SELECT *
    FROM unnest(%(keeps)s::bigint[], %(others)s::bigint[]) AS u (keep, other)
),
ranked AS (
    SELECT DISTINCT ON (sides.keep)
        sides.keep, d.account_id, d.rule, d.confidence, d.rule_detail
    FROM (
        SELECT keep, keep AS developer_id, 0 AS place FROM pair
        UNION
        SELECT keep, other, 1 FROM pair
    ) AS sides
    JOIN accounts_developer AS d ON d.id = sides.developer_id
    ORDER BY sides.keep, (d.rule = 'hand') DESC, d.confidence DESC, sides.place, d.id
),
others AS (
    SELECT
        pair.keep,
        min(d.first_seen_at) AS first_seen_at,
        max(d.last_seen_at) AS last_seen_at,
        bool_and(d.is_anonymous) AS is_anonymous,
        (array_agg(d.display_name ORDER BY d.id) FILTER (WHERE NOT d.is_anonymous))[1]
            AS name
    FROM pair
    JOIN accounts_developer AS d ON d.id = pair.other
    GROUP BY pair.keep
),
traits AS (
    SELECT pair.keep, jsonb_object_agg(trait.key, trait.value ORDER BY d.id) AS traits
    FROM pair
    JOIN accounts_developer AS d ON d.id = pair.other
    CROSS JOIN LATERAL jsonb_each(d.traits) AS trait
    GROUP BY pair.keep
)
UPDATE accounts_developer AS d
SET
    account_id = ranked.account_id,
    rule = ranked.rule,
    confidence = ranked.confidence,
    rule_detail = ranked.rule_detail,
    first_seen_at = least(d.first_seen_at, others.first_seen_at),
    last_seen_at = greatest(d.last_seen_at, others.last_seen_at),
    display_name = CASE
        WHEN d.is_anonymous THEN coalesce(others.name, d.display_name)
        ELSE d.display_name
    END,
    is_anonymous = d.is_anonymous AND others.is_anonymous,
    traits = coalesce(traits.traits, '{}') || d.traits
FROM ranked
JOIN others ON others.keep = ranked.keep
LEFT JOIN traits ON traits.keep = ranked.keep
WHERE d.id = ranked.keep
