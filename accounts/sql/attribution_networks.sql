-- Question: in whose IP range lies each address of this batch? The longest prefix wins.
-- Index: account_network_holds (GiST, inet_ops).
-- Cost: one index search per distinct address; writes a temporary table only.
UPDATE pending_evidence AS e
SET account_id = found.account_id, detail = found.network::text
FROM (
    SELECT DISTINCT ON (asked.workspace_id, asked.ip)
        asked.workspace_id, asked.ip, n.account_id, n.network
    FROM (
        SELECT DISTINCT workspace_id, ip
        FROM pending_evidence
        WHERE rule = 'network'
    ) AS asked
    JOIN accounts_accountnetwork AS n
        ON n.workspace_id = asked.workspace_id AND n.network >>= asked.ip
    ORDER BY asked.workspace_id, asked.ip, masklen(n.network) DESC
) AS found
WHERE
    e.rule = 'network'
    AND e.workspace_id = found.workspace_id
    AND e.ip = found.ip
