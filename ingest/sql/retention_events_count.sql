-- Question: how many raw events of a workspace are older than their kinds are kept,
-- and since when? A kind without an end is left out.
-- Index: none for most kinds; the months from before the latest end are read once.
SELECT
    CASE
        WHEN dialect = 'license' THEN 'license_days'
        WHEN dialect = 'telemetrydeck' THEN 'signal_days'
        ELSE 'event_days'
    END AS kind,
    count(*),
    min(occurred_at)
FROM ingest_event
WHERE
    workspace_id = %(workspace)s
    AND occurred_at < %(latest)s
    AND occurred_at < CASE
        WHEN dialect = 'license' THEN %(license_days)s::timestamptz
        WHEN dialect = 'telemetrydeck' THEN %(signal_days)s::timestamptz
        ELSE %(event_days)s::timestamptz
    END
GROUP BY 1
