"""Where each address leads. Ingestion has its own URLconf: see `ingest.middleware`."""

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("admin/", admin.site.urls),
    path("", include("ingest.urls")),
    path("", include("dashboards.urls")),
]
