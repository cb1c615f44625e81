-- Question: none; gives back what hung on a developer before they were merged away:
-- rows that moved and are still there, and those that went because of a twin. A row
-- that meets another one since, or whose list, tag or stage is gone, stays away.
-- Index: primary key of the table. Cost: one write per row.
WITH given AS (
    UPDATE {table} AS t
    SET developer_id = %(to)s
    FROM jsonb_array_elements_text(%(moved)s::jsonb) AS m (id)
    WHERE t.id = m.id::bigint AND t.developer_id = %(from)s
)
INSERT INTO {table}
SELECT was.*
FROM jsonb_populate_recordset(NULL::{table}, %(dropped)s::jsonb) AS was
WHERE {parents}
ON CONFLICT DO NOTHING
