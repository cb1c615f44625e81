-- Question: none; where a refresh puts whom a segment wants, and whom it moves.
-- Dropped first, for a transaction that refreshes several. Cost: two entries in the
-- catalogue, gone with the transaction.
DROP TABLE IF EXISTS pg_temp.segment_wanted, pg_temp.segment_move;
CREATE TEMPORARY TABLE segment_wanted (subject_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE segment_move (
    subject_id bigint NOT NULL,
    -- The stay that ends; null for who enters.
    member_id bigint,
    -- Places of the conditions that turned.
    parts integer[] NOT NULL
) ON COMMIT DROP;
