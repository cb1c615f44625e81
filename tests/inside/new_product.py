"""Create a product, unless it is there: its workspace's slug, and its key."""

import sys

from accounts.models import Product, Workspace

workspace = Workspace.objects.get(slug=sys.argv[1])
key = sys.argv[2]
Product.objects.get_or_create(workspace=workspace, key=key, defaults={"name": key})
