"""The ingestion routes of all dialects; `ingest.middleware` answers them first."""

from django.urls import path

from ingest.dialects import DIALECTS

app_name = "ingest"
urlpatterns = [
    path(f"{route.path}{slash}", route.view, name=route.name)
    for dialect in DIALECTS.values()
    for route in dialect.routes
    # Reversing takes the last of a name: the one without the slash.
    for slash in ("/", "")
]
