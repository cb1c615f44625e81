"""Facts about many rows: whose they are, and who may see them.

`visible_to` alone decides which rows a person sees; every list, choice and direct
address starts from it. Imported by the models, so it imports none of them.
"""

from typing import TYPE_CHECKING, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

if TYPE_CHECKING:
    from accounts.models.workspace import User, Workspace

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class WorkspaceQuerySet(models.QuerySet[Row_co, Row_co]):
    """Rows that belong to a workspace."""

    workspace_column = "workspace_id"

    def in_workspace(self, workspace: "Workspace") -> Self:
        """Keep the rows of one workspace."""
        return self.filter(**{self.workspace_column: workspace.pk})

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Keep the rows of the workspaces that a person belongs to.

        The ids are written into the query: a join with memberships would cost the
        planner its estimate of the big table behind it.
        """
        if isinstance(user, AnonymousUser) or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self.all()
        return self.filter(**{f"{self.workspace_column}__in": list(user.roles)})


class WorkspaceSet(WorkspaceQuerySet[Row_co]):
    """Workspaces themselves."""

    workspace_column = "pk"
