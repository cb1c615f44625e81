"""The invented customers: companies, the people in them, and how much each does.

The same numbers and the same seed give the same world. Nothing here knows the
database; people are known by ready, normalised identities.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from accounts.kinds import anonymous_value
from accounts.models import Identity
from ingest.demo.catalogue import FLEET, PERSONAS, Persona
from ingest.demo.names import (
    BROWSERS,
    COMPANY_STEMS,
    COMPANY_TRADES,
    FREE_MAIL,
    REGIONS,
    Region,
)
from ingest.demo.rhythm import COURSES, course, hours, quiet_days, weekly

Kind = Identity.Kind

# Share of the developers that belong to no company anybody could name.
WITHOUT_COMPANY = 0.08
# Share of the companies that an admin has filled in; the others are only a domain.
FILLED_IN = 0.9
# Companies whose IP range an admin has entered.
WITH_NETWORK = 14
# Share of the companies whose machines also report sums without a person.
WITH_FLEET = 0.1
# How the people of a company are known: (how, share).
KNOWN_BY = (
    ("email", 0.48),
    ("email and github", 0.16),
    ("github", 0.09),
    ("username", 0.10),
    ("linkedin", 0.04),
    ("customer", 0.05),
    ("anonymous", 0.08),
)
# Where an IP range is known, so many more are known by their address alone.
BEHIND_NETWORK = 0.4
KNOWN_WITHOUT_COMPANY = (("free mail", 0.6), ("stranger", 0.25), ("anonymous", 0.15))
# Employees of a company of size 1.
EMPLOYEES = (30.0, 500.0)


@dataclass(frozen=True, slots=True)
class Size:
    """How big a world to make, and which one of them."""

    events: int
    developers: int
    accounts: int
    days: int
    seed: int
    until: date

    @property
    def first_day(self) -> date:
        """The oldest day with events."""
        return self.until - timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Company:
    """A customer, and how much it does on each day."""

    name: str
    domain: str
    industry: str
    country: str
    region: Region
    # Relative number of developers.
    size: float
    employees: int
    course: list[float]
    is_filled_in: bool
    # A documentation range (RFC 5737, RFC 3849) that is the company's, or "".
    network: str


@dataclass(frozen=True, slots=True)
class Person:
    """A developer, or a machine that reports: everything its events share."""

    identities: list[tuple[str, str]]
    name: str
    persona: Persona
    dialect: str
    source: str
    # Company domain and address that its events name.
    domain: str
    ip: str
    user_agent: str
    # Relative activity on each day from the first that it is there.
    starts: int
    activity: list[float]
    action_shares: list[float]
    hour_shares: list[float]
    is_aggregate: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """All customers."""

    size: Size
    companies: list[Company]
    people: list[Person]


def make_world(size: Size) -> World:
    """Invent the customers of a size; the same size gives the same customers."""
    rng = random.Random(f"world {size.seed}")  # noqa: S311 (invention, not secrecy)
    number = min(size.accounts, size.developers)
    quiet = quiet_days(size.first_day, size.days, rng)
    companies = _companies(number, size, rng, quiet)
    crowd = _Crowd(size, rng, quiet)
    outside = min(round(size.developers * WITHOUT_COMPANY), size.developers - number)
    staff = size.developers - number - outside
    sizes = [company.size for company in companies]
    for company in companies:
        crowd.hire(company)
    for company in rng.choices(companies, sizes, k=staff):
        crowd.hire(company)
    for _ in range(outside):
        crowd.meet()
    for company in companies:
        if rng.random() < WITH_FLEET:
            crowd.install_fleet(company)
    return World(size, companies, crowd.people)


def _companies(
    number: int, size: Size, rng: random.Random, quiet: set[date]
) -> list[Company]:
    pairs = [(stem, trade) for stem in COMPANY_STEMS for trade in COMPANY_TRADES]
    chosen = rng.sample(pairs, min(number, len(pairs)))
    kinds, shares = list(COURSES), list(COURSES.values())
    every = max(number // WITH_NETWORK, 1)
    companies = []
    for index in range(number):
        stem, trade = chosen[index % len(chosen)]
        # More companies than names: the later ones are branches of the earlier.
        branch = index // len(chosen)
        region = rng.choices(REGIONS, (40, 34, 14, 12))[0]
        level = course(rng.choices(kinds, shares)[0], size.days, rng)
        network, place = divmod(index, every)
        scale = rng.lognormvariate(0, 0.9)
        companies.append(
            Company(
                name=f"{stem} {trade}{f' {branch + 1}' if branch else ''}",
                domain=_domain(stem, trade, branch, rng),
                industry=COMPANY_TRADES[trade],
                country=rng.choice(region.countries),
                region=region,
                size=scale,
                employees=round(3 + scale * rng.uniform(*EMPLOYEES)),
                course=weekly(level, size.first_day, quiet),
                is_filled_in=rng.random() < FILLED_IN,
                network="" if place else _network(network),
            )
        )
    return companies


def _domain(stem: str, trade: str, branch: int, rng: random.Random) -> str:
    joint = rng.choice(("", "", "-"))
    suffix = str(branch + 1) if branch else ""
    return f"{stem}{joint}{trade}{suffix}.example".lower()


def _network(number: int) -> str:
    """Return the n-th range out of those reserved for documentation."""
    if number >= WITH_NETWORK:
        return ""
    third, slot = divmod(number, 8)
    if third == 0:
        return f"203.0.113.{slot * 32}/27"
    return f"2001:db8:{slot + 1:x}::/48"


class _Crowd:
    """The people so far; no two are known by the same identity."""

    def __init__(self, size: Size, rng: random.Random, quiet: set[date]) -> None:
        self.people: list[Person] = []
        self._size = size
        self._rng = rng
        self._quiet = quiet
        self._taken: set[tuple[str, str]] = set()
        self._kinds = list(PERSONAS.values())
        self._shares = [persona.share for persona in self._kinds]

    def hire(self, company: Company) -> None:
        """Add a developer of a company, who may have come late or left early."""
        first, last = self._name(company.region)
        how = self._one_of(KNOWN_BY)
        if company.network and self._rng.random() < BEHIND_NETWORK:
            how = "anonymous"
        local, handle = f"{first}.{last}".lower(), f"{first}{last}".lower()
        email = (Kind.EMAIL, f"{local}@{company.domain}")
        known = {
            "email": [email],
            "email and github": [email, (Kind.GITHUB, handle)],
            "github": [(Kind.GITHUB, handle)],
            "username": [(Kind.USERNAME, f"{first[0]}{last}".lower())],
            "linkedin": [(Kind.LINKEDIN, f"{first}-{last}".lower())],
            "customer": [(Kind.CUSTOMER_ID, f"cus-{len(self.people):05d}"), email],
        }
        ip = self._address(company.network)
        agent = self._rng.choice(BROWSERS)
        identities = (
            [self._anonymous(ip, agent)]
            if how == "anonymous"
            else self._unique(known[how])
        )
        is_named = how != "anonymous"
        by_network = bool(company.network) and not is_named
        tells = how in {"github", "username", "linkedin", "anonymous"}
        self._add(
            identities,
            f"{first} {last}" if is_named else "",
            company.region,
            company.course,
            domain=company.domain if tells and not by_network else "",
            ip=ip if company.network or not is_named else "",
            user_agent=agent,
        )

    def meet(self) -> None:
        """Add a developer of whom nobody can tell the company."""
        region = self._rng.choice(REGIONS)
        first, last = self._name(region)
        how = self._one_of(KNOWN_WITHOUT_COMPANY)
        agent, ip = self._rng.choice(BROWSERS), self._address("")
        mail = f"{first}{last}@{self._rng.choice(FREE_MAIL)}".lower()
        identities = {
            "free mail": [(Kind.EMAIL, mail)],
            "stranger": [(Kind.GITHUB, f"{last}-{first}".lower())],
        }.get(how)
        kind = self._rng.choice(["steady", "new", "sporadic", "dormant"])
        self._add(
            self._unique(identities) if identities else [self._anonymous(ip, agent)],
            f"{first} {last}" if identities else "",
            region,
            weekly(
                course(kind, self._size.days, self._rng),
                self._size.first_day,
                self._quiet,
            ),
            ip=ip,
            user_agent=agent,
        )

    def install_fleet(self, company: Company) -> None:
        """Add the machines of a company that report sums (contract reo, R2)."""
        self._append(
            identities=[(Kind.AGGREGATE.value, company.domain)],
            persona=FLEET,
            dialect="reo",
            source="TELEMETRY",
            region=company.region,
            domain=company.domain,
            activity=[level * 0.8 for level in company.course],
            is_aggregate=True,
        )

    def _add(
        self,
        identities: list[tuple[str, str]],
        name: str,
        region: Region,
        level: Sequence[float],
        *,
        domain: str = "",
        ip: str = "",
        user_agent: str = "",
    ) -> None:
        rng, days = self._rng, len(level)
        starts = rng.randrange(days) if rng.random() < 0.25 else 0  # noqa: PLR2004
        ends = rng.randrange(starts, days) + 1 if rng.random() < 0.15 else days  # noqa: PLR2004
        if not any(level[starts:ends]):
            starts, ends = 0, days
        # A few do most of the work.
        energy = min(rng.lognormvariate(0, 1.0), 15.0)
        dialect = rng.choices(("reo", "native"), (65, 35))[0]
        is_multiple = len(identities) > 1
        self._append(
            identities=identities,
            name=name,
            persona=rng.choices(self._kinds, self._shares)[0],
            # A reo event carries one identity.
            dialect="native" if is_multiple else dialect,
            source="SAAS_PRODUCT" if name else "TELEMETRY",
            region=region,
            domain=domain,
            ip=ip,
            user_agent=user_agent,
            starts=starts,
            activity=[value * energy for value in level[starts:ends]],
        )

    def _append(
        self,
        *,
        identities: list[tuple[str, str]],
        persona: Persona,
        region: Region,
        activity: list[float],
        dialect: str,
        source: str,
        name: str = "",
        domain: str = "",
        ip: str = "",
        user_agent: str = "",
        starts: int = 0,
        is_aggregate: bool = False,
    ) -> None:
        shares = [action.share for action in persona.actions]
        self.people.append(
            Person(
                identities=identities,
                name=name,
                persona=persona,
                dialect=dialect,
                source=source,
                domain=domain,
                ip=ip,
                user_agent=user_agent,
                starts=starts,
                activity=activity,
                action_shares=list(accumulate(shares)),
                hour_shares=list(
                    accumulate(hours(region.hours_ahead, persona.working_hours))
                ),
                is_aggregate=is_aggregate,
            )
        )

    def _name(self, region: Region) -> tuple[str, str]:
        return self._rng.choice(region.first_names), self._rng.choice(region.last_names)

    def _one_of(self, choices: Sequence[tuple[str, float]]) -> str:
        words, shares = zip(*choices, strict=True)
        return str(self._rng.choices(words, shares)[0])

    def _unique(self, identities: list[tuple[Kind, str]]) -> list[tuple[str, str]]:
        """Number names that somebody has already."""
        result = []
        for kind, value in identities:
            found, number = value, 1
            while (kind.value, found) in self._taken:
                number += 1
                local, at, domain = value.partition("@")
                found = f"{local}{number}{at}{domain}"
            self._taken.add((kind.value, found))
            result.append((kind.value, found))
        return result

    def _anonymous(self, ip: str, agent: str) -> tuple[str, str]:
        # The address is unique enough; the number stands for the machine's own mark.
        value = anonymous_value(ip, f"{agent} {len(self.people)}")
        return Kind.ANONYMOUS.value, value

    def _address(self, network: str) -> str:
        """Return an address in a range, or one kept free for benchmarks (RFC 2544)."""
        rng = self._rng
        if not network:
            return f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        base, _, _ = network.partition("/")
        if ":" in base:
            return f"{base}{rng.randrange(1, 0xFFFF):x}"
        start, _, last = base.rpartition(".")
        return f"{start}.{int(last) + rng.randrange(1, 31)}"
