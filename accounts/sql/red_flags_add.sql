-- Question: none; raises red flags, or notes that they happened again. With `absolute`
-- the count is how often it happened in all, otherwise how often since it was counted
-- last. A resolved flag opens again when it happened after it was resolved; facts are
-- those of the latest time.
-- Index: red_flag_once. Cost: a probe and a write per flag; rows go in sorted, so that
-- two digests wait for each other in one order.
INSERT INTO accounts_redflag AS flag (
    workspace_id, kind, identity_id, developer_id, account_id, subject_key, evidence,
    count, first_at, last_at, note
)
SELECT
    u.workspace_id, u.kind, identity.id, identity.developer_id, account.id, u.subject_key,
    u.evidence, u.often, u.first_at, u.last_at, ''
FROM jsonb_to_recordset(%(flags)s::jsonb) AS u (
    workspace_id bigint,
    kind text,
    identity_id bigint,
    account_id bigint,
    subject_key text,
    evidence jsonb,
    often bigint,
    first_at timestamptz,
    last_at timestamptz
)
LEFT JOIN accounts_identity AS identity ON identity.id = u.identity_id
LEFT JOIN accounts_account AS account ON account.id = u.account_id
ORDER BY u.workspace_id, u.kind, u.subject_key
ON CONFLICT (workspace_id, kind, subject_key) DO UPDATE SET
    identity_id = coalesce(excluded.identity_id, flag.identity_id),
    developer_id = coalesce(excluded.developer_id, flag.developer_id),
    account_id = coalesce(excluded.account_id, flag.account_id),
    evidence = CASE
        WHEN excluded.last_at >= flag.last_at THEN excluded.evidence ELSE flag.evidence
    END,
    count = CASE
        WHEN %(absolute)s THEN greatest(flag.count, excluded.count)
        ELSE flag.count + excluded.count
    END,
    first_at = least(flag.first_at, excluded.first_at),
    last_at = greatest(flag.last_at, excluded.last_at),
    resolved_at = CASE
        WHEN excluded.last_at > flag.resolved_at THEN NULL ELSE flag.resolved_at
    END,
    reopened_at = CASE
        WHEN excluded.last_at > flag.resolved_at THEN now() ELSE flag.reopened_at
    END
