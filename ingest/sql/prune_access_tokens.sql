-- Removes access tokens that ended before a time, at most so many at once.
-- Index: access_token_by_end. Cost: the rows removed.
DELETE FROM accounts_accesstoken
WHERE ctid = ANY(
    ARRAY(
        SELECT ctid FROM accounts_accesstoken
        WHERE expires_at < %(before)s LIMIT %(most)s
    )
)
