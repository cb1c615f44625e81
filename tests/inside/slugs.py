"""Print the slugs of all workspaces."""

import sys

from accounts.models import Workspace

sys.stdout.write(
    " ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
)
