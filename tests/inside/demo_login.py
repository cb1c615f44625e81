"""Print the demo workspace's log-in and key as JSON."""

import json
import sys
from dataclasses import asdict

from accounts.demo import demo_credentials

json.dump(asdict(demo_credentials()), sys.stdout)
