-- Question: which evidence is not the best of its developer? It goes.
-- Equal rules: what the present account rests on, else the first identity in the order
-- it was asked, so that the same batch always ends the same way.
-- Index: primary key of developers. Cost: one sort of the evidence; writes a temporary table only.
DELETE FROM pending_evidence AS e
USING (
    SELECT
        weighed.ctid AS row_at,
        weighed.is_empty OR row_number() OVER (
            PARTITION BY weighed.developer_id
            ORDER BY
                weighed.is_empty,
                weighed.confidence DESC,
                (d.rule_detail = weighed.detail) DESC NULLS LAST,
                weighed.place
        ) > 1 AS loses
    FROM (
        SELECT ctid, *, (rule IN ('license', 'network') AND account_id IS NULL) AS is_empty
        FROM pending_evidence
    ) AS weighed
    LEFT JOIN accounts_developer AS d ON d.id = weighed.developer_id
) AS ranked
WHERE e.ctid = ranked.row_at AND ranked.loses
