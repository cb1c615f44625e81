"""Let a workspace take reamaze requests with an authkey and no API key."""

import sys

from accounts.models import Workspace

Workspace.objects.filter(slug=sys.argv[1]).update(reamaze_authkey_alone=True)
