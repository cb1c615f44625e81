-- Question: whom do waiting entries stand for, now that somebody of that domain or
-- address is known? One whom the list holds under another value already stays waiting.
-- Index: list_entry_waiting, account_domain_alias_once, account_domain_once,
-- identity_once. Cost: three probes per waiting entry, one write per found one.
WITH found AS (
    SELECT
        e.id,
        e.curated_list_id,
        CASE WHEN l.subject = 'account' THEN coalesce(
            (
                SELECT alias.account_id FROM accounts_accountdomain AS alias
                WHERE alias.workspace_id = e.workspace_id AND alias.domain = e.value
            ),
            (
                SELECT a.id FROM accounts_account AS a
                WHERE
                    a.workspace_id = e.workspace_id
                    AND a.domain = e.value
                    AND a.domain <> ''
            )
        ) END AS account_id,
        CASE WHEN l.subject = 'developer' THEN (
            SELECT i.developer_id FROM accounts_identity AS i
            WHERE
                i.workspace_id = e.workspace_id
                AND i.kind = 'email'
                AND i.value = e.value
        ) END AS developer_id
    FROM accounts_listentry AS e
    JOIN accounts_curatedlist AS l ON l.id = e.curated_list_id
    WHERE e.account_id IS NULL AND e.developer_id IS NULL
),
-- Of two that wait for the same one, the first.
first AS (
    SELECT DISTINCT ON (curated_list_id, account_id, developer_id) found.*
    FROM found
    WHERE account_id IS NOT NULL OR developer_id IS NOT NULL
    ORDER BY curated_list_id, account_id, developer_id, id
)
UPDATE accounts_listentry AS e
SET account_id = first.account_id, developer_id = first.developer_id
FROM first
WHERE
    e.id = first.id
    AND NOT EXISTS (
        SELECT FROM accounts_listentry AS other
        WHERE
            other.curated_list_id = first.curated_list_id
            AND (
                other.account_id = first.account_id
                OR other.developer_id = first.developer_id
            )
    )
