"""Addresses of the read API, below ``/api/v1/``; each answers with and without ``/``.

A slash that is missing costs a redirect elsewhere, and programs do not like those.
"""

from rest_framework.routers import SimpleRouter

from dashboards.api.accounts import AccountView
from dashboards.api.catalogue import MetricView, ProductView
from dashboards.api.developers import DeveloperView, IdentityView
from dashboards.api.events import EventView
from dashboards.api.list_writing import ListView
from dashboards.api.quarantine import QuarantineView
from dashboards.api.scores import AccountScoreView
from dashboards.api.segments import SegmentView, TagView
from dashboards.api.usage import UsageView

app_name = "read"
router = SimpleRouter()
router.trailing_slash = "/?"
for name, view in (
    ("products", ProductView),
    ("metrics", MetricView),
    ("accounts", AccountView),
    ("account-scores", AccountScoreView),
    ("developers", DeveloperView),
    ("identities", IdentityView),
    ("usage", UsageView),
    ("events", EventView),
    ("segments", SegmentView),
    ("lists", ListView),
    ("tags", TagView),
    ("quarantine", QuarantineView),
):
    router.register(name, view, basename=name)
urlpatterns = router.urls
