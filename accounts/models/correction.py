"""Corrections by people: merges, splits and moves, each undoable."""

from django.db import models
from django.utils import timezone

from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class Correction(models.Model):
    """One change to who is who, with what is needed to take it back."""

    class Kind(models.TextChoices):
        """What was done."""

        MERGE = "merge", "Developers merged"
        SPLIT = "split", "Identity split off"
        MOVE = "move", "Moved to another account"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="corrections"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    # Who did it; empty for a rule, and for an operator at the command line.
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # Ids and former values; its shape is documented in `accounts/corrections.py`.
    before = models.JSONField(default=dict)
    developer_ids = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def who(self) -> str:
        """Who did it: a person, an operator, or a rule that joined identities."""
        by_rule = self.kind == self.Kind.MERGE and self.before.get("by_rule", True)
        return str(self.actor or ("a rule" if by_rule else "an operator"))

    @property
    def left(self) -> list[str]:
        """What could not be as it was before, once it was taken back."""
        return list(self.before.get("left", ()))
