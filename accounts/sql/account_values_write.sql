-- Write the changed fields of some accounts, and the fit that follows from them.
-- Index: the primary key. Cost: one row written per account; the caller holds the
-- rows locked, in order.
UPDATE accounts_account AS account
SET name = written.name,
    country = written.country,
    industry = written.industry,
    employees = written.employees,
    fields = written.fields,
    field_sources = written.field_sources,
    fit = written.fit,
    fit_points = written.fit_points
FROM jsonb_to_recordset(%(rows)s::jsonb) AS written (
    id bigint,
    name text,
    country text,
    industry text,
    employees integer,
    fields jsonb,
    field_sources jsonb,
    fit text,
    fit_points double precision
)
WHERE account.id = written.id
