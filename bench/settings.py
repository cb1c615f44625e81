"""Settings of the bare view: ours, with its one address and no middleware."""

from config.settings import *  # noqa: F403 (a settings module is made of names)

ROOT_URLCONF = "bench.bare"
MIDDLEWARE: list[str] = []
