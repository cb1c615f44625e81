-- Question: none; deletes the rows of a workspace in some pages of one table, or of one
-- partition.
-- Index: none; a range of row addresses. Those who refer to a row are looked up by
-- theirs. Cost: those pages, each read once in a pass.
DELETE FROM {table} AS t
WHERE
    t.ctid >= format('(%%s,0)', %(first_page)s::int)::tid
    AND t.ctid < format('(%%s,0)', %(end_page)s::int)::tid
    AND {is_theirs}
