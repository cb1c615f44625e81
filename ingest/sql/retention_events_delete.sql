-- Question: none; lets go of a workspace's raw events that are older than their kind
-- is kept, in some pages of one month's partition.
-- Index: none; a range of row addresses. Cost: those pages, each read once a night.
DELETE FROM {partition}
WHERE
    ctid >= format('(%%s,0)', %(first_page)s::int)::tid
    AND ctid < format('(%%s,0)', %(end_page)s::int)::tid
    AND workspace_id = %(workspace)s
    AND occurred_at < CASE
        WHEN dialect = 'license' THEN %(license_days)s::timestamptz
        WHEN dialect = 'telemetrydeck' THEN %(signal_days)s::timestamptz
        ELSE %(event_days)s::timestamptz
    END
