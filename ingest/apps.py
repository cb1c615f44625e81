"""App config of `ingest`."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """What happened?"""

    name = "ingest"
    verbose_name = "Ingestion"
