"""Draws the pictures of README.md from demo data: ``make screenshots``."""

import json
import sys
import tempfile
from pathlib import Path

from tests.browser import start_chromium
from tests.running import ROOT, Uptick
from tests.stories.person import Person

IMAGES = ROOT / "docs" / "images"
WIDTH = 1280
# Of one page; the lower part is better seen in the product itself.
HEIGHTS = {"overview": 1050, "account": 1050}


def main() -> int:
    """Start a demo, log in, take each picture in light and dark."""
    with tempfile.TemporaryDirectory(prefix="uptick-") as directory:
        uptick = Uptick(Path(directory), demo=True)
        driver = None
        try:
            uptick.start(seconds=300)
            demo = json.loads(uptick.inside("demo_login"))
            driver = start_chromium()
            person = Person(driver, uptick.address)
            person.do("Emulation.setScrollbarsHidden", hidden=True)
            person.looks(width=WIDTH)
            person.log_in(demo["email"], demo["password"])
            person.go(f"/w/{demo['workspace_slug']}/accounts/")
            account = person.find("#results tbody th a").get_attribute("href")
            pages = {
                "overview": f"/w/{demo['workspace_slug']}/overview/",
                "account": (account or "").removeprefix(uptick.address),
            }
            for name, path in pages.items():
                for dark in (False, True):
                    file = IMAGES / f"{name}-{'dark' if dark else 'light'}.png"
                    person.looks(width=WIDTH, height=HEIGHTS[name], dark=dark)
                    person.go(path)
                    driver.save_screenshot(str(file))
                    sys.stdout.write(f"{file}\n")
        finally:
            if driver is not None:
                driver.quit()
            uptick.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
