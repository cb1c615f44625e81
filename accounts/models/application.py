"""Applications that report their users' actions, and who has a seat in them.

Source: contract ``productiv``, "Application definition" and "Provisioned users".
"""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from accounts.models.catalogue import Metric, Product
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet

LONGEST_NAME = 200
LONGEST_ACTION = 100


class Application(models.Model):
    """What a product is as an application: its id in addresses, and what it is for."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="applications"
    )
    product = models.OneToOneField(
        Product,
        on_delete=models.CASCADE,
        related_name="application",
        help_text="Its name is the application's; its use is what the events add to.",
    )
    app_id = models.CharField(
        "app id",
        max_length=LONGEST_NAME,
        help_text="What senders put into the address: …/apps/APP_ID/events.",
    )
    icon = models.URLField(
        max_length=500, blank=True, help_text="Address of a picture, if there is one."
    )
    category = models.CharField(
        max_length=100, blank=True, help_text="Collaboration, Design, Security, …"
    )
    subcategory = models.CharField("sub-category", max_length=100, blank=True)
    description = models.TextField(blank=True)
    has_sso = models.BooleanField(
        "single sign-on", default=False, help_text="People log in through it."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("app_id",)
        constraints = (
            # Also the look-up at the door of the dialect `productiv`.
            models.UniqueConstraint(
                fields=("workspace", "app_id"),
                name="application_id_once",
                violation_error_message="This workspace has an application of that id.",
            ),
        )

    def __str__(self) -> str:
        return self.app_id

    def clean(self) -> None:
        """Refuse an id that fits into no address."""
        self.app_id = self.app_id.strip()
        if not self.app_id.isprintable() or "/" in self.app_id:
            raise ValidationError(
                {"app_id": "An id is made of printable characters without a slash."}
            )


class EventDefinition(models.Model):
    """An event that an application may send, and the metric that it counts for."""

    class Category(models.TextChoices):
        """The categories of the contract; the values are what definitions say."""

        CONSUME = "Consume", "Consume"
        PRODUCE = "Produce", "Produce"
        COLLABORATE = "Collaborate", "Collaborate"
        ADMINISTER = "Administer", "Administer"
        LOGIN = "Login", "Login"
        OTHER = "Other", "Other"

    # Found through its application.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, db_index=False, related_name="events"
    )
    name = models.CharField(
        max_length=LONGEST_NAME, help_text="The eventName, as senders write it."
    )
    description = models.CharField(max_length=500, blank=True)
    category = models.CharField(max_length=20, choices=Category, default=Category.OTHER)
    actions = ArrayField(
        models.CharField(max_length=LONGEST_ACTION),
        default=list,
        blank=True,
        help_text="Groups of events that are one feature, separated by commas.",
    )
    minimum_tier = models.CharField(
        "minimum licence tier",
        max_length=100,
        blank=True,
        help_text="The cheapest licence that it can be done with.",
    )
    # The metric of the event's own name; made with the definition.
    metric = models.ForeignKey(
        Metric, on_delete=models.RESTRICT, editable=False, related_name="+"
    )

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("application", "name")
        verbose_name = "event"
        constraints = (
            models.UniqueConstraint(
                fields=("application", "name"),
                name="event_definition_once",
                violation_error_message="The application has an event of that name.",
            ),
            # Two names of one metric could not be told apart in usage.
            models.UniqueConstraint(
                fields=("application", "metric"), name="event_definition_metric_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ProvisionedUser(models.Model):
    """Somebody who has a seat in an application, whether they use it or not.

    No developer: that is made by use. The two meet in the e-mail address.
    """

    # Found through its application.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    application = models.ForeignKey(
        Application,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="provisioned_users",
    )
    app_user_id = models.CharField(
        "user id", max_length=LONGEST_NAME, help_text="The person's id there."
    )
    email = models.CharField("e-mail", max_length=320)
    # As the identity of that address is written (`accounts.kinds.normalise`).
    folded_email = models.CharField(max_length=320, editable=False)
    username = models.CharField(max_length=LONGEST_NAME, blank=True)
    license = models.CharField(
        "licence", max_length=LONGEST_NAME, blank=True, help_text="Its tier, say."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("application", "folded_email", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "app_user_id"), name="provisioned_user_once"
            ),
        )
        indexes = (
            # People who never came, in order of address; keyset paging and export.
            models.Index(
                fields=("application", "folded_email", "id"),
                name="provisioned_user_by_email",
            ),
        )

    def __str__(self) -> str:
        return self.email
