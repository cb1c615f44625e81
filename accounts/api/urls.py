"""Addresses of the REST API, below ``/api/v1/``."""

from rest_framework.routers import SimpleRouter

from accounts.api.licenses import LicenseViewSet, VersionViewSet

app_name = "api"
router = SimpleRouter()
router.register("licences", LicenseViewSet, basename="licence")
router.register("product-versions", VersionViewSet, basename="product-version")
urlpatterns = router.urls
