-- Which IP addresses tell where these accounts are: the first of each range that an
-- admin entered, and the latest of their people's?
-- Index: developers by account, identities by developer. Cost: the identities of the
-- accounts' latest people, bounded for each account.
SELECT wanted.id, address.ip
FROM unnest(%(ids)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
    (
        SELECT host(network.network) AS ip
        FROM accounts_accountnetwork AS network
        WHERE network.account_id = wanted.id
        LIMIT %(most)s
    )
    UNION
    (
        SELECT host(identity.last_ip) AS ip
        FROM accounts_developer AS developer
        JOIN accounts_identity AS identity ON identity.developer_id = developer.id
        WHERE developer.account_id = wanted.id AND identity.last_ip IS NOT NULL
        ORDER BY developer.last_seen_at DESC NULLS LAST
        LIMIT %(most)s
    )
) AS address
