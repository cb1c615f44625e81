"""Django settings of Uptick: one file, every choice readable from the environment.

``docs/configuration.md`` lists each variable; a test compares the two.
"""

from pathlib import Path

from csp.constants import NONE, SELF

from config import engines
from config.engines.secrets import local_secret
from config.env import (
    database_settings,
    env_bool,
    env_int,
    env_list,
    env_secret,
    env_str,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# ---- What runs, and for whom -------------------------------------------------------

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_secret("SECRET_KEY") or local_secret("SECRET_KEY")
# Peppers the look-up hash of API keys and identities; changing it invalidates both.
KEY_PEPPER = env_secret("KEY_PEPPER") or local_secret("KEY_PEPPER")
# Encrypts what the server must be able to read back (API keys, signing keys).
FIELD_KEY = env_secret("FIELD_KEY") or local_secret("FIELD_KEY")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "*")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
# The address customers reach this server at; used in curl lines and mails.
PUBLIC_URL = env_str("PUBLIC_URL").rstrip("/")
# How many proxies in front of us set X-Forwarded-For; 0 trusts the peer address.
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
HTTPS = env_bool("HTTPS", default=False)
WEB_WORKERS = env_int("WEB_WORKERS", 2, minimum=1)
# Per worker: so many requests can share one commit. With 1 each waits for its own,
# and single events arrive several times slower (docs/decisions/0001).
WEB_THREADS = env_int("WEB_THREADS", 16, minimum=1)
WORKER_PROCESSES = env_int("WORKER_PROCESSES", 2, minimum=1)

INSTALLED_APPS = [
    "config.apps.UptickAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
    "config",
    "accounts",
    "ingest",
    "dashboards",
]

MIDDLEWARE = [
    # Ingestion answers here and skips everything below: the stock stack doubles the
    # time of a trimmed view (47 of 94 microseconds).
    "ingest.middleware.IngestShortcut",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.context.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")

# ---- Engines -----------------------------------------------------------------------

DATABASES = {
    "default": {
        **database_settings(engines.database_url()),
        "ENGINE": engines.database_backend(),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = engines.broker_url()
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = env_int("TASK_TIME_LIMIT", 600, minimum=10)
CELERY_BROKER_TRANSPORT_OPTIONS = engines.broker_transport_options(
    longest_task=CELERY_TASK_TIME_LIMIT
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A hint that cannot be sent is not worth waiting for: beat finds the work anyway.
CELERY_TASK_PUBLISH_RETRY = False

# ---- Ingestion ---------------------------------------------------------------------

INGEST_MAX_BODY_BYTES = env_int("INGEST_MAX_BODY_BYTES", 1024 * 1024, minimum=1024)
INGEST_MAX_EVENTS = env_int("INGEST_MAX_EVENTS", 1000, minimum=1)
# Beyond these a workspace's metrics and products no longer register themselves.
INGEST_MAX_METRICS = env_int("INGEST_MAX_METRICS", 2000, minimum=1)
INGEST_MAX_PRODUCTS = env_int("INGEST_MAX_PRODUCTS", 1000, minimum=1)
INGEST_RATE_PER_KEY = env_int("INGEST_RATE_PER_KEY", 20_000)
INGEST_RATE_PER_ADDRESS = env_int("INGEST_RATE_PER_ADDRESS", 20_000)
INGEST_KEY_CACHE_SECONDS = env_int("INGEST_KEY_CACHE_SECONDS", 5)
ACCESS_TOKEN_SECONDS = env_int("ACCESS_TOKEN_SECONDS", 3600, minimum=60)
DIGEST_BATCH_EVENTS = env_int("DIGEST_BATCH_EVENTS", 20_000, minimum=1)
DIGEST_MAX_TRIES = env_int("DIGEST_MAX_TRIES", 3, minimum=1)
DIGEST_EVERY_SECONDS = env_int("DIGEST_EVERY_SECONDS", 2, minimum=1)
EVENT_KEY_DAYS = env_int("EVENT_KEY_DAYS", 400, minimum=1)
# Whole months of raw events to keep besides the current one; 0 keeps all.
EVENT_RETENTION_MONTHS = env_int("EVENT_RETENTION_MONTHS", 0)
# How old the oldest waiting request may be before /health/ready says "degraded".
HEALTH_INBOX_SECONDS = env_int("HEALTH_INBOX_SECONDS", 120, minimum=1)
IDEMPOTENCY_KEY_HOURS = env_int("IDEMPOTENCY_KEY_HOURS", 48, minimum=24)
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

# ---- Identity and attribution ------------------------------------------------------

# An operator-supplied MMDB with organisation and country; none ships with Uptick.
IP_DATABASE = env_str("IP_DATABASE")
# One with countries, where the other has none.
IP_COUNTRY_DATABASE = env_str("IP_COUNTRY_DATABASE")
# Classes that fill fields of accounts; an earlier one's values stay before a later.
ENRICHMENT_PLUG_INS = env_list("ENRICHMENT_PLUG_INS", "accounts.enrichment.ip.IpPlugIn")
ENRICHMENT_DAYS = env_int("ENRICHMENT_DAYS", 30, minimum=1)
# Networks of one's own that webhooks may reach although they are not public.
WEBHOOK_ALLOWED_NETWORKS = env_list("WEBHOOK_ALLOWED_NETWORKS")
FREE_MAIL_DOMAINS = env_list("FREE_MAIL_DOMAINS")
NOT_FREE_MAIL_DOMAINS = env_list("NOT_FREE_MAIL_DOMAINS")

# ---- People and pages --------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "dashboards:home"
LOGOUT_REDIRECT_URL = "admin:login"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# ---- Mail --------------------------------------------------------------------------

# Without a host nothing is mailed, and pages say so.
EMAIL_HOST = env_str("EMAIL_HOST")
EMAIL_PORT = env_int("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env_str("EMAIL_USER")
EMAIL_HOST_PASSWORD = env_str("EMAIL_PASSWORD")
EMAIL_USE_SSL = env_str("EMAIL_SECURITY", "starttls") == "ssl"
EMAIL_USE_TLS = env_str("EMAIL_SECURITY", "starttls") == "starttls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "uptick@localhost")

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = engines.data_dir() / "static"
STORAGES = {
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
}

# ---- API ---------------------------------------------------------------------------

# For each key of the read API, all of them at once if it likes; 0 is no limit.
API_REQUESTS_PER_MINUTE = env_int("API_REQUESTS_PER_MINUTE", 600)
# Counting who was active is kept for a while where it takes longer than this.
ACTIVE_KEPT_FROM_SECONDS = 1.0
EXPORT_DIR = Path(env_str("EXPORT_DIR") or engines.data_dir() / "exports")
EXPORT_HOURS = env_int("EXPORT_HOURS", 24, minimum=1)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Uptick API",
    "DESCRIPTION": "Open, self-hosted product-usage intelligence.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SORT_OPERATIONS": False,
    "PREPROCESSING_HOOKS": ["config.api_docs.without_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api_docs.with_bodies_to_delete",
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
            "bearer": {"type": "http", "scheme": "bearer"},
            "accessToken": {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {
                        "tokenUrl": "/oauth2/token",
                        "scopes": {
                            "connector.write": "Send events and provisioned users",
                            "report.read": "Another name of connector.write",
                        },
                    }
                },
            },
            "client": {
                "type": "http",
                "scheme": "basic",
                "description": "CLIENT_ID:CLIENT_SECRET",
            },
            "basic": {"type": "http", "scheme": "basic"},
            "licenceKey": {"type": "apiKey", "in": "query", "name": "api_key"},
        }
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# ---- Logs --------------------------------------------------------------------------

LOG_LEVEL = env_str("LOG_LEVEL", "INFO")
LOG_FORMAT = env_str("LOG_FORMAT", "text")
LOGGING_CONFIG = "config.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
