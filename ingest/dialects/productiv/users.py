"""``…/apps/{appId}/users``: who has a seat in an application.

Source: contract ``productiv``, Provisioned users.
"""

from typing import Any, ClassVar

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema_view

from accounts.models import Identity
from accounts.models.api_key import Scope as OAuthScope
from accounts.opt_outs import digest_of
from ingest import commit
from ingest.body import parse_json
from ingest.counters import count_opted_out
from ingest.dialects import fields
from ingest.dialects.base import Scope
from ingest.dialects.fields import Complaints, Scalar
from ingest.dialects.productiv import docs
from ingest.dialects.productiv.access import (
    KEY,
    MOST_NAMED,
    SUCCESS,
    ApplicationView,
    KnownApplication,
    body_object,
    listed,
    refuse_all,
)
from ingest.dialects.productiv.events import email_address
from ingest.inbox import Accepted, Answer, KeyNoLongerValid
from ingest.prepared import Prepared
from ingest.verified_key import VerifiedKey

PUT = Prepared("provisioned_put")
REMOVE = Prepared("provisioned_remove")
LIST = Prepared("provisioned_list")
FIELD = "provisionedUsers"


class Person(msgspec.Struct, rename="camel"):
    """Somebody with a seat, as senders write it."""

    app_user_id: Scalar = None
    email: Scalar = None
    username: Scalar = None
    license: Scalar = None


class Seat(msgspec.Struct, frozen=True):
    """The same, checked."""

    app_user_id: str
    email: str
    folded_email: str
    username: str
    license: str


def parse_users(body: bytes) -> list[Seat]:
    """Return the people of a body by user id, each once; the last of an id counts.

    Raises:
        Refused: one of them is wrong, or there are none or too many.
    """
    items = listed(body_object(parse_json(body), FIELD).get(FIELD), FIELD)
    complaints = Complaints()
    seats: dict[str, Seat] = {}
    for index, item in enumerate(items):
        own = Complaints()
        seat = _seat(own, f"{FIELD}[{index}]", item)
        seats[seat.app_user_id] = seat
        complaints += own
        if len(complaints) >= MOST_NAMED:
            break
    refuse_all(complaints)
    return [seats[user_id] for user_id in sorted(seats)]


def _seat(complaints: Complaints, place: str, item: Any) -> Seat:
    if not isinstance(item, dict):
        complaints.add(place, "must be an object")
        return Seat("", "", "", "", "")
    form = fields.read_form(complaints, Person, item, below=f"{place}.")
    user_id = fields.text(
        complaints, f"{place}.appUserId", form.app_user_id, required=True
    )
    folded = email_address(complaints, f"{place}.email", form.email)
    # What was said to be wrong with them is said once.
    username = fields.text(complaints, f"{place}.username", form.username)
    tier = fields.text(complaints, f"{place}.license", form.license)
    return Seat(user_id, str(form.email or "").strip(), folded, username, tier)


@extend_schema_view(get=docs.users_list, post=docs.users_put, delete=docs.users_remove)
class UsersView(ApplicationView):
    """The seats of one application."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "POST", "DELETE")

    def get(self, request: HttpRequest) -> HttpResponse:
        """List the seats; `act` tells the methods apart."""
        return self.post(request)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """Take seats away."""
        return self.post(request)

    def scopes(self, request: HttpRequest) -> frozenset[str]:
        """Let those read who may only read."""
        allowed = super().scopes(request)
        return allowed | {OAuthScope.READ.value} if _is_reading(request) else allowed

    def body_of(self, request: HttpRequest) -> bytes:
        """Return the body; a GET has none."""
        return b"" if _is_reading(request) else super().body_of(request)

    def act(
        self,
        request: HttpRequest,
        body: bytes,
        key: VerifiedKey,
        address: str,  # noqa: ARG002 (no event notes it)
    ) -> Accepted:
        """Do what is asked, in one statement, committed before the answer."""
        return Accepted(self._do(request, body, key))

    def _do(self, request: HttpRequest, body: bytes, key: VerifiedKey) -> Answer:
        scope = Scope(product=key.product, workspace_id=key.workspace_id)
        application = self.application(request, scope)
        if _is_reading(request):
            return _list(application)
        seats = parse_users(body)
        if request.method == "DELETE":
            return _remove(key, application, seats)
        return _put(key, application, seats)


def _is_reading(request: HttpRequest) -> bool:
    return request.method == "GET"


def _list(application: KnownApplication) -> Answer:
    ((people,),) = commit.ask(LIST, {"application_id": application.id})
    return Answer(200, b'{"%s":%s}' % (FIELD.encode(), people.encode()))


def _put(key: VerifiedKey, application: KnownApplication, seats: list[Seat]) -> Answer:
    ((is_valid, kept),) = commit.ask(
        PUT,
        {
            "key_id": key.id,
            "version": key.version,
            "application_id": application.id,
            "app_user_ids": [seat.app_user_id for seat in seats],
            "emails": [seat.email for seat in seats],
            "folded_emails": [seat.folded_email for seat in seats],
            "usernames": [seat.username for seat in seats],
            "licenses": [seat.license for seat in seats],
            "digests": [
                digest_of(
                    key.workspace_id, Identity.Kind.EMAIL.value, seat.folded_email
                )
                for seat in seats
            ],
        },
    )
    if not is_valid:
        raise KeyNoLongerValid
    if kept < len(seats):
        count_opted_out(KEY, len(seats) - kept, key=key)
    return SUCCESS


def _remove(
    key: VerifiedKey, application: KnownApplication, seats: list[Seat]
) -> Answer:
    ((is_valid, removed),) = commit.ask(
        REMOVE,
        {
            "key_id": key.id,
            "version": key.version,
            "application_id": application.id,
            "app_user_ids": [seat.app_user_id for seat in seats],
        },
    )
    if not is_valid:
        raise KeyNoLongerValid
    body = {"numUsersDeleted": removed, "success": removed == len(seats)}
    return Answer(200, msgspec.json.encode(body))
