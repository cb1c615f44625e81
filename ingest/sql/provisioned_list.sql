-- Who has a seat in an application? One JSON text, in order of app_user_id; what a
-- person was given without is left out.
-- Index: provisioned_user_once, already in that order. Cost: the application's rows.
SELECT
    coalesce(
        json_agg(
            json_strip_nulls(
                json_build_object(
                    'appUserId', known.app_user_id,
                    'email', known.email,
                    'username', nullif(known.username, ''),
                    'license', nullif(known.license, '')
                )
            )
            ORDER BY known.app_user_id
        ),
        '[]'::json
    )::text
FROM accounts_provisioneduser AS known
WHERE known.application_id = %(application_id)s::bigint
