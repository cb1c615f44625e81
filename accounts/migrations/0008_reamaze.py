"""Lifetime value, and a workspace's choices for Reamaze senders."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_licences")]

    operations = [
        migrations.AddField(
            "workspace",
            "reamaze_authkey_alone",
            models.BooleanField(
                "accept an authkey alone",
                default=False,
                db_default=False,
                help_text="Reamaze senders that name the account in the address may "
                "leave out the API key: their authkey proves that they know it. The "
                "browser script works in this way in any case.",
            ),
        ),
        migrations.AddField(
            "workspace",
            "reamaze_sso_sealed",
            models.TextField(blank=True, default="", db_default="", editable=False),
        ),
        migrations.AddField(
            "workspace",
            "outside_images",
            models.BooleanField(
                "show pictures from elsewhere",
                default=False,
                db_default=False,
                help_text="Avatars are fetched by the browsers of your members from "
                "where the profile says, or from gravatar.com, which so learns who is "
                "looked at.",
            ),
        ),
        migrations.AddField(
            "metric",
            "adds_to_lifetime_value",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="The values of its events are money, or another worth to "
                "add up: their sum is the lifetime value of developers and accounts.",
            ),
        ),
        migrations.AddField(
            "developerscore",
            "lifetime_value",
            models.FloatField(default=0.0, db_default=0.0),
        ),
        migrations.AddField(
            "accountscore",
            "lifetime_value",
            models.FloatField(default=0.0, db_default=0.0),
        ),
        migrations.AddIndex(
            "developerscore",
            models.Index(
                fields=["workspace", "-lifetime_value", "-developer"],
                condition=models.Q(
                    ("lifetime_value__lt", 0),
                    ("lifetime_value__gt", 0),
                    _connector="OR",
                ),
                name="developer_value_order",
            ),
        ),
        migrations.AlterField(
            "auditentry",
            "action",
            models.CharField(
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
    ]
