-- Question: what do the rules say about the developers of this batch?
-- Index: none. Cost: linear in the evidence; writes a temporary table only.
INSERT INTO pending_evidence (
    developer_id, workspace_id, rule, confidence, detail, domain, organisation, name,
    ip, place
)
SELECT *
FROM unnest(
    %(developers)s::bigint[],
    %(workspaces)s::bigint[],
    %(rules)s::text[],
    %(confidences)s::double precision[],
    %(details)s::text[],
    %(domains)s::text[],
    %(organisations)s::text[],
    %(names)s::text[],
    %(ips)s::inet[]
) WITH ORDINALITY
