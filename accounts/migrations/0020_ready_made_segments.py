"""Gives workspaces from before segments the ready-made ones."""

from typing import Any

from django.db import migrations

READY_MADE = [
    (
        "surging",
        "account",
        "Surging accounts",
        (
            "Companies whose score has jumped within a week. Talk to them while they are at "
            "it."
        ),
        {"field": "trend", "is": "one_of", "value": ["surging"]},
    ),
    (
        "evaluating",
        "account",
        "Evaluating now",
        (
            "Companies that appeared in the last two months, come back, and have no licence in "
            "force: they are making up their minds."
        ),
        {
            "all": [
                {"field": "first_seen", "is": "within", "value": 60},
                {"usage": {"count": "days", "at_least": 2, "days": 14}},
                {"field": "licence", "is": "none_of", "value": ["active"]},
            ]
        },
    ),
    (
        "new",
        "account",
        "New companies this week",
        "Companies seen for the first time within the last seven days.",
        {"field": "first_seen", "is": "within", "value": 7},
    ),
    (
        "power_users",
        "developer",
        "Power users",
        (
            "People with a High score who were active on ten days or more of the last thirty. "
            "Good people to ask, and to thank."
        ),
        {
            "all": [
                {"field": "band", "is": "one_of", "value": ["high"]},
                {"usage": {"count": "days", "at_least": 10, "days": 30}},
            ]
        },
    ),
    (
        "cooling",
        "account",
        "Cooling customers",
        (
            "Companies that hold a licence or have spent something, and use less than they "
            "did, or nothing for a month."
        ),
        {
            "all": [
                {"field": "trend", "is": "one_of", "value": ["cooling", "dormant"]},
                {
                    "any": [
                        {"field": "licence", "is": "known"},
                        {"field": "lifetime_value", "is": "above", "value": 0},
                    ]
                },
            ]
        },
    ),
    (
        "free_mail",
        "developer",
        "Free-mail explorers",
        (
            "People with a private address whom no rule could find a company for, active "
            "within the last thirty days. Some work for one that you know."
        ),
        {
            "all": [
                {"field": "free_mail", "is": "yes"},
                {"field": "has_account", "is": "no"},
                {"usage": {"at_least": 1, "days": 30}},
            ]
        },
    ),
    (
        "unused_seats",
        "account",
        "Unused seats",
        (
            "Companies that pay for more than they use: a licence with fewer activations than "
            "seats, or a seat whose holder never came."
        ),
        {"field": "unused_seat", "is": "yes"},
    ),
    (
        "tampered",
        "developer",
        "Tampered copies",
        (
            "People and machines with a copy that should not run: under a revoked or "
            "unknown licence, on an installation that was never activated, or of a "
            "version that was never released. Most name no company."
        ),
        {
            "field": "red_flag",
            "is": "one_of",
            "value": [
                "revoked_license",
                "unknown_license",
                "unknown_activation",
                "unknown_product",
                "unknown_version",
                "incorrect_format",
            ],
        },
    ),
]


def add_segments(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    Workspace = apps.get_model("accounts", "Workspace")
    Segment = apps.get_model("accounts", "Segment")
    for workspace in Workspace.objects.all():
        Segment.objects.bulk_create(
            Segment(
                workspace=workspace,
                ready_made=key,
                subject=subject,
                name=name,
                description=description,
                rule=rule,
                is_shared=True,
            )
            for key, subject, name, description, rule in READY_MADE
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_segments")]

    operations = [migrations.RunPython(add_segments, migrations.RunPython.noop)]
