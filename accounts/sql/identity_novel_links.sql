-- Question: which pairs of this batch are not under one developer yet, and what is
-- known of the developers at their ends?
-- Index: foreign key of identities to developers.
-- Cost: two hash joins of temporary tables; index probes only for pairs that differ.
WITH novel AS MATERIALIZED (
    SELECT
        l.workspace_id, l.kind_a, l.value_a, a.developer_id AS developer_a,
        l.kind_b, l.value_b, b.developer_id AS developer_b
    FROM pending_link AS l
    JOIN pending_identity AS a
        ON
            a.workspace_id = l.workspace_id
            AND a.kind = l.kind_a
            AND a.value = l.value_a
    JOIN pending_identity AS b
        ON
            b.workspace_id = l.workspace_id
            AND b.kind = l.kind_b
            AND b.value = l.value_b
    WHERE
        a.developer_id IS NULL
        OR b.developer_id IS NULL
        OR a.developer_id <> b.developer_id
),
known AS MATERIALIZED (
    SELECT
        ends.developer_id,
        array_agg(DISTINCT i.kind) AS kinds,
        count(*) AS identities,
        bool_or(i.kept_apart) AS kept_apart,
        -- A correction by hand is never beaten.
        max(CASE WHEN d.rule = 'hand' THEN 2 ELSE d.confidence END) AS confidence
    FROM (
        SELECT developer_a AS developer_id FROM novel WHERE developer_a IS NOT NULL
        UNION
        SELECT developer_b FROM novel WHERE developer_b IS NOT NULL
    ) AS ends
    JOIN accounts_identity AS i ON i.developer_id = ends.developer_id
    JOIN accounts_developer AS d ON d.id = ends.developer_id
    GROUP BY ends.developer_id
)
SELECT
    novel.workspace_id,
    novel.kind_a, novel.value_a,
    novel.developer_a, a.kinds, a.identities, a.kept_apart, a.confidence,
    novel.kind_b, novel.value_b,
    novel.developer_b, b.kinds, b.identities, b.kept_apart, b.confidence
FROM novel
LEFT JOIN known AS a ON a.developer_id = novel.developer_a
LEFT JOIN known AS b ON b.developer_id = novel.developer_b
