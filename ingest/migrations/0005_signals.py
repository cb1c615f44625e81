import django.db.models.deletion
from django.db import migrations, models

# The page "Signals" reads one workspace's signals of a period; events of other dialects
# are not in it and cost nothing more.
INDEX = """
CREATE INDEX ingest_event_signals ON ingest_event (workspace_id, occurred_at)
    WHERE dialect = 'telemetrydeck'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_app_ids"),
        ("ingest", "0004_licences"),
    ]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX ingest_event_signals"),
        migrations.AlterField(
            model_name="inboxentry",
            name="workspace",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="accounts.workspace",
            ),
        ),
        migrations.AlterField(
            model_name="quarantinedevent",
            name="workspace",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="quarantined_events",
                to="accounts.workspace",
            ),
        ),
        migrations.AlterField(
            model_name="quarantinedevent",
            name="reason",
            field=models.CharField(
                choices=[
                    ("metric_not_configured", "Metric not configured"),
                    ("unknown_app", "Unknown app"),
                    ("app_disabled", "App not enabled"),
                    ("bad_signal", "Not a valid signal"),
                    ("poison", "Could not be digested"),
                ],
                max_length=30,
            ),
        ),
    ]
