from django.db import migrations, models

# No foreign keys and no unique index: every reference is resolved, and every repeat
# dropped, by the digest's own transaction. Text columns have no limit, since a limit
# would cost a check per row and could only turn an odd event into a failing batch.
CREATE = """
CREATE SEQUENCE ingest_event_id_seq CACHE 100;
CREATE TABLE ingest_event (
    id bigint NOT NULL DEFAULT nextval('ingest_event_id_seq'),
    workspace_id bigint NOT NULL,
    identity_id bigint NOT NULL,
    product_id bigint NOT NULL,
    metric_id bigint NOT NULL,
    api_key_id bigint,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    count integer NOT NULL DEFAULT 1,
    value double precision,
    flags smallint NOT NULL DEFAULT 0,
    is_test boolean NOT NULL DEFAULT false,
    dialect text NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    environment text NOT NULL,
    session_id text NOT NULL,
    user_agent text NOT NULL,
    ip inet,
    properties jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (occurred_at);
ALTER SEQUENCE ingest_event_id_seq OWNED BY ingest_event.id;
CREATE INDEX ingest_event_timeline
    ON ingest_event (workspace_id, identity_id, occurred_at DESC);
CREATE INDEX ingest_event_arrival
    ON ingest_event USING brin (received_at) WITH (pages_per_range = 32);
CREATE TABLE ingest_event_default PARTITION OF ingest_event DEFAULT;

-- The months around today; `ensure_partitions` goes on from here every night.
DO $$
DECLARE
    first_day timestamptz;
    this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
    FOR months IN -12..3 LOOP
        first_day := (this_month + months * interval '1 month') AT TIME ZONE 'UTC';
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF ingest_event FOR VALUES FROM (%L) TO (%L)',
            'ingest_event_' || to_char(first_day AT TIME ZONE 'UTC', 'YYYY_MM'),
            first_day,
            (this_month + (months + 1) * interval '1 month') AT TIME ZONE 'UTC'
        );
    END LOOP;
END $$;
"""

# Usage rows are updated in place, many times on their own day: room on each page lets
# PostgreSQL do it without touching an index. The inbox is a queue: vacuum it by the
# number of rows gone through, not by a share of a table that is mostly empty, and do
# not compress payloads that live for a second.
TUNE = """
ALTER TABLE accounts_dailyusage SET (fillfactor = 85);
ALTER TABLE accounts_workspaceusage SET (fillfactor = 50);
ALTER TABLE ingest_ingestcounter SET (fillfactor = 50);
ALTER TABLE ingest_inboxentry ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE ingest_inboxentry SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000
);
ALTER TABLE accounts_toucheddeveloper SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000
);
"""
UNTUNE = """
ALTER TABLE accounts_dailyusage RESET (fillfactor);
ALTER TABLE accounts_workspaceusage RESET (fillfactor);
ALTER TABLE ingest_ingestcounter RESET (fillfactor);
ALTER TABLE ingest_inboxentry ALTER COLUMN payload SET STORAGE EXTENDED;
ALTER TABLE ingest_inboxentry RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold
);
ALTER TABLE accounts_toucheddeveloper RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("ingest", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(CREATE, "DROP TABLE ingest_event"),
        migrations.RunSQL(TUNE, UNTUNE),
        migrations.AddField(
            model_name="inboxentry",
            name="is_replay",
            field=models.BooleanField(db_default=False),
        ),
        migrations.AddIndex(
            model_name="inboxentry",
            index=models.Index(
                condition=models.Q(("tries__gt", 0)),
                fields=["not_before", "id"],
                name="inbox_to_try_again",
            ),
        ),
        migrations.CreateModel(
            name="EventHorizon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("day", models.DateField()),
                ("moved_at", models.DateTimeField(db_default=models.functions.Now())),
            ],
        ),
    ]
