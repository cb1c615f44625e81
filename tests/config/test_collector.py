"""The web server's processes keep what they loaded from being collected."""

import subprocess
import sys

LOADED = """
import gc, sys
import config.wsgi
print(gc.get_freeze_count(), "dashboards.views.pages" in sys.modules)
gc.collect()
"""


def test_a_web_process_freezes_what_it_loaded():
    said = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(said[0]) > 50_000
    assert said[1] == "True"
