-- Question: none; where a judgement puts whom it wants where, and whom it moves.
-- Dropped first, for a transaction that judges twice. Cost: two entries in the
-- catalogue, gone with the transaction.
DROP TABLE IF EXISTS pg_temp.stage_wanted, pg_temp.stage_move;
CREATE TEMPORARY TABLE stage_wanted (
    subject_id bigint NOT NULL,
    -- Place in the ladder, from 1.
    rank integer NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stage_move (
    -- The stay that ends; null for who is in no stage yet.
    entry_id bigint,
    subject_id bigint NOT NULL,
    from_stage bigint,
    -- The stage they go to; null for who is in none from now on.
    to_stage bigint,
    matched_id bigint,
    is_advance boolean NOT NULL
) ON COMMIT DROP;
