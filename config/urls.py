"""Where each address leads. Ingestion has its own URLconf: see `ingest.middleware`."""

from django.contrib import admin
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import include, path, reverse_lazy
from drf_spectacular.views import SpectacularAPIView

from accounts.api import product_lists
from config import api_docs, health, icons
from ingest import public_keys

urlpatterns = [
    # Browsers ask for it before they have read where ours is.
    path("favicon.ico", icons.favicon),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", api_docs.page, name="api-docs"),
    # Who verifies signed answers needs no log-in.
    path("api/v1/public-key.pem", public_keys.pem, name="public-key"),
    path("api/v1/public-keys/<slug:kid>.pem", public_keys.key_pem, name="key-by-id"),
    path(
        "api/v1/public-key/<slug:slug>/<path:product>.pem",
        public_keys.product_pem,
        name="product-public-key",
    ),
    path(".well-known/jwks.json", public_keys.jwks, name="jwks"),
    path("admin/", admin.site.urls),
    path(
        "invitation/<uidb64>/<token>/",
        PasswordResetConfirmView.as_view(
            success_url=reverse_lazy("dashboards:home"),
            post_reset_login=True,
            reset_url_token="set-password",  # noqa: S106 (a word in the address)
        ),
        name="invitation",
    ),
    path("api/v1/", include("accounts.api.urls")),
    path("api/v1/", include("dashboards.api.urls")),
    # As the vendor's own paths are; senders rarely agree on the last slash.
    path("api/product/list", product_lists.Lists.as_view(), name="product-lists"),
    path("api/product/list/", product_lists.Lists.as_view()),
    path(
        "api/product/list/<int:pk>",
        product_lists.OneList.as_view(),
        name="product-list",
    ),
    path("api/product/list/<int:pk>/", product_lists.OneList.as_view()),
    path("", include("ingest.urls")),
    path("", include("dashboards.urls")),
]
