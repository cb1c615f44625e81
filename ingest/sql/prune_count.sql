-- Question: how many rows would be pruned of one kind?
-- Index: as the prune of that kind. Cost: reading them.
SELECT
    CASE %(what)s
        WHEN 'event_keys'
            THEN (SELECT count(*) FROM ingest_eventkey WHERE seen_on < %(before)s)
        WHEN 'idempotency_keys' THEN (
            SELECT count(*) FROM ingest_idempotencykey WHERE received_at < %(before)s
        )
        WHEN 'counters'
            THEN (SELECT count(*) FROM ingest_ingestcounter WHERE hour < %(before)s)
        WHEN 'access_tokens' THEN (
            SELECT count(*) FROM accounts_accesstoken WHERE expires_at < %(before)s
        )
        WHEN 'unowned' THEN (
            SELECT count(*)
            FROM ingest_quarantinedevent
            WHERE
                workspace_id IS NULL
                AND status = 'waiting'
                AND received_at < %(before)s
        )
        WHEN 'refused'
            THEN (SELECT count(*) FROM ingest_refusedrequest WHERE at < %(before)s)
        ELSE (
            SELECT count(*)
            FROM ingest_quarantinedevent
            WHERE status <> 'waiting' AND settled_at < %(before)s
        )
    END
