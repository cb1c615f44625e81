-- Lets go of refused requests beyond the last few of each key and dialect.
-- Index: ingest_refused_recent, for the workspaces at hand. Cost: their kept rows,
-- which are few by this very statement.
DELETE FROM ingest_refusedrequest AS refused
USING (
    SELECT
        id,
        row_number() OVER (
            PARTITION BY workspace_id, api_key_id, dialect ORDER BY at DESC, id DESC
        ) AS place
    FROM ingest_refusedrequest
    WHERE workspace_id = ANY (%(workspace_ids)s::bigint[])
) AS ranked
WHERE refused.id = ranked.id AND ranked.place > %(kept)s
