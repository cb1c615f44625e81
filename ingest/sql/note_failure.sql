-- Question: an entry failed on its own; when is it tried again?
-- Index: primary key of the inbox. Cost: one row.
UPDATE ingest_inboxentry
SET
    tries = tries + 1,
    not_before = clock_timestamp() + %(delay)s::interval * power(2, least(tries, 6)),
    last_error = %(error)s
WHERE id = %(id)s
