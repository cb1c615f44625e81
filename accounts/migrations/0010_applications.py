"""Applications with their events and provisioned users, and OAuth access tokens."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_app_ids"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("key_created", "API key created"),
                    ("key_viewed", "API key viewed"),
                    ("key_rotated", "API key rotated"),
                    ("key_revoked", "API key revoked"),
                    ("key_changed", "API key changed"),
                    ("quarantine_replayed", "Quarantine replayed"),
                    ("quarantine_discarded", "Quarantine discarded"),
                    ("correction_made", "Correction made"),
                    ("correction_undone", "Correction undone"),
                    ("tokens_revoked", "Access tokens revoked"),
                    ("member_changed", "Member changed"),
                    ("workspace_changed", "Workspace changed"),
                    ("license_added", "Licence added"),
                    ("license_changed", "Licence changed"),
                    ("license_revoked", "Licence revoked"),
                    ("licenses_imported", "Licences imported"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=50),
                blank=True,
                default=list,
                help_text="What an OAuth client's tokens may do; empty means everything.",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="Application",
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
                        help_text="What senders put into the address: …/apps/APP_ID/events.",
                        max_length=200,
                        verbose_name="app id",
                    ),
                ),
                (
                    "icon",
                    models.URLField(
                        blank=True,
                        help_text="Address of a picture, if there is one.",
                        max_length=500,
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True,
                        help_text="Collaboration, Design, Security, …",
                        max_length=100,
                    ),
                ),
                (
                    "subcategory",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="sub-category"
                    ),
                ),
                ("description", models.TextField(blank=True)),
                (
                    "has_sso",
                    models.BooleanField(
                        default=False,
                        help_text="People log in through it.",
                        verbose_name="single sign-on",
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
                    models.OneToOneField(
                        help_text="Its name is the application's; its use is what the events add to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="application",
                        to="accounts.product",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="applications",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ("app_id",),
            },
        ),
        migrations.CreateModel(
            name="EventDefinition",
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
                    "name",
                    models.CharField(
                        help_text="The eventName, as senders write it.", max_length=200
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=500)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("Consume", "Consume"),
                            ("Produce", "Produce"),
                            ("Collaborate", "Collaborate"),
                            ("Administer", "Administer"),
                            ("Login", "Login"),
                            ("Other", "Other"),
                        ],
                        default="Other",
                        max_length=20,
                    ),
                ),
                (
                    "actions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="Groups of events that are one feature, separated by commas.",
                        size=None,
                    ),
                ),
                (
                    "minimum_tier",
                    models.CharField(
                        blank=True,
                        help_text="The cheapest licence that it can be done with.",
                        max_length=100,
                        verbose_name="minimum licence tier",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="accounts.application",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="accounts.metric",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "ordering": ("application", "name"),
            },
        ),
        migrations.CreateModel(
            name="ProvisionedUser",
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
                    "app_user_id",
                    models.CharField(
                        help_text="The person's id there.",
                        max_length=200,
                        verbose_name="user id",
                    ),
                ),
                ("email", models.CharField(max_length=320, verbose_name="e-mail")),
                ("folded_email", models.CharField(editable=False, max_length=320)),
                ("username", models.CharField(blank=True, max_length=200)),
                (
                    "license",
                    models.CharField(
                        blank=True,
                        help_text="Its tier, say.",
                        max_length=200,
                        verbose_name="licence",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="provisioned_users",
                        to="accounts.application",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ("application", "folded_email", "id"),
            },
        ),
        migrations.CreateModel(
            name="AccessToken",
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
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("prefix", models.CharField(editable=False, max_length=24)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        editable=False,
                        size=None,
                    ),
                ),
                ("expires_at", models.DateTimeField(editable=False)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="access_tokens",
                        to="accounts.apikey",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["expires_at"], name="access_token_by_end")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.UniqueConstraint(
                fields=("workspace", "app_id"),
                name="application_id_once",
                violation_error_message="This workspace has an application of that id.",
            ),
        ),
        migrations.AddConstraint(
            model_name="eventdefinition",
            constraint=models.UniqueConstraint(
                fields=("application", "name"),
                name="event_definition_once",
                violation_error_message="The application has an event of that name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="eventdefinition",
            constraint=models.UniqueConstraint(
                fields=("application", "metric"), name="event_definition_metric_once"
            ),
        ),
        migrations.AddIndex(
            model_name="provisioneduser",
            index=models.Index(
                fields=["application", "folded_email", "id"],
                name="provisioned_user_by_email",
            ),
        ),
        migrations.AddConstraint(
            model_name="provisioneduser",
            constraint=models.UniqueConstraint(
                fields=("application", "app_user_id"), name="provisioned_user_once"
            ),
        ),
    ]
