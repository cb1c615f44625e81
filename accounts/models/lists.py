"""What people pick by hand: lists of accounts or developers, tags and notes."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.developer import Developer
from accounts.models.palette import Hue
from accounts.models.subject import Subject
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class CuratedList(models.Model):
    """A hand-picked list. An entry that matches nobody yet waits until it does."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="curated_lists"
    )
    subject = models.CharField(max_length=10, choices=Subject, verbose_name="of")
    name = models.CharField(max_length=150)
    description = models.CharField(max_length=500, blank=True)
    is_exclude = models.BooleanField(
        "exclude list",
        default=False,
        help_text="Competitors, your own company: no segment, Today page or alert "
        "names who is on it.",
    )
    # As the maker of a list through the `reo` routes gave it; kept, not interpreted.
    mapping = models.JSONField(default=dict, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        verbose_name = "list"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "name"),
                name="curated_list_name_once",
                violation_error_message="This workspace has a list of that name.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def key_name(self) -> str:
        """Say what its entries are given by."""
        return "domain" if self.subject == Subject.ACCOUNT else "email"


class ListEntry(models.Model):
    """One entry: a domain or an address, and whom it stands for once that is known."""

    # Found through its list.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    curated_list = models.ForeignKey(
        CuratedList, on_delete=models.CASCADE, db_index=False, related_name="entries"
    )
    # Registrable domain of an account, or address of a developer; empty for one who
    # was picked on a page and is known by neither.
    value = models.CharField(max_length=320, blank=True)
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="list_entries",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="list_entries",
    )
    data = models.JSONField(
        default=dict, blank=True, help_text="What came along with it."
    )
    added_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "list entries"
        constraints = (
            models.UniqueConstraint(
                fields=("curated_list", "value"),
                condition=~Q(value=""),
                name="list_entry_value_once",
            ),
            models.UniqueConstraint(
                fields=("curated_list", "account"), name="list_entry_account_once"
            ),
            models.UniqueConstraint(
                fields=("curated_list", "developer"), name="list_entry_developer_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(developer__isnull=True),
                name="list_entry_one_subject",
            ),
        )
        indexes = (
            # Which entries still wait for somebody?
            models.Index(
                fields=("workspace", "value"),
                condition=Q(account__isnull=True, developer__isnull=True),
                name="list_entry_waiting",
            ),
        )

    def __str__(self) -> str:
        return self.value or str(self.account or self.developer)


class Tag(models.Model):
    """A coloured word on accounts or developers, put there by hand or by a rule."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="tags"
    )
    subject = models.CharField(max_length=10, choices=Subject, verbose_name="for")
    name = models.CharField(max_length=50)
    colour = models.CharField(max_length=10, choices=Hue, default=Hue.BLUE)
    description = models.CharField(max_length=300, blank=True)
    rule = models.JSONField(
        null=True,
        blank=True,
        help_text="In the language of segments: whoever it matches has the tag. Empty: "
        "by hand only.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "subject", "name"),
                name="tag_name_once",
                violation_error_message="There is a tag of that name.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Trim the name."""
        self.name = self.name.strip()
        if not self.name:
            raise ValidationError({"name": "A tag needs a name."})


class TagMark(models.Model):
    """A tag on one account or developer.

    ``is_off`` is a mark that a person took away and a rule must not put back.
    """

    # Found through its tag.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    tag = models.ForeignKey(
        Tag, on_delete=models.CASCADE, db_index=False, related_name="marks"
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tag_marks",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tag_marks",
    )
    by_hand = models.BooleanField(default=False)
    is_off = models.BooleanField(default=False)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("tag", "id")
        constraints = (
            # Also: who has the tag.
            models.UniqueConstraint(
                fields=("tag", "account"), name="tag_mark_account_once"
            ),
            models.UniqueConstraint(
                fields=("tag", "developer"), name="tag_mark_developer_once"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="tag_mark_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(is_off=False) | Q(by_hand=True),
                name="tag_mark_off_by_hand",
            ),
        )

    def __str__(self) -> str:
        return f"{self.tag}: {self.account or self.developer}"


class Note(models.Model):
    """What a member wrote down about an account or a developer."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="notes"
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notes",
    )
    text = models.TextField(max_length=5000)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="note_one_subject",
            ),
        )
        indexes = (
            # The latest notes of an account, or of a developer.
            models.Index(F("account").asc(), F("id").desc(), name="note_of_account"),
            models.Index(
                F("developer").asc(), F("id").desc(), name="note_of_developer"
            ),
        )

    def __str__(self) -> str:
        return self.text[:80]
