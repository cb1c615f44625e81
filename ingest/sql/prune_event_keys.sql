-- Question: remove rows older than their window, a bounded number at a time.
-- Index: event_key_by_day (BRIN, rows lie in the order of the day). Cost: the rows removed.
DELETE FROM ingest_eventkey
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid FROM ingest_eventkey WHERE seen_on < %(before)s LIMIT %(most)s
    )
)
