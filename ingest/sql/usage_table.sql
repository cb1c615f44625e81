-- Question: where does one batch put what it adds to usage? Read whole, three times;
-- no index. Kept by the session and emptied by each commit, so that a digest every
-- two seconds does not fill the catalogue with dead tables.
CREATE TEMPORARY TABLE IF NOT EXISTS digest_usage (
    workspace_id bigint NOT NULL,
    developer_id bigint NOT NULL,
    day date NOT NULL,
    metric_id bigint NOT NULL,
    product_id bigint NOT NULL,
    count bigint NOT NULL,
    value_sum double precision NOT NULL
) ON COMMIT DELETE ROWS;
-- For the second digest of one transaction, as in a test.
DELETE FROM digest_usage
