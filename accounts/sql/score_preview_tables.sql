-- Question: none; makes the tables of a preview, gone with its transaction. The first
--   has the name of the score models: it hides them from the statements that score, so
--   that these read the draft, and nobody waits for a row that is never kept.
-- Index: none. Cost: none.
CREATE TEMPORARY TABLE accounts_scoremodel (
    LIKE accounts_scoremodel INCLUDING DEFAULTS
) ON COMMIT DROP;
CREATE TEMPORARY TABLE score_preview_developer (
    developer_id bigint NOT NULL,
    points float8 NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE score_preview (
    is_account boolean NOT NULL,
    id bigint NOT NULL,
    before float8 NOT NULL,
    after float8 NOT NULL
) ON COMMIT DROP
