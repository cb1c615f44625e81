-- Question: of which partitions does a table consist, and how many pages has each? A
-- table without partitions is its own only one.
-- Index: the catalogue's. Cost: one look at the size of each file.
SELECT
    part.relid::regclass::text,
    ceil(
        pg_relation_size(part.relid)::float8 / current_setting('block_size')::int
    )::bigint
FROM (
    SELECT tree.relid
    FROM pg_partition_tree(%(table)s::regclass) AS tree
    WHERE tree.isleaf
    UNION
    SELECT c.oid
    FROM pg_class AS c
    WHERE c.oid = %(table)s::regclass AND c.relkind = 'r'
) AS part (relid)
ORDER BY 1
