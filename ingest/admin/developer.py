"""Developers, and what can be done with one: move, merge, split, export, erase."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.admin.base import person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.developer import DeveloperAdmin
from accounts.admin.tools import Page, Tool
from accounts.corrections import merge_developers, move_developer
from accounts.errors import AccountsError
from accounts.finding import find_account, find_developer
from accounts.models import Developer, Identity, User
from accounts.peer import peer_address
from accounts.roles import Action
from ingest.split import split_identity

Do = Callable[[Developer, dict[str, Any], User, str | None], str]


class MoveForm(forms.Form):
    """Which account a developer belongs to."""

    account = forms.CharField(
        label="Domain, name or #number of the account",
        required=False,
        max_length=253,
        help_text="Leave empty when the developer belongs to no company.",
    )
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, developer: Developer, data: Any = None) -> None:
        super().__init__(data)
        self.developer = developer

    def clean_account(self) -> Any:
        """Find the account that is meant."""
        text = self.cleaned_data["account"].strip()
        return _found(find_account, self.developer, text) if text else None


class MergeForm(forms.Form):
    """Which other developer is the same person."""

    other = forms.CharField(
        label="The same person as",
        max_length=320,
        help_text="An identity or the #number of the other, who becomes part of this "
        "one.",
    )
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, developer: Developer, data: Any = None) -> None:
        super().__init__(data)
        self.developer = developer

    def clean_other(self) -> Any:
        """Find the developer that is meant."""
        return _found(find_developer, self.developer, self.cleaned_data["other"])


class SplitForm(forms.Form):
    """Which identity is somebody else's."""

    identity = forms.ModelChoiceField(
        label="Somebody else's",
        queryset=Identity.objects.none(),
        empty_label="Choose…",
    )
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, developer: Developer, data: Any = None) -> None:
        super().__init__(data)
        choice = self.fields["identity"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 narrows the type
        choice.queryset = Identity.objects.filter(developer=developer)


@admin.register(Developer)
class CorrectableDeveloperAdmin(DeveloperAdmin):
    """Developers, with all that their own page can do with them as well."""

    own_pages = (
        Page("move", Action.CORRECT),
        Page("merge", Action.CORRECT),
        Page("split", Action.CORRECT),
    )

    def tools(self, obj: Any) -> list[Tool]:
        """Offer what can be done; pre-counted use is nobody to correct."""
        place = [obj.workspace.slug, obj.pk]
        flag = reverse("dashboards:flag", args=place[:1])
        export = reverse("dashboards:export-developer", args=place)
        erase = reverse("dashboards:erase", args=place)
        tools = [self.tool("Move", "move", obj), self.tool("Merge", "merge", obj)]
        if obj.identities.all()[1:2]:
            tools.append(self.tool("Split", "split", obj))
        return [
            *tools,
            Tool("Flag as wrong", f"{flag}?developer={obj.pk}", Action.EDIT),
            Tool("Export", export, Action.CARE, posts=True),
            Tool("Erase…", erase, Action.CARE),
        ]

    def move_view(self, request: HttpRequest, developer: Developer) -> HttpResponse:
        """Ask which account, then move the developer there."""
        return self._correct(
            request,
            developer,
            title="Move",
            explanation="The developer counts for the account named here. No rule "
            "changes that again; undo it under Corrections.",
            form_class=MoveForm,
            do=_move,
        )

    def merge_view(self, request: HttpRequest, developer: Developer) -> HttpResponse:
        """Ask who is the same person, then merge them into this developer."""
        return self._correct(
            request,
            developer,
            title="Merge",
            explanation="Identities, usage and all else of the other become this "
            "developer's. Undo it under Corrections.",
            form_class=MergeForm,
            do=_merge,
        )

    def split_view(self, request: HttpRequest, developer: Developer) -> HttpResponse:
        """Ask which identity, then make it a developer of its own."""
        return self._correct(
            request,
            developer,
            title="Split",
            explanation="The identity becomes a developer of its own, with the use "
            "that came under it. Undo it under Corrections.",
            form_class=SplitForm,
            do=_split,
        )

    def _correct(
        self,
        request: HttpRequest,
        developer: Developer,
        *,
        title: str,
        explanation: str,
        form_class: type[MoveForm | MergeForm | SplitForm],
        do: Do,
    ) -> HttpResponse:
        form = form_class(developer, request.POST if is_confirmed(request) else None)
        if is_confirmed(request) and form.is_valid():
            ip = peer_address(request) or None
            try:
                done = do(developer, form.cleaned_data, person(request), ip)
            except AccountsError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, done)
            return self.to_page("change", developer.pk)
        return confirmation(
            self,
            request,
            title=title,
            explanation=explanation,
            button=title,
            obj=developer,
            form=form,
        )


def _move(
    developer: Developer, data: dict[str, Any], actor: User, ip: str | None
) -> str:
    account = data["account"]
    move_developer(developer, account, actor=actor, reason=data["reason"], ip=ip)
    return f"Moved {f'to {account}' if account else 'out of every account'}."


def _merge(
    developer: Developer, data: dict[str, Any], actor: User, ip: str | None
) -> str:
    other = data["other"]
    merge_developers(developer, other, actor=actor, reason=data["reason"], ip=ip)
    return f"{other} was merged into {developer}."


def _split(
    developer: Developer, data: dict[str, Any], actor: User, ip: str | None
) -> str:
    identity = data["identity"]
    split_identity(identity, actor=actor, reason=data["reason"], ip=ip)
    return f"{identity} was split off from {developer}."


def _found(find: Callable[..., Any], developer: Developer, text: str) -> Any:
    try:
        return find(developer.workspace, text)
    except AccountsError as error:
        raise forms.ValidationError(str(error)) from None
