"""``replay_quarantine --workspace SLUG``: send waiting events through the digest."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.commanding import workspace_named
from accounts.models import Workspace
from accounts.models.catalogue import fold_metric_key
from ingest.background import flush_all
from ingest.models import QuarantinedEvent
from ingest.quarantine import discard, replay


class Command(BaseCommand):
    help = "Replay quarantined events of a workspace, or discard them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--reason", choices=QuarantinedEvent.Reason.values)
        parser.add_argument("--metric", help="only events of this metric")
        parser.add_argument("--id", type=int, action="append", help="only this event")
        parser.add_argument(
            "--discard", action="store_true", help="give them up instead"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *_: Any, **options: Any) -> None:
        workspace = workspace_named(options["workspace"])
        metric = options["metric"]
        chosen: dict[str, Any] = {
            "reason": options["reason"],
            "subject": None if metric is None else fold_metric_key(metric),
            "ids": options["id"],
        }
        if options["dry_run"]:
            self.stdout.write(f"{self._count(workspace, **chosen)} events wait.")
        elif options["discard"]:
            number = discard(workspace, **chosen)
            self.stdout.write(f"{number} events are discarded.")
        else:
            number = replay(workspace, **chosen)
            flush_all()
            self.stdout.write(f"{number} events are on their way.")

    def _count(
        self,
        workspace: Workspace,
        *,
        reason: str | None,
        subject: str | None,
        ids: list[int] | None,
    ) -> int:
        waiting = QuarantinedEvent.objects.filter(
            workspace=workspace, status=QuarantinedEvent.Status.WAITING
        )
        if reason is not None:
            waiting = waiting.filter(reason=reason)
        if subject is not None:
            waiting = waiting.filter(subject=subject)
        if ids is not None:
            waiting = waiting.filter(pk__in=ids)
        return waiting.count()
