-- Question: none; ends the stays of those who are wanted no longer. An "any" tells why
-- by what held when they entered.
-- Index: primary key. Cost: one write per move.
UPDATE accounts_segmentmember AS m
SET
    left_at = greatest(%(at)s, m.entered_at),
    left_because = jsonb_build_object(
        'rule',
        %(rule)s::bigint,
        'parts',
        CASE
            WHEN %(as_entered)s AND m.because -> 'rule' = to_jsonb(%(rule)s::bigint)
                THEN coalesce(m.because -> 'parts', '[]')
            ELSE to_jsonb(move.parts)
        END
    )
FROM segment_move AS move
WHERE m.id = move.member_id
