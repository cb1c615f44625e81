-- Question: remove refused requests that are older than their window, some at a time.
-- Index: none; the table is small by design. Cost: reading it.
DELETE FROM ingest_refusedrequest
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM ingest_refusedrequest
        WHERE at < %(before)s
        LIMIT %(most)s
    )
)
