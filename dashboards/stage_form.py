"""What the pages about stages may be asked: whose, which days, and by hand where to."""

from typing import Any

from django import forms

from accounts.models import Account, Developer, Stage, Subject
from accounts.stages import stages_of, subject_of
from dashboards.forms import PeriodForm

OF_DEVELOPERS = "developers"


class FunnelForm(PeriodForm):
    """Whose stages, and which days; a wrong value is as good as none."""

    of = forms.ChoiceField(
        required=False, choices=[("", "Accounts"), (OF_DEVELOPERS, "Developers")]
    )

    @property
    def subject(self) -> Subject:
        """Say whose stages are asked for."""
        self.full_clean()
        if self.cleaned_data.get("of") == OF_DEVELOPERS:
            return Subject.DEVELOPER
        return Subject.ACCOUNT


class StageForm(forms.Form):
    """Which stage somebody is put into by hand, and why."""

    stage = forms.ModelChoiceField(queryset=Stage.objects.none())
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, data: Any, *, who: Account | Developer) -> None:
        super().__init__(data)
        choice = self.fields["stage"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 narrows the type
        choice.queryset = stages_of(who.workspace, subject_of(who))
