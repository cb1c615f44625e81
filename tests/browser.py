"""Starts the Chromium that browser tests and screenshots use."""

import atexit
import shutil
import tempfile

from selenium import webdriver

# Quiet: no first-run pages, no look-ups of the maker's hosts. No sandbox: tests run as
# root in containers, and only our own pages are opened.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def start_chromium() -> webdriver.Chrome:
    """Return a driver with an empty profile; it logs the console for CSP checks."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ARGUMENTS:
        options.add_argument(argument)
    profile = tempfile.mkdtemp(prefix="uptick-chromium-")
    atexit.register(shutil.rmtree, profile, ignore_errors=True)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return webdriver.Chrome(options=options, service=service)
