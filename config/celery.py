"""The Celery application and the one table of everything periodic."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("uptick")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def periodic() -> dict[str, Any]:
    """Return what runs when; called when the configuration is first looked at.

    Each body is a plain function that a management command calls too; all of them are
    idempotent, so a tick too many does no harm.
    """
    return {
        "beat_schedule": {
            "digest-inbox": {
                "task": "ingest.tasks.digest_inbox",
                "schedule": float(settings.DIGEST_EVERY_SECONDS),
                "options": {"expires": 10},
            },
            "score-touched": {
                "task": "accounts.tasks.score_touched",
                "schedule": 5.0,
                "options": {"expires": 30},
            },
            # Scoring asks for it; this catches what it could not ask, and what was
            # scored as a whole.
            "judge-rescored": {
                "task": "accounts.tasks.judge_rescored",
                "schedule": 5.0,
                "options": {"expires": 10},
            },
            "tell-followers": {
                "task": "accounts.tasks.tell_followers",
                "schedule": 15.0,
                "options": {"expires": 30},
            },
            "watch-workspaces": {
                "task": "ingest.tasks.watch_workspaces",
                "schedule": 300.0,
                "options": {"expires": 300},
            },
            "resolve-lists": {
                "task": "accounts.tasks.resolve_lists",
                "schedule": 60.0,
                "options": {"expires": 60},
            },
            "plan-digests": {
                "task": "accounts.tasks.plan_digests",
                "schedule": crontab(hour="7", minute="0"),
            },
            # Digests ask for it as they commit; this catches what a crash cut off.
            "join-waiting": {
                "task": "accounts.tasks.join_waiting",
                "schedule": 60.0,
                "options": {"expires": 60},
            },
            # Once a day, soon after midnight; the other ticks find nothing to do.
            "refresh-trends": {
                "task": "accounts.tasks.refresh_trends",
                "schedule": 600.0,
                "options": {"expires": 600},
            },
            "count-versions": {
                "task": "accounts.tasks.count_versions",
                "schedule": 60.0,
                "options": {"expires": 60},
            },
            # Digests raise them; this catches what a crash cut off after a commit.
            "find-red-flags": {
                "task": "ingest.tasks.find_red_flags",
                "schedule": crontab(minute="40"),
            },
            "tidy-versions": {
                "task": "accounts.tasks.tidy_versions",
                "schedule": crontab(hour="1", minute="20"),
            },
            "snapshot-scores": {
                "task": "accounts.tasks.snapshot_scores",
                "schedule": crontab(hour="0", minute="10"),
            },
            "rate-fits": {
                "task": "accounts.tasks.rate_all_fits",
                "schedule": crontab(hour="0", minute="50"),
            },
            # New accounts and stale ones; a run ends well before the next begins.
            "enrich-accounts": {
                "task": "accounts.tasks.enrich_accounts",
                "schedule": 600.0,
                "options": {"expires": 600},
            },
            # The windows of rules end today, also where nothing happened.
            "judge-all": {
                "task": "accounts.tasks.judge_all",
                "schedule": crontab(hour="0", minute="20"),
            },
            # Those whose scores change are looked at within seconds; this finds what
            # else moves people: fields, tags, licences, and time itself.
            "refresh-segments": {
                "task": "accounts.tasks.refresh_segments",
                "schedule": crontab(minute="5"),
                "options": {"expires": 3600},
            },
            "ensure-partitions": {
                "task": "ingest.tasks.ensure_partitions",
                "schedule": crontab(hour="0", minute="30"),
            },
            # Pages ask for exports; this finds those that no hint told of.
            "write-exports": {
                "task": "dashboards.tasks.write_waiting_exports",
                "schedule": 60.0,
                "options": {"expires": 60},
            },
            "prune-exports": {
                "task": "dashboards.tasks.prune_exports",
                "schedule": crontab(minute="*/10"),
            },
            # Soon after midnight; later ones find nothing to do.
            "count-active-ahead": {
                "task": "dashboards.tasks.count_active_ahead",
                "schedule": crontab(minute="1"),
                "options": {"expires": 3600},
            },
            # Ends well before the next begins; what a crash cut off goes on here.
            "remove-workspaces": {
                "task": "ingest.tasks.remove_workspaces",
                "schedule": 600.0,
                "options": {"expires": 600},
            },
            "prune": {
                "task": "ingest.tasks.prune",
                "schedule": crontab(hour="1", minute="0"),
            },
        }
    }


# A function, because settings may not be read while this module is imported.
app.add_defaults(periodic)
