-- Question: remove rows older than their window, a bounded number at a time.
-- Index: none; a small table is read whole. Cost: the rows removed.
DELETE FROM ingest_ingestcounter
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid FROM ingest_ingestcounter WHERE hour < %(before)s LIMIT %(most)s
    )
)
