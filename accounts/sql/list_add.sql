-- Question: which of these values is new to a list? Writes them, with the account or
-- developer that each stands for already; what came along replaces what was there.
-- Index: account_domain_alias_once, account_domain_once, identity_once,
-- list_entry_value_once. Cost: three probes and one write per value.
WITH given AS (
    SELECT v.value, v.data
    FROM unnest(%(values)s::text[], %(data)s::jsonb[]) AS v (value, data)
),
found AS (
    SELECT
        given.value,
        given.data,
        CASE WHEN %(subject)s = 'account' THEN coalesce(
            (
                SELECT alias.account_id FROM accounts_accountdomain AS alias
                WHERE
                    alias.workspace_id = %(workspace)s
                    AND alias.domain = given.value
            ),
            (
                SELECT a.id FROM accounts_account AS a
                WHERE
                    a.workspace_id = %(workspace)s
                    AND a.domain = given.value
                    AND a.domain <> ''
            )
        ) END AS account_id,
        CASE WHEN %(subject)s = 'developer' THEN (
            SELECT i.developer_id FROM accounts_identity AS i
            WHERE
                i.workspace_id = %(workspace)s
                AND i.kind = 'email'
                AND i.value = given.value
        ) END AS developer_id
    FROM given
),
-- Two domains of one account, or one who is there under another value: once.
wanted AS (
    SELECT DISTINCT ON (coalesce(account_id, developer_id, 0), CASE
        WHEN account_id IS NULL AND developer_id IS NULL THEN value ELSE ''
    END)
        found.*
    FROM found
    WHERE NOT EXISTS (
        SELECT FROM accounts_listentry AS e
        WHERE
            e.curated_list_id = %(list)s
            AND e.value <> found.value
            AND (
                e.account_id = found.account_id
                OR e.developer_id = found.developer_id
            )
    )
    ORDER BY coalesce(account_id, developer_id, 0), CASE
        WHEN account_id IS NULL AND developer_id IS NULL THEN value ELSE ''
    END, value
)
INSERT INTO accounts_listentry AS e (
    workspace_id, curated_list_id, value, account_id, developer_id, data, added_by_id,
    added_at
)
SELECT
    %(workspace)s, %(list)s, value, account_id, developer_id, data, %(actor)s, now()
FROM wanted
ORDER BY value
ON CONFLICT (curated_list_id, value) WHERE value <> ''
DO UPDATE SET
    data = e.data || excluded.data,
    account_id = coalesce(excluded.account_id, e.account_id),
    developer_id = coalesce(excluded.developer_id, e.developer_id)
RETURNING (xmax = 0)
