-- Which application has this id, and which events may it send? The events come as one
-- JSON object: name to category and metric.
-- Index: application_id_once, event_definition_once. Cost: one row, its events.
SELECT
    application.id,
    product.key::text,
    (
        SELECT
            coalesce(
                jsonb_object_agg(
                    definition.name,
                    jsonb_build_array(definition.category, metric.key)
                ),
                '{}'::jsonb
            )::text
        FROM accounts_eventdefinition AS definition
        INNER JOIN accounts_metric AS metric ON metric.id = definition.metric_id
        WHERE definition.application_id = application.id
    )
FROM accounts_application AS application
INNER JOIN accounts_product AS product ON product.id = application.product_id
WHERE
    application.workspace_id = %(workspace_id)s::bigint
    AND application.app_id = %(app_id)s::text
