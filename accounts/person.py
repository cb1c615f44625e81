"""One developer as everything that is held about them can be found by."""

from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Correction, Developer, Identity
from accounts.statements import statement

# An identity that is no address is looked for in texts when it is as long as this:
# shorter ones are words that mean something else.
LONG_ENOUGH = 20
# Names and handles in the audit log may be shorter, but not this short.
SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Person:
    """Numbers, identities and names of a developer."""

    workspace_id: int
    developer_id: int
    # Their number, and those of developers who were merged into them.
    numbers: tuple[int, ...]
    identity_ids: tuple[int, ...]
    identities: tuple[tuple[str, str], ...]
    # What they are called, by now and before merges.
    names: tuple[str, ...] = ()

    @property
    def emails(self) -> tuple[str, ...]:
        """Return their addresses."""
        return tuple(
            value for kind, value in self.identities if kind == Identity.Kind.EMAIL
        )

    @property
    def telling(self) -> tuple[str, ...]:
        """Return what names them in any text: addresses, and what is long."""
        return tuple(
            dict.fromkeys(
                value
                for kind, value in self.identities
                if kind == Identity.Kind.EMAIL
                or "@" in value
                or len(value) >= LONG_ENOUGH
            )
        )

    @property
    def words(self) -> tuple[str, ...]:
        """Return what names them in the audit log: names and short handles as well."""
        values = (*self.names, *(value for _, value in self.identities))
        return tuple(
            dict.fromkeys(word for word in values if len(word) >= SHORTEST_NAME)
        )


def person_of(developer: Developer) -> Person:
    """Return all that a developer's rows can be found by, as it is now."""
    identities = list(
        Identity.objects.filter(developer=developer)
        .order_by("pk")
        .values_list("pk", "kind", "value")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement("personal_former"),
            {"developer": developer.pk, "workspace": developer.workspace_id},
        )
        numbers = tuple(sorted(number for (number,) in cursor.fetchall()))
    person = Person(
        workspace_id=developer.workspace_id,
        developer_id=developer.pk,
        numbers=numbers,
        identity_ids=tuple(number for number, *_ in identities),
        identities=tuple((kind, value) for _, kind, value in identities),
    )
    names = [developer.display_name, *_former_names(person)]
    return replace(person, names=tuple(dict.fromkeys(name for name in names if name)))


def corrections_about(person: Person) -> QuerySet[Correction]:
    """Return the corrections that they, or who was merged into them, are part of."""
    wanted = Q()
    for number in person.numbers:
        wanted |= Q(developer_ids__contains=[number])
    return Correction.objects.filter(wanted, workspace=person.workspace_id)


def _former_names(person: Person) -> list[str]:
    sides = [
        side
        for before in corrections_about(person).values_list("before", flat=True)
        for side in (before.get("keep"), before.get("other"))
        if side and side["id"] in person.numbers
    ]
    return [side.get("display_name", "") for side in sides]
