-- Question: none; moves the times at which licences' activations were seen, and their
-- hardware ids. A time moves when it is off by five minutes, as with identities. Rows
-- are locked in the order of their ids, so that two digests never wait in a ring.
-- Index: license_key_once, activation_once. Cost: two probes per activation of the
-- batch, one write per activation that moves.
WITH seen AS (
    SELECT activation.id, s.first_at, s.last_at, s.hwid
    FROM unnest(
        %(workspaces)s::bigint[],
        %(licenses)s::text[],
        %(identifiers)s::text[],
        %(firsts)s::double precision[],
        %(lasts)s::double precision[],
        %(hwids)s::text[]
    ) AS u (workspace, license, identifier, first_at, last_at, hwid)
    CROSS JOIN LATERAL (
        SELECT to_timestamp(u.first_at) AS first_at, to_timestamp(u.last_at) AS last_at,
            u.hwid
    ) AS s
    JOIN accounts_license AS license
        ON license.workspace_id = u.workspace AND license.key = u.license
    JOIN accounts_activation AS activation
        ON activation.license_id = license.id AND activation.identifier = u.identifier
    WHERE
        activation.last_seen_at IS NULL
        OR s.last_at > activation.last_seen_at + interval '5 minutes'
        OR s.first_at < activation.first_seen_at
        OR (s.hwid <> '' AND s.hwid <> activation.hwid)
    ORDER BY activation.id
    FOR NO KEY UPDATE OF activation
)
UPDATE accounts_activation AS a
SET
    first_seen_at = least(a.first_seen_at, seen.first_at),
    last_seen_at = greatest(a.last_seen_at, seen.last_at),
    hwid = coalesce(nullif(seen.hwid, ''), a.hwid)
FROM seen
WHERE a.id = seen.id
