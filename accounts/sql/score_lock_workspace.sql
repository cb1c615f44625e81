-- Question: may this workspace be scored as a whole now? Holds off score_claim.sql
--   until the transaction ends; waits for a running one if asked to.
-- Index: none.
-- Cost: none.
SELECT
    CASE
        WHEN %(wait)s
            THEN pg_advisory_xact_lock(
                hashtextextended('uptick.score', %(workspace)s)
            ) IS NOT NULL
        ELSE
            pg_try_advisory_xact_lock(hashtextextended('uptick.score', %(workspace)s))
    END
