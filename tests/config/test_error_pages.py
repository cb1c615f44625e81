"""What people see when something is not there, not allowed, or broken."""

import pytest
from django.test import Client
from django.urls import reverse
from django.views.defaults import server_error

from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


def test_not_found_for_strangers_and_members(client):
    for person in (None, make_member(make_workspace())):
        if person:
            client.force_login(person)
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "Nothing is here" in response.content.decode()


def test_not_allowed(client):
    client.force_login(make_member(make_workspace(), "viewer"))
    response = client.get(reverse("admin:accounts_product_add"))
    assert response.status_code == 403
    assert "Your role does not allow this" in response.content.decode()


def test_a_form_without_its_token():
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("admin:login"), {"username": "x"})
    assert response.status_code == 403
    assert "The form was not taken" in response.content.decode()


def test_broken_needs_no_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert "Something broke" in response.content.decode()
