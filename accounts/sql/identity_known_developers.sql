-- Question: none; writes what a batch says of known developers: times seen, traits, name,
-- and the account where better evidence came. One statement, rows locked in the order
-- of their ids, so that two digests never wait for each other in turn.
-- A developer whose account changes is queued for scoring: both accounts follow.
-- Index: primary key. Cost: one write per developer that moves, none for the others.
WITH seen AS (
    SELECT developer_id, min(first_at) AS first_at, max(last_at) AS last_at
    FROM pending_identity
    WHERE developer_moves OR developer_learns
    GROUP BY developer_id
),
told AS (
    SELECT
        p.developer_id,
        jsonb_object_agg(trait.key, trait.value ORDER BY p.last_at) AS traits
    FROM pending_identity AS p
    CROSS JOIN LATERAL jsonb_each(p.traits) AS trait
    -- All that was said of whoever is written: the last to speak may have said nothing new.
    WHERE
        p.traits <> '{}'
        AND p.developer_id IN (SELECT developer_id FROM seen)
    GROUP BY p.developer_id
),
named AS (
    SELECT developer_id, max(face) AS name
    FROM pending_identity
    WHERE face IS NOT NULL
    GROUP BY developer_id
),
locked AS (
    SELECT d.id, d.account_id, d.rule, d.confidence
    FROM accounts_developer AS d
    WHERE
        d.id IN (
            SELECT developer_id FROM seen
            UNION
            SELECT developer_id FROM pending_evidence
        )
        AND d.id NOT IN (
            SELECT developer_id FROM pending_identity WHERE developer_is_made
        )
    ORDER BY d.id
    FOR NO KEY UPDATE
),
judged AS (
    SELECT
        locked.id,
        locked.account_id AS account_before,
        e.account_id,
        e.rule,
        e.confidence,
        e.detail,
        -- Equal evidence never moves anybody, or two domains would take turns.
        coalesce(locked.rule <> 'hand' AND e.confidence > locked.confidence, false)
            AS wins
    FROM locked
    LEFT JOIN pending_evidence AS e ON e.developer_id = locked.id
),
changed AS (
    UPDATE accounts_developer AS d
    SET
        first_seen_at = least(d.first_seen_at, seen.first_at),
        last_seen_at = greatest(d.last_seen_at, seen.last_at),
        traits = CASE
            WHEN told.traits IS NULL THEN d.traits
            ELSE jsonb_strip_nulls(d.traits || told.traits)
        END,
        -- A name that the sender changes is taken; one that a person typed here stays
        -- until then.
        display_name = CASE
            WHEN
                told.traits ->> 'name' <> ''
                AND d.traits ->> 'name' IS DISTINCT FROM told.traits ->> 'name'
                THEN left(told.traits ->> 'name', 200)
            WHEN d.is_anonymous AND named.name IS NOT NULL THEN named.name
            ELSE d.display_name
        END,
        is_anonymous = d.is_anonymous AND named.name IS NULL,
        account_id = CASE WHEN j.wins THEN j.account_id ELSE d.account_id END,
        rule = CASE WHEN j.wins THEN j.rule ELSE d.rule END,
        confidence = CASE WHEN j.wins THEN j.confidence ELSE d.confidence END,
        rule_detail = CASE WHEN j.wins THEN j.detail ELSE d.rule_detail END
    FROM judged AS j
    LEFT JOIN seen ON seen.developer_id = j.id
    LEFT JOIN told ON told.developer_id = j.id
    LEFT JOIN named ON named.developer_id = j.id
    WHERE d.id = j.id
    RETURNING d.workspace_id, d.id, d.account_id, j.account_before
)
INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
SELECT workspace_id, id
FROM changed
WHERE account_id IS DISTINCT FROM account_before
