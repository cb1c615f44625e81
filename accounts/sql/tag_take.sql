-- Question: none; takes a tag from those whom its rule matches no more.
-- Index: tag_mark_account_once, tag_mark_developer_once.
-- Cost: a scan of the tag's marks, or a probe per given id; one write per mark.
DELETE FROM accounts_tagmark AS m
WHERE
    m.tag_id = %(tag)s
    AND NOT m.by_hand
    AND (%(only)s::bigint[] IS NULL OR m.{column} = ANY (%(only)s::bigint[]))
    AND NOT EXISTS (SELECT FROM tag_matched AS t WHERE t.id = m.{column})
