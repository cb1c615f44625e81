"""What the ingestion page says of reasons that a name alone does not explain."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ingest.models import IngestCounter, QuarantinedEvent, RefusedRequest
from tests.factories import make_key, make_member, make_workspace

pytestmark = pytest.mark.django_db
PAGE = "/w/acme/ingestion/"


@pytest.fixture
def workspace():
    return make_workspace("acme")


def browser(workspace, role="member"):
    client = Client()
    client.force_login(make_member(workspace, role))
    return client


@pytest.mark.parametrize(
    ("reason", "bound"),
    [
        ("too_many_metrics", b"has 2,000 metrics or more"),
        ("too_many_products", b"has 1,000 products or more"),
    ],
)
def test_a_bound_is_explained_once_for_all_its_names(workspace, reason, bound):
    for number in range(3):
        QuarantinedEvent.objects.create(
            workspace=workspace,
            dialect="telemetrydeck",
            reason=reason,
            subject="hostile-app",
            detail=f"type.{number}",
            received_at=timezone.now(),
            payload=b"[]",
        )
    page = browser(workspace).get(PAGE)
    assert len(page.context["page"].quarantine) == 1
    assert bound in page.content
    assert b"Sent by app hostile-app." in page.content


def test_refused_requests_are_listed_and_lead_to_the_doctor(workspace):
    key, _ = make_key(workspace)
    row = RefusedRequest.objects.create(
        workspace=workspace,
        api_key=key,
        dialect="reo",
        at=timezone.now(),
        reason="not_json",
        status=400,
        request="POST /api/product/usage HTTP/1.1\n\n<b>not json",
        answer='{"response_code": 400}',
    )
    IngestCounter.objects.create(
        workspace=workspace,
        api_key=key,
        hour=timezone.now(),
        dialect="reo",
        outcome="refused:not_json",
        count=1,
    )
    member = browser(workspace)
    listed = reverse("admin:ingest_refusedrequest_changelist")
    assert f'href="{listed}"' in member.get(PAGE).content.decode()
    assert "Not json" in member.get(listed).content.decode()
    shown = reverse("admin:ingest_refusedrequest_change", args=[row.pk])
    page = member.get(shown).content.decode()
    assert "&lt;b&gt;not json" in page
    doctor = f"/w/acme/doctor/?refused={row.pk}"
    assert f'href="{doctor}"' in page
    assert "&lt;b&gt;not json" in member.get(doctor).content.decode()
    assert member.post(shown, {"reason": "x"}).status_code == 403
    # Bodies may be about people: not for everybody who may look.
    assert browser(workspace, "viewer").get(listed).status_code == 403
