"""Create a metric and replay what waited for it; print how much that was."""

import sys

from accounts.models import Metric, Workspace
from ingest.quarantine import replay

workspace = Workspace.objects.get(slug="acme")
Metric.objects.create(workspace=workspace, key=sys.argv[1])
sys.stdout.write(str(replay(workspace, reason="metric_not_configured")))
