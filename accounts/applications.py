"""Definitions of applications: written by people in the admin or out of a file.

Source: contract ``productiv``, Application definition.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.errors import AccountsError
from accounts.models import Application, EventDefinition, Metric, Product, Workspace
from accounts.models.application import LONGEST_NAME
from accounts.models.catalogue import default_weight, fold_metric_key
from accounts.score_models import sync_weights

# Field of a definition → of the model, beside id, name and events.
TEXTS = {
    "icon": "icon",
    "category": "category",
    "subCategory": "subcategory",
    "description": "description",
}
EVENT_TEXTS = {"description": "description", "minimumLicenseTier": "minimum_tier"}
LEVEL = str(Metric._meta.get_field("level").default)  # noqa: SLF001 (documented API)


def ensure_metrics(workspace: Workspace, names: Iterable[str]) -> dict[str, Metric]:
    """Return the metric of each event name, making those that are missing.

    Names that differ only in case, spaces, hyphens and underscores share a metric.
    A new one starts at the level's weight and scores from the next use on.
    """
    wanted = {name: fold_metric_key(name) for name in names}
    with transaction.atomic():
        Metric.objects.bulk_create(
            [
                Metric(
                    workspace=workspace,
                    key=name,
                    folded_key=folded,
                    label=name.replace("_", " ").capitalize(),
                    weight=default_weight(LEVEL),
                )
                for name, folded in wanted.items()
            ],
            ignore_conflicts=True,
        )
        sync_weights(workspace)
    known = Metric.objects.filter(
        workspace=workspace, folded_key__in=wanted.values()
    ).in_bulk(field_name="id")
    by_key = {metric.folded_key: metric for metric in known.values()}
    return {name: by_key[folded] for name, folded in wanted.items()}


def define_application(
    workspace: Workspace, definition: Mapping[str, Any]
) -> Application:
    """Make an application with its events as a definition says, or bring it up to date.

    Its keys: ``id``, ``name``, ``icon``, ``category``, ``subCategory``,
    ``description``, ``sso`` and ``events``; of an event ``name``, ``description``,
    ``category``, ``actions`` and ``minimumLicenseTier``. Events that the definition no
    longer has are removed from the application; their use stays. All or nothing.

    Raises:
        AccountsError: the definition is wrong; the message names the field.
    """
    app_id = _text(definition, "id", required=True)
    _check_length("id", app_id)
    _check_length("name", _text(definition, "name"))
    events = [_event(index, one) for index, one in enumerate(_events(definition))]
    names = [event.name for event in events]
    if len({fold_metric_key(name) for name in names}) != len(names):
        raise AccountsError("events: two of them have the same name.")
    with transaction.atomic():
        application = _application(workspace, app_id, definition)
        metrics = ensure_metrics(workspace, names)
        application.events.exclude(name__in=names).delete()
        for event in events:
            event.workspace, event.application = workspace, application
            event.metric = metrics[event.name]
        EventDefinition.objects.bulk_create(
            events,
            update_conflicts=True,
            unique_fields=("application", "name"),
            update_fields=(
                *("description", "category", "actions", "minimum_tier", "metric"),
            ),
        )
    return application


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_NAME:
        raise AccountsError(f"{field}: must have at most {LONGEST_NAME} characters.")


def _application(
    workspace: Workspace, app_id: str, definition: Mapping[str, Any]
) -> Application:
    name = _text(definition, "name") or app_id
    application = (
        Application.objects.in_workspace(workspace)
        .select_related("product")
        .filter(app_id=app_id)
        .first()
    )
    if application is None:
        product, _ = Product.objects.get_or_create(
            workspace=workspace, key=app_id, defaults={"name": name}
        )
        if Application.objects.filter(product=product).exists():
            raise AccountsError(f"id: the product {app_id} is another application.")
        application = Application(workspace=workspace, app_id=app_id, product=product)
    product = application.product
    if product.name != name or product.is_discovered:
        product.name, product.is_discovered = name, False
        product.save(update_fields=["name", "is_discovered"])
    for key, field in TEXTS.items():
        setattr(application, field, _text(definition, key))
    sso = definition.get("sso", False)
    if not isinstance(sso, bool):
        raise AccountsError("sso: must be true or false.")
    application.has_sso = sso
    _check(application, "")
    application.save()
    return application


def _events(definition: Mapping[str, Any]) -> list[Any]:
    events = definition.get("events", [])
    if not isinstance(events, list):
        raise AccountsError("events: must be an array.")
    return events


def _event(index: int, definition: Any) -> EventDefinition:
    place = f"events[{index}]"
    if not isinstance(definition, Mapping):
        raise AccountsError(f"{place}: must be an object.")
    actions = definition.get("actions", [])
    if not isinstance(actions, list) or not all(
        isinstance(action, str) and action.strip() for action in actions
    ):
        raise AccountsError(f"{place}.actions: must be an array of names.")
    event = EventDefinition(
        name=_text(definition, "name", place=f"{place}.", required=True),
        category=_text(definition, "category", place=f"{place}.") or "Other",
        actions=sorted({action.strip() for action in actions}),
    )
    for key, field in EVENT_TEXTS.items():
        setattr(event, field, _text(definition, key, place=f"{place}."))
    _check(event, f"{place}.", without=("workspace", "application", "metric"))
    return event


def _text(
    definition: Mapping[str, Any], key: str, *, place: str = "", required: bool = False
) -> str:
    value = definition.get(key)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise AccountsError(f"{place}{key}: must be text.")
    value = value.strip()
    if required and not value:
        raise AccountsError(f"{place}{key}: is required.")
    return value


def _check(
    row: Application | EventDefinition, place: str, *, without: tuple[str, ...] = ()
) -> None:
    """Raise AccountsError when a field is longer or other than it may be."""
    try:
        row.clean_fields(exclude=without)
        row.clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise AccountsError(f"{place}{field}: {messages[0]}") from None
