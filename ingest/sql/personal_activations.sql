-- Question: which activations do the licence records of some identities name?
-- Index: ingest_event_timeline, license_key_once, activation_once. Cost: the licence
-- records of the person.
SELECT DISTINCT activation.id
FROM (
    SELECT DISTINCT
        properties ->> 'license_key' AS license,
        properties ->> 'activation_identifier' AS identifier
    FROM ingest_event
    WHERE
        workspace_id = %(workspace)s
        AND identity_id = ANY (%(identities)s::bigint[])
        AND dialect = 'license'
) AS stated
JOIN accounts_license AS license
    ON license.workspace_id = %(workspace)s AND license.key = stated.license
JOIN accounts_activation AS activation
    ON activation.license_id = license.id
    AND activation.identifier = stated.identifier
