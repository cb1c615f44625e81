"""The application's settings, with engines and secrets of the tests' own.

The servers are real, embedded ones in a directory of their own. PostgreSQL starts at
the first connection, and the workers of a parallel run share it.
"""

from tests import engines

engines.prepare_environment()

from config.settings import *  # noqa: E402, F403

# Hashing that is slow on purpose is most of the time of a test that logs in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest is made by collectstatic, which no test waits for.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Files are found in their places, which need not have been collected.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
