-- Question: how are an account's points spread over people? Σp and Σp², aggregates
--   left out, decayed to the landmark. Follows score_use_points.sql.
-- scored_in: the account whose other people's points are those of their scores; NULL is
--   that all of them are among the uses.
-- Index: primary keys of daily usage and of scores, developers by account.
-- Cost: linear in the chosen developers' rows of usage; 1.5 µs a scored developer.
SELECT
    coalesce(sum(person.points), 0),
    coalesce(sum(person.points * person.points), 0)
FROM (
    SELECT sum(use_points.points) AS points
    FROM use_points
    INNER JOIN accounts_developer AS developer
        ON developer.id = use_points.developer_id
    WHERE NOT developer.is_aggregate
    GROUP BY developer.id
    UNION ALL
    SELECT score.points
    FROM accounts_developer AS developer
    CROSS JOIN LATERAL (
        SELECT kept.points
        FROM accounts_developerscore AS kept
        WHERE kept.developer_id = developer.id
        -- One by one: joined, the planner may read the scores of all workspaces.
        OFFSET 0
    ) AS score
    WHERE
        developer.account_id = %(scored_in)s::bigint
        AND NOT developer.is_aggregate
        AND NOT developer.id = ANY(%(developers)s::bigint[])
) AS person
