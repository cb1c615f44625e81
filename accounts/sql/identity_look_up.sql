-- Question: which of the batch's identities are known, whose are they, is anything new
-- said of them, and do the times kept with them move?
-- A time moves when it is off by %(step)s: writing "last seen" for every batch would
-- rewrite a developer, with its indexes, every two seconds of work.
-- Index: identity_once (workspace, kind, value), primary keys of developer and account.
-- Cost: three index probes per row of the batch; writes the temporary table only.
UPDATE pending_identity AS p
SET
    identity_id = i.id,
    developer_id = i.developer_id,
    -- A correction by hand is never beaten.
    confidence = CASE WHEN d.rule = 'hand' THEN 2 ELSE d.confidence END,
    account_id = d.account_id,
    identity_moves =
        p.last_at > i.last_seen_at + %(step)s::interval
        OR p.first_at < i.first_seen_at
        OR (p.ip IS DISTINCT FROM i.last_ip AND p.ip IS NOT NULL AND d.confidence = 0)
        OR (i.last_ip IS NOT NULL AND d.confidence >= 0.9),
    developer_moves =
        d.last_seen_at IS NULL
        OR p.last_at > d.last_seen_at + %(step)s::interval
        OR p.first_at < d.first_seen_at,
    developer_learns =
        coalesce(p.traits, '{}') <> '{}'
        AND jsonb_strip_nulls(d.traits || p.traits) <> d.traits,
    account_moves =
        a.id IS NOT NULL
        AND (
            a.last_seen_at IS NULL
            OR p.last_at > a.last_seen_at + %(step)s::interval
            OR p.first_at < a.first_seen_at
        )
FROM accounts_identity AS i
JOIN accounts_developer AS d ON d.id = i.developer_id
LEFT JOIN accounts_account AS a ON a.id = d.account_id
WHERE
    i.workspace_id = p.workspace_id
    AND i.kind = p.kind
    AND i.value = p.value
