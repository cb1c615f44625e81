-- Question: which of these identities showed signs of two companies within some days?
-- A domain counts for the account that has it, or for itself where none does; a licence
-- counts for the account that bought it.
-- It happened as often as there are companies, and last when the one before the latest
-- was seen, or the second began: more use of the latest alone is nothing new.
-- Index: primary key of signs, account_domain_once, account_domain_alias_once,
-- license_key_once. Cost: a few probes per sign of these identities.
WITH sign AS (
    SELECT
        s.workspace_id, s.identity_id, s.kind, s.value, s.first_seen_at, s.last_seen_at,
        CASE s.kind
            WHEN 'license' THEN license.account_id
            ELSE coalesce(account.id, further.account_id)
        END AS account_id
    FROM accounts_companysign AS s
    LEFT JOIN accounts_account AS account
        ON s.kind = 'domain'
        AND account.workspace_id = s.workspace_id
        AND account.domain = s.value
        AND account.domain <> ''
    LEFT JOIN accounts_accountdomain AS further
        ON s.kind = 'domain'
        AND further.workspace_id = s.workspace_id
        AND further.domain = s.value
    LEFT JOIN accounts_license AS license
        ON s.kind = 'license'
        AND license.workspace_id = s.workspace_id
        AND license.key = s.value
    WHERE s.identity_id = ANY (%(identities)s::bigint[])
),
company AS (
    SELECT
        workspace_id,
        identity_id,
        account_id,
        CASE WHEN account_id IS NULL THEN value END AS domain,
        min(first_seen_at) AS first_at,
        max(last_seen_at) AS last_at,
        (array_agg(kind ORDER BY last_seen_at DESC, value))[1] AS sign,
        (array_agg(value ORDER BY last_seen_at DESC, value))[1] AS value
    FROM sign
    WHERE account_id IS NOT NULL OR kind = 'domain'
    GROUP BY workspace_id, identity_id, account_id, 4
),
ranked AS (
    SELECT
        company.*,
        coalesce(account.name, company.domain) AS name,
        row_number() OVER latest_first AS place,
        first_value(company.last_at) OVER latest_first AS latest_at
    FROM company
    LEFT JOIN accounts_account AS account ON account.id = company.account_id
    WINDOW latest_first AS (
        PARTITION BY company.identity_id
        ORDER BY company.last_at DESC, company.account_id, company.domain
    )
)
SELECT
    ranked.workspace_id,
    ranked.identity_id,
    (array_agg(ranked.account_id ORDER BY place) FILTER (
        WHERE ranked.account_id IS DISTINCT FROM developer.account_id
    ))[1] AS account_id,
    count(*) AS companies,
    max(ranked.first_at) AS first_at,
    greatest(
        min(ranked.last_at) FILTER (WHERE place = 2), max(ranked.first_at)
    ) AS last_at,
    jsonb_agg(
        jsonb_build_object(
            'name', ranked.name,
            'account', ranked.account_id,
            'sign', ranked.sign,
            'value', ranked.value,
            'first_at', ranked.first_at,
            'last_at', ranked.last_at
        ) ORDER BY place
    ) FILTER (WHERE place <= 5) AS companies_seen
FROM ranked
JOIN accounts_identity AS identity ON identity.id = ranked.identity_id
JOIN accounts_developer AS developer ON developer.id = identity.developer_id
WHERE ranked.last_at >= ranked.latest_at - make_interval(days => %(days)s)
GROUP BY ranked.workspace_id, ranked.identity_id
HAVING count(*) > 1
ORDER BY ranked.identity_id
