"""What each member has done with the accounts of their Today page."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class TodayMark(models.Model):
    """One member's answer to one suggested account; a new answer takes its place.

    ``done`` holds until the account changes again, ``snoozed`` until a moment,
    ``not_relevant`` until the member takes it back.
    """

    class Kind(models.TextChoices):
        """What the member said."""

        DONE = "done", "Done"
        SNOOZED = "snoozed", "Snoozed"
        NOT_RELEVANT = "not_relevant", "Not relevant"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="today_marks", db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="today_marks"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    made_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("user", "account"), name="today_mark_once"),
            models.CheckConstraint(
                condition=Q(kind="snoozed", until__isnull=False)
                | (~Q(kind="snoozed") & Q(until__isnull=True)),
                name="today_mark_until_when_snoozed",
            ),
        )
        indexes = (
            # What did this member do in this workspace, latest first?
            models.Index(
                fields=("workspace", "user", "-made_at"), name="today_mark_latest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: account {self.account_id}"
