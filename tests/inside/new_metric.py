"""Create a metric: its workspace's slug, and its key."""

import sys

from accounts.models import Metric, Workspace

workspace = Workspace.objects.get(slug=sys.argv[1])
Metric.objects.create(workspace=workspace, key=sys.argv[2])
