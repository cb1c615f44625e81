-- Question: which of these happenings are mailed at once, and to whom?
-- Index: alert by happening, alert_settings_once, delivery_mail_once.
-- Cost: a probe per alert, one write per mail.
INSERT INTO accounts_delivery (
    id, workspace_id, user_id, happening_id, state, attempts, next_at, created_at
)
SELECT
    gen_random_uuid(), a.workspace_id, a.user_id, a.happening_id, 'waiting', 0,
    %(now)s, %(now)s
FROM accounts_alert AS a
JOIN accounts_alertsettings AS s
    ON
        s.workspace_id = a.workspace_id
        AND s.user_id = a.user_id
        AND s.mail = 'at_once'
WHERE a.happening_id = ANY (%(happenings)s::bigint[])
ORDER BY a.happening_id, a.user_id
ON CONFLICT (user_id, happening_id) WHERE happening_id IS NOT NULL DO NOTHING
