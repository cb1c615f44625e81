-- Question: where does one batch of events put the identities it saw?
-- The digest fills the first columns of both tables, one row per distinct identity
-- and per distinct pair; `resolve_pending` fills the others. No index: both are read
-- whole. Cost: two entries in the catalogue, gone with the transaction.
-- Dropped first, for a transaction that digests twice.
DROP TABLE IF EXISTS pg_temp.pending_identity, pg_temp.pending_link;
CREATE TEMPORARY TABLE pending_identity (
    workspace_id bigint NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    domain text,
    ip inet,
    license_key text,
    is_aggregate boolean NOT NULL DEFAULT false,
    traits jsonb,
    identity_id bigint,
    developer_id bigint,
    -- The rest is for resolve_pending alone.
    confidence double precision,
    account_id bigint,
    joined_by text NOT NULL DEFAULT '',
    identity_moves boolean NOT NULL DEFAULT false,
    developer_moves boolean NOT NULL DEFAULT false,
    developer_learns boolean NOT NULL DEFAULT false,
    developer_is_made boolean NOT NULL DEFAULT false,
    -- A name for a developer who was anonymous until now.
    face text,
    account_moves boolean NOT NULL DEFAULT false
) ON COMMIT DROP;
CREATE TEMPORARY TABLE pending_link (
    workspace_id bigint NOT NULL,
    kind_a text NOT NULL,
    value_a text NOT NULL,
    kind_b text NOT NULL,
    value_b text NOT NULL
) ON COMMIT DROP;
