-- Question: which accounts does the winning evidence need that are not there yet?
-- A domain that an admin gave to an account as a further one makes no account.
-- Rows go in sorted, so that two digests that meet the same companies wait for each
-- other instead of for ever; the loser of the race makes nothing.
-- Index: account_domain_once, account_organisation_once, account_domain_alias_once.
-- Cost: two index probes per distinct company of the batch.
INSERT INTO accounts_account (
    workspace_id, name, domain, organisation, country, industry, created_at
)
SELECT DISTINCT ON (e.workspace_id, e.domain COLLATE "C", found.organisation COLLATE "C")
    e.workspace_id, e.name, e.domain, found.organisation, '', '', now()
FROM pending_evidence AS e
-- With a domain, the domain is the company; the organisation is one of its names.
CROSS JOIN LATERAL (
    SELECT CASE WHEN e.domain = '' THEN e.organisation ELSE '' END AS organisation
) AS found
WHERE
    e.account_id IS NULL
    AND NOT EXISTS (
        SELECT FROM accounts_account AS a
        WHERE a.workspace_id = e.workspace_id AND a.domain = e.domain AND a.domain <> ''
    )
    AND NOT EXISTS (
        SELECT FROM accounts_accountdomain AS alias
        WHERE alias.workspace_id = e.workspace_id AND alias.domain = e.domain
    )
    AND NOT EXISTS (
        SELECT FROM accounts_account AS a
        WHERE
            a.workspace_id = e.workspace_id
            AND a.organisation = found.organisation
            AND a.organisation <> ''
    )
ORDER BY
    e.workspace_id, e.domain COLLATE "C", found.organisation COLLATE "C", e.name
ON CONFLICT DO NOTHING
