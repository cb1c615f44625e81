-- Question: in whose IP range lies each address of this batch? The longest prefix wins.
-- Asked per address, so that the planner searches the index: it takes the temporary
-- table for ten rows and would compare every address with every range.
-- Index: account_network_holds (GiST, inet_ops).
-- Cost: one index search per address; writes a temporary table only.
UPDATE pending_evidence AS e
SET account_id = found.account_id, detail = found.network::text
FROM (
    SELECT asked.ctid AS row_at, n.account_id, n.network
    FROM pending_evidence AS asked
    CROSS JOIN LATERAL (
        SELECT account_id, network
        FROM accounts_accountnetwork
        WHERE workspace_id = asked.workspace_id AND network >>= asked.ip
        ORDER BY masklen(network) DESC
        LIMIT 1
    ) AS n
    WHERE asked.rule = 'network'
) AS found
WHERE e.ctid = found.row_at
