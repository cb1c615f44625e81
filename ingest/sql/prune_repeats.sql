-- Question: none; forgets events that have not come again for a while.
-- Index: repeated_event_late. Cost: the rows removed.
DELETE FROM ingest_repeatedevent
WHERE last_at < %(before)s
