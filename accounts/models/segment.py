"""Segments: saved rules that select accounts or developers, and whom they selected."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.developer import Developer
from accounts.models.subject import Subject
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class SegmentQuerySet(WorkspaceQuerySet["Segment"]):
    """Segments by who may see them."""

    def seen_by(self, user: User) -> "SegmentQuerySet":
        """Keep one's own and the shared ones."""
        return self.filter(Q(is_shared=True) | Q(owner=user))


class Segment(models.Model):
    """A saved rule, and who matches it, kept in step with what they use.

    A ready-made one has no owner and a ``ready_made`` key; it is hidden, not deleted.
    """

    class Editors(models.TextChoices):
        """Who may change a segment."""

        OWNER = "owner", "Its owner and admins"
        MEMBERS = "members", "All members"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="segments"
    )
    subject = models.CharField(max_length=10, choices=Subject, verbose_name="of")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    notes = models.TextField(max_length=5000, blank=True)
    rule = models.JSONField(help_text="In the language of docs/segments.md.")
    owner = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    is_shared = models.BooleanField(
        "shared", default=False, help_text="Every member of the workspace sees it."
    )
    editors = models.CharField(
        "may be changed by", max_length=10, choices=Editors, default=Editors.OWNER
    )
    ready_made = models.CharField(max_length=30, blank=True, editable=False)
    is_hidden = models.BooleanField("hidden", default=False)
    # What members see first who have chosen nothing themselves; one per subject.
    is_default = models.BooleanField(
        "default", default=False, help_text="What every member sees first."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # When everybody was last looked at; null until first done, or after a change.
    refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False)
    # Why the rule cannot be used, such as a metric that is gone; members stay as is.
    problem = models.CharField(max_length=500, blank=True, editable=False)

    objects = SegmentQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "ready_made"),
                condition=~Q(ready_made=""),
                name="segment_ready_made_once",
            ),
            models.UniqueConstraint(
                fields=("workspace", "subject"),
                condition=Q(is_default=True),
                name="segment_default_once",
            ),
            # Nobody else could see what all see first.
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_shared=True),
                name="segment_default_is_shared",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Trim the name."""
        self.name = self.name.strip()
        if not self.name:
            raise ValidationError({"name": "A segment needs a name."})


class SegmentRule(models.Model):
    """One version of a segment's rule, in words. Never edited.

    ``parts`` are the words of the conditions side by side at the top: members name
    them by their place.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="rules")
    rule = models.JSONField()
    words = models.TextField()
    parts = models.JSONField(default=list)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.words[:80]


class SegmentMember(models.Model):
    """A stay of one account or developer in a segment; ``left_at`` null is now.

    ``because`` and ``left_because`` say what turned: ``{"rule": id of the SegmentRule,
    "parts": [places of its conditions that came, or ceased, to hold]}``. No places: the
    rule itself was changed, or the rule asks nothing.
    """

    # Found through its segment.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, db_index=False, related_name="members"
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="segment_members",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="segment_members",
    )
    entered_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    because = models.JSONField(default=dict, blank=True)
    left_because = models.JSONField(default=dict, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-entered_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="segment_member_one_subject",
            ),
            # Who is in it now? Also: is this one?
            models.UniqueConstraint(
                fields=("segment", "account"),
                condition=Q(left_at__isnull=True, account__isnull=False),
                name="segment_member_account_now",
            ),
            models.UniqueConstraint(
                fields=("segment", "developer"),
                condition=Q(left_at__isnull=True, developer__isnull=False),
                name="segment_member_developer_now",
            ),
        )
        indexes = (
            # Who came lately, and who left?
            models.Index(
                fields=("segment", "-entered_at", "-id"), name="segment_member_entered"
            ),
            models.Index(
                F("segment"),
                F("left_at").desc(),
                F("id").desc(),
                condition=Q(left_at__isnull=False),
                name="segment_member_left",
            ),
            # The segments of an account, and of a developer.
            models.Index(
                fields=("account", "left_at"),
                condition=Q(account__isnull=False),
                name="segment_member_of_account",
            ),
            models.Index(
                fields=("developer", "left_at"),
                condition=Q(developer__isnull=False),
                name="segment_member_of_developer",
            ),
        )

    def __str__(self) -> str:
        return f"Segment {self.segment_id} from {self.entered_at:%Y-%m-%d}"


class SegmentSize(models.Model):
    """How many were in a segment at the end of a UTC day, or so far today."""

    pk = models.CompositePrimaryKey("segment_id", "day")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, db_index=False, related_name="sizes"
    )
    day = models.DateField()
    size = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.size}"


class SegmentMark(models.Model):
    """What one member thinks of a segment: a favourite, or what they see first."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, db_index=False, related_name="marks"
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="segment_marks"
    )
    # Of the segment, so that the default can be unique.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    subject = models.CharField(max_length=10, choices=Subject)
    is_favourite = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("segment", "user"), name="segment_mark_once"
            ),
            models.UniqueConstraint(
                fields=("workspace", "user", "subject"),
                condition=Q(is_default=True),
                name="segment_mark_default_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.segment}"
