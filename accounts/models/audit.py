"""Who did what to something that matters: keys, people, data."""

from django.db import models
from django.utils import timezone

from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class AuditEntry(models.Model):
    """One line of the audit log. Written once, never changed."""

    class Action(models.TextChoices):
        """What was done."""

        KEY_CREATED = "key_created", "API key created"
        KEY_VIEWED = "key_viewed", "API key viewed"
        KEY_ROTATED = "key_rotated", "API key rotated"
        KEY_REVOKED = "key_revoked", "API key revoked"
        KEY_CHANGED = "key_changed", "API key changed"
        QUARANTINE_REPLAYED = "quarantine_replayed", "Quarantine replayed"
        QUARANTINE_DISCARDED = "quarantine_discarded", "Quarantine discarded"
        CORRECTION_MADE = "correction_made", "Correction made"
        CORRECTION_UNDONE = "correction_undone", "Correction undone"
        TOKENS_REVOKED = "tokens_revoked", "Access tokens revoked"
        MEMBER_CHANGED = "member_changed", "Member changed"
        WORKSPACE_CHANGED = "workspace_changed", "Workspace changed"
        LICENSE_ADDED = "license_added", "Licence added"
        LICENSE_CHANGED = "license_changed", "Licence changed"
        LICENSE_REVOKED = "license_revoked", "Licence revoked"
        LICENSES_IMPORTED = "licenses_imported", "Licences imported"
        APP_ADDED = "app_added", "App added"
        APP_CHANGED = "app_changed", "App changed"
        APP_SWITCHED_ON = "app_switched_on", "App switched on"
        APP_SWITCHED_OFF = "app_switched_off", "App switched off"
        APP_REMOVED = "app_removed", "App removed"
        SCORE_MODEL_CHANGED = "score_model_changed", "Score model changed"
        ACCOUNT_CHANGED = "account_changed", "Account changed"
        ACCOUNTS_IMPORTED = "accounts_imported", "Accounts imported"
        ACCOUNT_FIELD_CHANGED = "account_field_changed", "Account field changed"
        FIT_CHANGED = "fit_changed", "Fit criteria changed"
        STAGE_SET = "stage_set", "Stage set by hand"
        STAGE_RELEASED = "stage_released", "Stage released"
        STAGES_CHANGED = "stages_changed", "Stages changed"
        LIST_CREATED = "list_created", "List created"
        LIST_CHANGED = "list_changed", "List changed"
        LIST_DELETED = "list_deleted", "List deleted"
        TAG_CHANGED = "tag_changed", "Tag changed"
        NOTE_DELETED = "note_deleted", "Note deleted"
        WEBHOOK_CHANGED = "webhook_changed", "Webhook changed"
        RED_FLAG_RESOLVED = "red_flag_resolved", "Red flag resolved"
        RED_FLAG_REOPENED = "red_flag_reopened", "Red flag opened again"
        RECORD_FLAGGED = "record_flagged", "Record flagged as wrong"
        FLAG_SETTLED = "flag_settled", "Flagged record settled"
        OPT_OUT_ADDED = "opt_out_added", "Opt-out added"
        OPT_OUT_REMOVED = "opt_out_removed", "Opt-out removed"
        DEVELOPER_ERASED = "developer_erased", "Developer erased"
        DEVELOPER_EXPORTED = "developer_exported", "Developer exported"
        RETENTION_APPLIED = "retention_applied", "Retention applied"
        SEGMENT_CHANGED = "segment_changed", "Segment changed"

    # Empty for what belongs to no workspace, such as signals of unknown apps.
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="audit_entries",
        null=True,
        blank=True,
    )
    at = models.DateTimeField(default=timezone.now)
    # Empty for an operator at the command line.
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=30, choices=Action)
    subject = models.CharField(max_length=200)
    detail = models.JSONField(default=dict, blank=True)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes = (
            # The audit page of a workspace, newest first.
            models.Index(fields=("workspace", "-id"), name="audit_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.subject}"
