"""``score_model``: show, preview and change how a workspace turns usage into scores."""

import itertools
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.commanding import workspace_named
from accounts.errors import AccountsError
from accounts.models import Metric, ScoreModel, Workspace
from accounts.models.catalogue import default_weight, fold_metric_key
from accounts.score_drafts import (
    Draft,
    begin_draft,
    draft_calibrated,
    draft_like,
    save_draft,
)
from accounts.score_models import CHANGEABLE, current_model, pending_model
from accounts.score_preview import BANDS, Effect, preview
from accounts.score_store import score_workspace
from accounts.score_words import LABELS, changes_of, model_in_words, value_text


class Command(BaseCommand):
    help = (
        "Show the score model of a workspace, preview a change of it on all accounts "
        "and developers, or make the change: a new version."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", metavar="SLUG")
        parser.add_argument(
            "--show", action="store_true", help="print it and its history (the default)"
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=f"one of {', '.join(CHANGEABLE)}; may be repeated",
        )
        parser.add_argument(
            "--weight",
            action="append",
            default=[],
            metavar="METRIC=WEIGHT",
            help="weight of a metric, by its key; empty takes that of its level",
        )
        parser.add_argument(
            "--cap",
            action="append",
            default=[],
            metavar="METRIC=USES",
            help="daily cap of a metric, by its key; empty is none",
        )
        parser.add_argument(
            "--like", type=int, metavar="VERSION", help="begin with an older version"
        )
        parser.add_argument(
            "--calibrated",
            action="store_true",
            help="begin with scales that put the median active one at 50",
        )
        parser.add_argument("--note", default="", help="why; kept in the history")
        parser.add_argument(
            "--preview", action="store_true", help="say who would move; save nothing"
        )
        parser.add_argument(
            "--later",
            action="store_true",
            help="leave the scoring to the worker instead of doing it here",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        workspace = workspace_named(options["workspace"])
        try:
            draft = self._draft(workspace, options)
            if draft is None and not options["preview"]:
                self._show(workspace)
                return
            draft = draft or begin_draft(workspace)
            if options["preview"]:
                self._preview(workspace, draft)
                return
            model = save_draft(workspace, draft)
        except AccountsError as error:
            raise CommandError(str(error)) from None
        if not options["later"]:
            scored = score_workspace(workspace)
            self.stdout.write(
                f"{scored.developers} developers and {scored.accounts} accounts scored."
            )
        self.stdout.write(f"Version {model.version} of the score model is made.")

    def _draft(self, workspace: Workspace, options: dict[str, Any]) -> Draft | None:
        """Return what is asked for; None where nothing is to change."""
        begun = None
        if options["like"] is not None:
            begun = draft_like(workspace, options["like"])
        elif options["calibrated"]:
            begun = draft_calibrated(workspace)
        wanted = ("set", "weight", "cap")
        if begun is None and not any(options[name] for name in wanted):
            return None
        draft = begun or begin_draft(workspace)
        values = dict(draft.values)
        for name, text in map(_pair, options["set"]):
            values[name] = text if name == "damp" else _number(text)
        weights = {pk: list(value) for pk, value in draft.weights.items()}
        for key, text in map(_pair, options["weight"]):
            metric = _metric(workspace, key)
            weight = _number(text) if text else default_weight(metric.level)
            weights[str(metric.pk)][0] = weight
        for key, text in map(_pair, options["cap"]):
            metric = _metric(workspace, key)
            weights[str(metric.pk)][1] = int(_number(text)) if text else None
        note = options["note"] or draft.note
        return replace(draft, values=values, weights=weights, note=note)

    def _show(self, workspace: Workspace) -> None:
        model = current_model(workspace)
        write = self.stdout.write
        write(f"Version {model.version}")
        for sentence in model_in_words(model):
            write(f"  {sentence}")
        for name in CHANGEABLE:
            write(f"  {name}={value_text(model, name)}  ({LABELS[name]})")
        for metric in Metric.objects.filter(workspace=workspace):
            weight, cap = model.weights.get(str(metric.pk), (None, None))
            if weight is not None:
                limit = "" if cap is None else f", at most {cap:g} a day"
                write(f"  {metric.key}: {weight:g}{limit}")
        pending = pending_model(workspace)
        if pending:
            write(f"Version {pending.version} is pending.")
        models = list(ScoreModel.objects.filter(workspace=workspace))
        for after, before in itertools.pairwise(models):
            changes = "; ".join(change.text for change in changes_of(before, after))
            maker = after.created_by or "Uptick"
            when = after.created_at
            write(f"{after.version}. {when:%Y-%m-%d} {maker}: {after.note} {changes}")

    def _preview(self, workspace: Workspace, draft: Draft) -> None:
        found = preview(workspace, draft)
        for name, effect in (
            ("Accounts", found.accounts),
            ("Developers", found.developers),
        ):
            self._effect(name, effect)

    def _effect(self, name: str, effect: Effect) -> None:
        write = self.stdout.write
        write(
            f"{name}: {effect.up} up by {effect.mean_up:.1f} on average, {effect.down} "
            f"down by {effect.mean_down:.1f}, {effect.same} as they are; "
            f"{effect.band_changes} in another band."
        )
        heads = "".join(f"{band.label:>10}" for band in BANDS)
        write(f"  {'now / then':10}{heads}")
        for band, row in zip(BANDS, effect.matrix, strict=True):
            cells = "".join(f"{number:>10}" for number in row)
            write(f"  {band.label:10}{cells}")
        for one in (*effect.rising, *effect.falling):
            write(
                f"  {one.change:+6.1f}  {one.before:.1f} → {one.after:.1f}  {one.name}"
            )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise CommandError(f"Write NAME=VALUE, not {text}.")
    return name.strip(), value.strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CommandError(f"{text} is no number.") from None


def _metric(workspace: Workspace, key: str) -> Metric:
    metric = Metric.objects.filter(
        workspace=workspace, folded_key=fold_metric_key(key)
    ).first()
    if metric is None:
        raise CommandError(f"There is no metric {key}.")
    return metric
