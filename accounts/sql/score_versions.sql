-- Question: with which version of the score model were the scores of each day of a
--   range kept? Days without kept scores answer NULL.
-- Index: snapshot_by_day (workspace, day), one probe a day. Cost: none worth naming.
SELECT
    calendar.day::date AS day,
    (
        SELECT snapshot.model_version
        FROM accounts_scoresnapshot AS snapshot
        WHERE
            snapshot.workspace_id = %(workspace)s
            AND snapshot.day = calendar.day::date
        LIMIT 1
    ) AS version
FROM generate_series(
    %(first)s::date::timestamp, %(last)s::date::timestamp, interval '1 day'
) AS calendar (day)
