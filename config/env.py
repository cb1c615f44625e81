"""Typed readers for environment variables.

Every setting that an operator may change goes through one of these functions, so that
a bad value stops the start with one clear line. Nothing else reads the environment.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class EnvironmentValueError(ValueError):
    """An environment variable holds a value that its setting cannot use."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name}: expected {wanted}")


def env_str(name: str, default: str = "") -> str:
    """Return the variable's text, or ``default`` when it is unset."""
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes/no variable; accepts 1/0, true/false, yes/no, on/off."""
    if name not in os.environ:
        return default
    word = os.environ[name].strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise EnvironmentValueError(name, "1 or 0, true or false, yes or no, on or off")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    """Return a whole number not below ``minimum``."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise EnvironmentValueError(name, "a whole number") from None
    if number < minimum:
        raise EnvironmentValueError(name, f"a whole number of {minimum} or more")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of a variable, blanks dropped."""
    words = os.environ.get(name, default).split(",")
    return [word.strip() for word in words if word.strip()]


def env_secret(name: str) -> str:
    """Return a secret from ``NAME``, else from the file that ``NAME_FILE`` names.

    A secret in a file stays out of process listings and crash reports. An empty
    string means that neither was given.
    """
    if os.environ.get(name):
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EnvironmentValueError(
            f"{name}_FILE", f"a readable file ({error.strerror})"
        ) from None


def database_settings(url: str) -> dict[str, object]:
    """Turn a ``postgresql://`` URL into one entry of Django's ``DATABASES``.

    ``?host=/path`` names a socket directory, as in libpq. Other query parameters
    (``sslmode`` and the like) are passed on to the driver.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise EnvironmentValueError("DATABASE_URL", "a postgresql:// address")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    host = str(options.pop("host", "")) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "uptick",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
