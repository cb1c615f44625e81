-- Question: none; writes down how many are in a segment today.
-- Index: primary key. Cost: one write.
INSERT INTO accounts_segmentsize (workspace_id, segment_id, day, size)
VALUES (%(workspace)s, %(segment)s, %(day)s, %(size)s)
ON CONFLICT (segment_id, day) DO UPDATE SET size = excluded.size
WHERE accounts_segmentsize.size <> excluded.size
