"""Gives workspaces from before stages the default ones, and has everybody judged."""

from typing import Any

from django.db import migrations

DEFAULTS = [
    ("account", "Discover", "grey", "Somebody of the company was seen.", {"all": []}),
    (
        "account",
        "Evaluate",
        "blue",
        "They came back, or looked at several things.",
        {
            "any": [
                {"usage": {"at_least": 2, "count": "days", "days": 30}},
                {"usage": {"at_least": 2, "count": "metrics", "days": 30}},
            ]
        },
    ),
    (
        "account",
        "Build",
        "violet",
        "They work with it, on many days.",
        {
            "all": [
                {"usage": {"at_least": 10, "days": 30}},
                {"usage": {"at_least": 5, "count": "days", "days": 30}},
            ]
        },
    ),
    (
        "account",
        "Deploy",
        "teal",
        "Used week after week, by several people or under a licence.",
        {
            "all": [
                {"usage": {"at_least": 3, "count": "weeks", "days": 28}},
                {
                    "any": [
                        {"usage": {"at_least": 3, "count": "developers", "days": 28}},
                        {"field": "licence", "is": "one_of", "value": ["active"]},
                    ]
                },
            ]
        },
    ),
    ("developer", "Discover", "grey", "They were seen.", {"all": []}),
    (
        "developer",
        "Evaluate",
        "blue",
        "They came back, or tried several things.",
        {
            "any": [
                {"usage": {"at_least": 2, "count": "days", "days": 30}},
                {"usage": {"at_least": 2, "count": "metrics", "days": 30}},
            ]
        },
    ),
    (
        "developer",
        "Build",
        "violet",
        "They work with it, on many days.",
        {
            "all": [
                {"usage": {"at_least": 10, "days": 30}},
                {"usage": {"at_least": 5, "count": "days", "days": 30}},
            ]
        },
    ),
    (
        "developer",
        "Deploy",
        "teal",
        "They use it week after week, on most working days.",
        {
            "all": [
                {"usage": {"at_least": 3, "count": "weeks", "days": 28}},
                {"usage": {"at_least": 8, "count": "days", "days": 28}},
            ]
        },
    ),
]


def add_stages(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    Workspace = apps.get_model("accounts", "Workspace")
    Stage = apps.get_model("accounts", "Stage")
    Rescored = apps.get_model("accounts", "Rescored")
    for workspace in list(Workspace.objects.filter(stages__isnull=True)):
        position = {"account": 0, "developer": 0}
        for subject, name, colour, description, rule in DEFAULTS:
            position[subject] += 1
            Stage.objects.create(
                workspace=workspace,
                subject=subject,
                name=name,
                position=position[subject],
                colour=colour,
                description=description,
                rule=rule,
            )
        for subject in position:
            Rescored.objects.create(workspace=workspace, subject=subject)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_apps_in_audit_log")]

    operations = [migrations.RunPython(add_stages, migrations.RunPython.noop)]
