"""Secrets that an installation makes for itself when nobody gives it any.

They live in one file that only its owner can read. Production passes its own.
"""

import base64
import fcntl
import json
import os

from config.engines.errors import EngineError
from config.engines.paths import make_data_dir

FILE_NAME = "secrets.json"


def local_secret(name: str) -> str:
    """Return the secret ``name``, made of 32 random bytes on first use.

    The text is URL-safe base64 with padding, 44 characters. Two processes asking
    for the first time get the same answer.
    """
    path = make_data_dir() / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EngineError(f"Cannot open {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        secrets: dict[str, str] = json.loads(file.read() or "{}")
        if name not in secrets:
            secrets[name] = base64.urlsafe_b64encode(os.urandom(32)).decode()
            file.seek(0)
            json.dump(secrets, file, indent=2)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return secrets[name]
