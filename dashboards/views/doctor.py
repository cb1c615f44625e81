"""The page "Doctor": paste a request, or pick a refused one, and see what is wrong."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.errors import AccountsError
from accounts.models import ApiKey, Workspace
from accounts.numbers import row_number
from accounts.peer import peer_address
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, workspace_page
from ingest.dialects import DIALECTS
from ingest.doctor import LARGEST, Explanation, NotOurs, explain
from ingest.models import RefusedRequest
from ingest.pasted import NotReadable

MOST_REFUSED = 30


class DoctorForm(forms.Form):
    """A request, and what it does not say itself."""

    request = forms.CharField(
        label="Request",
        max_length=LARGEST,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}
        ),
        help_text="HTTP as text, a curl line, or a body alone.",
    )
    dialect = forms.ChoiceField(
        required=False, help_text="Only asked of a body that comes without an address."
    )
    key = forms.ModelChoiceField(
        queryset=ApiKey.objects.none(),
        required=False,
        empty_label="No key",
        help_text="Its secrets take the place of {API_KEY} and the like.",
    )
    address = forms.GenericIPAddressField(
        required=False,
        label="Sender's address",
        help_text="Yours, if left empty.",
        unpack_ipv4=True,
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dialect, key = self.fields["dialect"], self.fields["key"]
        assert isinstance(dialect, forms.ChoiceField)  # noqa: S101 narrows the type
        assert isinstance(key, forms.ModelChoiceField)  # noqa: S101 narrows the type
        dialect.choices = [
            ("", "Find out"),
            *((name, each.label) for name, each in DIALECTS.items()),
        ]
        key.queryset = ApiKey.objects.filter(workspace=workspace).order_by("name", "pk")


@require_http_methods(["GET", "POST"])
@workspace_page(Action.VIEW_KEY)
def page(request: WorkspaceRequest) -> HttpResponse:
    """Explain a request; a POST because a request is long and may hold secrets."""
    picked = _picked(request)
    explanation: Explanation | None = None
    if request.method == "POST":
        form = DoctorForm(request.POST, workspace=request.workspace)
        if form.is_valid():
            explanation = _explained(request, form)
    else:
        form = DoctorForm(initial=_initial(picked), workspace=request.workspace)
    refused = RefusedRequest.objects.in_workspace(request.workspace)
    return render(
        request,
        "dashboards/doctor.html",
        {
            "page_title": "Doctor",
            "form": form,
            "explanation": explanation,
            "picked": picked,
            "refused": refused.select_related("api_key").order_by("-at", "-pk")[
                :MOST_REFUSED
            ],
        },
        status=422 if form.errors else 200,
    )


def _explained(request: WorkspaceRequest, form: DoctorForm) -> Explanation | None:
    given = form.cleaned_data
    try:
        return explain(
            given["request"],
            workspace=request.workspace,
            dialect=given["dialect"],
            key=given["key"],
            peer=given["address"] or peer_address(request),
            host=request.get_host(),
        )
    except (NotReadable, NotOurs, AccountsError) as error:
        form.add_error("request", str(error))
        return None


def _picked(request: WorkspaceRequest) -> RefusedRequest | None:
    number = row_number(request.GET.get("refused", ""))
    if number is None:
        return None
    kept = RefusedRequest.objects.in_workspace(request.workspace)
    return kept.select_related("api_key").filter(pk=number).first()


def _initial(picked: RefusedRequest | None) -> dict[str, str | int | None]:
    if picked is None:
        return {}
    return {
        "request": picked.request,
        "key": picked.api_key_id,
        "address": picked.peer,
    }
