-- Gives these people a seat, or brings theirs up to date, if the client is still good.
-- Answers with whether it is, and how many seats were written: those of people who
-- opted out are not. The arrays come sorted by app_user_id, each once, so two
-- of these never wait for each other crosswise.
-- Index: provisioned_user_once, opt_out_once. Cost: two probes and one row per person.
WITH valid AS MATERIALIZED (
    SELECT client.id
    FROM accounts_apikey AS client
    WHERE
        client.id = %(key_id)s::bigint
        AND client.version = %(version)s::bigint
        AND client.revoked_at IS NULL
        AND (client.expires_at IS NULL OR client.expires_at > now())
),
kept AS (
    INSERT INTO accounts_provisioneduser AS known (
        workspace_id, application_id, app_user_id, email, folded_email, username,
        license, created_at, updated_at
    )
    SELECT
        application.workspace_id,
        application.id,
        item.app_user_id,
        item.email,
        item.folded_email,
        item.username,
        item.license,
        now(),
        now()
    FROM unnest(
        %(app_user_ids)s::text[],
        %(emails)s::text[],
        %(folded_emails)s::text[],
        %(usernames)s::text[],
        %(licenses)s::text[],
        %(digests)s::uuid[]
    ) AS item (app_user_id, email, folded_email, username, license, digest)
    CROSS JOIN valid
    INNER JOIN accounts_application AS application
        ON application.id = %(application_id)s::bigint
    WHERE NOT EXISTS (
        SELECT FROM accounts_optout AS opted_out
        WHERE
            opted_out.workspace_id = application.workspace_id
            AND opted_out.digest = item.digest
    )
    ORDER BY item.app_user_id
    ON CONFLICT (application_id, app_user_id) DO UPDATE SET
        email = excluded.email,
        folded_email = excluded.folded_email,
        username = excluded.username,
        license = excluded.license,
        updated_at = excluded.updated_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM valid)::bigint, (SELECT count(*) FROM kept)::bigint
