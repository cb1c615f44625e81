-- Question: none; puts a tag on those whom its rule matches and who have no mark of it,
-- not even one that says "not this".
-- Index: tag_mark_account_once, tag_mark_developer_once.
-- Cost: a probe per match, one write per new mark.
INSERT INTO accounts_tagmark (workspace_id, tag_id, {column}, by_hand, is_off, at)
SELECT %(workspace)s, %(tag)s, t.id, FALSE, FALSE, now()
FROM tag_matched AS t
WHERE
    %(only)s::bigint[] IS NULL OR t.id = ANY (%(only)s::bigint[])
ON CONFLICT (tag_id, {column}) DO NOTHING
