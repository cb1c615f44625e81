"""What the operator reads when everything runs: where, as whom, and a first event."""

import json
import shlex
import time

from accounts.demo import DemoCredentials


def address(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def welcome(base: str, demo: DemoCredentials | None, *, seconds: float) -> str:
    """Return the text; without a demo workspace it names the next two commands."""
    lines = ["", f"Uptick is ready after {seconds:.1f} s:  {base}/", ""]
    if demo is None:
        manage = ".venv/bin/python manage.py"
        lines += [
            f"Make a log-in:     {manage} create_user EMAIL --operator",
            f"Make a workspace:  {manage} create_workspace SLUG",
        ]
    else:
        lines += [
            f"Log in as {demo.email} with the password {demo.password}",
            "",
            "Send an event, and find it under Ingestion:",
            "",
            example(base, demo.api_key),
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything; the data stays."])


def example(base: str, key: str) -> str:
    """Return a shell command that sends the documented example as of now."""
    event = {
        "activity_type": "LOGIN_ACTIVITY",
        "source": "TELEMETRY",
        "environment": "PRODUCTION",
        "user_id": "https://www.linkedin.com/in/userid",
        "user_id_type": "LINKEDIN",
        "ip_addr": "156.59.87.83",
        "event_id": 1231231232,
        "event_at": int(time.time()),
        "product_id": "reoWebApp",
        "user_agent": (
            "Mozilla/5.0 (Macintosh, Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
            "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
        ),
        "meta": {"property1": "value1", "property2": "value2"},
    }
    body = json.dumps({"payload": event}, indent=4)
    return " \\\n".join(
        [
            f"curl --location {shlex.quote(f'{base}/api/product/usage')}",
            f"--header {shlex.quote(f'X-API-KEY: {key}')}",
            "--header 'Content-Type: application/json'",
            f"--data {shlex.quote(body)}",
        ]
    )
