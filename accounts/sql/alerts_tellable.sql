-- Question: which of these happenings may anybody be told? Not those about who is on an
-- exclude list; an account takes its people along.
-- Index: of list entries, those of the account and of the developer.
-- Cost: a few probes per happening.
SELECT h.id
FROM accounts_happening AS h
LEFT JOIN accounts_developer AS d ON d.id = h.developer_id
WHERE
    h.id = ANY (%(happenings)s::bigint[])
    AND NOT EXISTS (
        SELECT FROM accounts_listentry AS e
        JOIN accounts_curatedlist AS l ON l.id = e.curated_list_id AND l.is_exclude
        WHERE
            e.account_id IN (h.account_id, d.account_id)
            OR e.developer_id = h.developer_id
    )
