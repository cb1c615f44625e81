-- Question: how are an account's points spread over people? Σp and Σp², aggregates
--   left out, decayed to the landmark. Follows score_use_points.sql.
-- Index: primary key of daily usage.
-- Cost: linear in the developers' rows of usage.
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
) AS person
