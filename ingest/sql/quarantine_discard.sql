-- Question: give up waiting events; they stay, marked.
-- Index: quarantine_waiting, or the primary key for ids. Cost: one write per event.
UPDATE ingest_quarantinedevent
SET status = 'discarded', settled_at = clock_timestamp()
WHERE
    (
        workspace_id = %(workspace)s::bigint
        OR (%(workspace)s::bigint IS NULL AND workspace_id IS NULL)
    )
    AND status = 'waiting'
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
    AND (%(subject)s::text IS NULL OR subject = %(subject)s)
    AND (%(ids)s::bigint[] IS NULL OR id = ANY (%(ids)s))
