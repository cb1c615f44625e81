-- Question: which account does each piece of winning evidence name?
-- An admin's further domain comes before an account's own: it is how an account that
-- made itself is folded into the one it belongs to.
-- Index: account_domain_alias_once, account_domain_once, account_organisation_once.
-- Cost: up to three index probes per developer; writes a temporary table only.
UPDATE pending_evidence AS e
SET account_id = coalesce(
    e.account_id,
    (
        SELECT alias.account_id FROM accounts_accountdomain AS alias
        WHERE alias.workspace_id = e.workspace_id AND alias.domain = e.domain
    ),
    (
        SELECT a.id FROM accounts_account AS a
        WHERE a.workspace_id = e.workspace_id AND a.domain = e.domain AND a.domain <> ''
    ),
    (
        SELECT a.id FROM accounts_account AS a
        WHERE
            a.workspace_id = e.workspace_id
            AND e.domain = ''
            AND a.organisation = e.organisation
            AND a.organisation <> ''
    )
)
