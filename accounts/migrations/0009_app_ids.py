import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_reamaze")]

    operations = [
        migrations.CreateModel(
            name="AppId",
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
                (
                    "app_id",
                    models.CharField(
                        help_text="The appID that the app sends, often a UUID.",
                        max_length=200,
                        verbose_name="app id",
                    ),
                ),
                (
                    "folded_id",
                    models.CharField(
                        editable=False,
                        error_messages={"unique": "This app id is already in use."},
                        max_length=200,
                        unique=True,
                    ),
                ),
                (
                    "is_enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Signals of an app that is not enabled wait in "
                        "quarantine.",
                        verbose_name="enabled",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        help_text="What its signals are about; several apps may be "
                        "one product.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="app_ids",
                        to="accounts.product",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="app_ids",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={"verbose_name": "app", "ordering": ("app_id",)},
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="workspace",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="audit_entries",
                to="accounts.workspace",
            ),
        ),
    ]
