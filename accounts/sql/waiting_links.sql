-- Question: which identities of a workspace wait for their developers to be merged,
-- and what is known of those developers now?
-- Index: foreign key of the queue to workspaces, primary key of identities, foreign key
-- of identities to developers. Cost: a few probes per waiting pair.
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT
        a.kind AS kind_a, a.value AS value_a, a.developer_id AS developer_a,
        b.kind AS kind_b, b.value AS value_b, b.developer_id AS developer_b
    FROM accounts_waitingjoin AS w
    JOIN accounts_identity AS a
        ON a.id = w.identity_id AND a.workspace_id = w.workspace_id
    JOIN accounts_identity AS b
        ON b.id = w.other_identity_id AND b.workspace_id = w.workspace_id
    WHERE w.workspace_id = %(workspace)s AND a.developer_id <> b.developer_id
),
known AS MATERIALIZED (
    SELECT
        i.developer_id,
        array_agg(DISTINCT i.kind) AS kinds,
        count(*) AS identities,
        bool_or(i.kept_apart) AS kept_apart,
        max(CASE WHEN d.rule = 'hand' THEN 2 ELSE d.confidence END) AS confidence
    FROM (
        SELECT developer_a AS developer_id FROM waiting
        UNION
        SELECT developer_b FROM waiting
    ) AS ends
    JOIN accounts_identity AS i ON i.developer_id = ends.developer_id
    JOIN accounts_developer AS d ON d.id = ends.developer_id
    GROUP BY i.developer_id
)
SELECT
    kind_a, value_a, developer_a, a.kinds, a.identities, a.kept_apart, a.confidence,
    kind_b, value_b, developer_b, b.kinds, b.identities, b.kept_apart, b.confidence
FROM waiting
JOIN known AS a ON a.developer_id = waiting.developer_a
JOIN known AS b ON b.developer_id = waiting.developer_b
