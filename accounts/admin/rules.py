"""Rules in forms of the admin: one field for their JSON, one way to judge them.

Stages, segments and tags have one each, in the language of docs/segments.md.
"""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput

from accounts.admin.base import WorkspaceForm
from accounts.errors import AccountsError
from accounts.segments.schema import Rule, RuleError, parse
from accounts.segments.words import in_words

# Reads a rule's data for a workspace and a subject; raises AccountsError.
Reader = Callable[..., Rule]
BY_HAND = "By hand only"


class RuleDecoder(json.JSONDecoder):
    """Takes what Python cannot read for no JSON: too deep, or numbers too long."""

    def decode(self, s: str, *args: Any) -> Any:
        """Return the decoded text; raises JSONDecodeError."""
        try:
            return super().decode(s, *args)
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError):
            raise json.JSONDecodeError("This cannot be read", s[:40], 0) from None


class RuleField(forms.JSONField):
    """A rule, written over several lines."""

    def __init__(self, **kwargs: Any) -> None:
        shown = {"rows": 14, "cols": 60, "spellcheck": "false", "class": "mono"}
        kwargs |= {"decoder": RuleDecoder, "widget": forms.Textarea(attrs=shown)}
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Indent it; what somebody typed stays as it is."""
        if isinstance(value, InvalidJSONInput) or value is None:
            return super().prepare_value(value) if value is not None else ""
        return json.dumps(value, ensure_ascii=False, indent=2)


class RuleForm(WorkspaceForm):
    """A row with a rule about accounts or developers, which must be one to ask.

    Which of the two it is about is chosen once: everything counted so far is of them.
    A subclass has a ``rule``; its ``read_rule`` may allow less than the language does.
    """

    read_rule: Reader = staticmethod(parse)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "subject" in self.fields:
            self.fields["subject"].disabled = True
        if "description" in self.fields:
            self.fields["description"].widget = forms.TextInput(attrs={"size": 60})

    def clean(self) -> dict[str, Any]:
        """Read the rule, so that what is wrong with it is said on the form."""
        data = super().clean()
        workspace, subject = data.get("workspace"), data.get("subject")
        if workspace is None or not subject or data.get("rule") is None:
            return data
        try:
            self.read_rule(data["rule"], workspace=workspace, subject=subject)
        except RuleError as error:
            for problem in error.problems:
                self.add_error("rule", str(problem))
        except AccountsError as error:
            self.add_error("rule", str(error))
        return data


def rule_in_words(row: Any, read_rule: Reader = parse) -> str:
    """Say the rule of a row, or what is wrong with it by now."""
    if row.rule is None:
        return BY_HAND
    try:
        rule = read_rule(row.rule, workspace=row.workspace, subject=row.subject)
    except AccountsError as error:
        return f"Cannot be used: {error}"
    return in_words(rule, row.workspace)
