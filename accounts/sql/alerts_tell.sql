-- Question: whose inbox do these happenings belong into? Followers of the account,
-- developer or segment, and of the workspace for what concerns all of it; members only.
-- Index: follow_once, membership_once. Cost: a few probes per happening, one write per
-- follower.
INSERT INTO accounts_alert (user_id, workspace_id, happening_id)
SELECT DISTINCT f.user_id, h.workspace_id, h.id
FROM accounts_happening AS h
JOIN accounts_follow AS f
    ON
        f.workspace_id = h.workspace_id
        AND (
            f.account_id = h.account_id
            OR f.developer_id = h.developer_id
            OR f.segment_id = h.segment_id
            OR (
                h.kind = ANY (%(workspace_kinds)s::text[])
                AND f.account_id IS NULL
                AND f.developer_id IS NULL
                AND f.segment_id IS NULL
            )
        )
JOIN accounts_membership AS m
    ON m.workspace_id = h.workspace_id AND m.user_id = f.user_id
JOIN accounts_user AS u ON u.id = f.user_id AND u.is_active
LEFT JOIN accounts_segment AS s ON s.id = h.segment_id
WHERE
    h.id = ANY (%(happenings)s::bigint[])
    -- What somebody keeps to themselves is told to nobody else.
    AND (s.id IS NULL OR s.is_shared OR s.owner_id = f.user_id)
ORDER BY h.id, f.user_id
ON CONFLICT (user_id, happening_id) DO NOTHING
