"""What the invented vendor sells, and how its customers go about using it."""

from dataclasses import dataclass, field
from typing import Any

SDK, API, CLI, DESKTOP = (
    "northwind-sdk",
    "northwind-api",
    "northwind-cli",
    "northwind-desktop",
)
PRODUCTS = {
    SDK: "Northwind SDK",
    API: "Northwind API",
    CLI: "Northwind CLI",
    DESKTOP: "Northwind Desktop",
}


@dataclass(frozen=True, slots=True)
class DemoMetric:
    """A configured metric; an empty weight takes that of its level."""

    key: str
    label: str
    level: str
    weight: float | None = None
    daily_cap: int | None = None


# CALL_HOME exists in every workspace.
METRICS = (
    DemoMetric("LOGIN_ACTIVITY", "Log-in", "primary"),
    DemoMetric("PROJECT_CREATED", "Project created", "primary", 12.0),
    DemoMetric("DEPLOY", "Deploy", "primary", daily_cap=20),
    DemoMetric("TEAM_INVITE", "Teammate invited", "primary", 8.0, 5),
    DemoMetric("BUILD", "Build", "secondary1", 5.0, 50),
    DemoMetric("API_CALL", "API call", "secondary1", 3.0, 1000),
    DemoMetric("CLI_COMMAND", "CLI command", "secondary2", 3.0, 100),
    DemoMetric("TEST_RUN", "Test run", "secondary2"),
    DemoMetric("EXPORT", "Export", "secondary3"),
    DemoMetric("ERROR", "Error", "secondary3", 0.5, 20),
)
# Sent by a new plug-in before anybody set up its metric: waits in quarantine.
UNKNOWN_METRIC = "PLUGIN_INSTALL"


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of event that people of a persona send."""

    product: str
    metric: str
    # How often, beside the persona's other actions.
    share: float
    # Uses in one event, at most: senders count calls before they report them.
    most: int = 1
    # What the event's value measures: seconds of a build, say; 0 is no value.
    value: float = 0.0
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persona:
    """A way of using the products."""

    share: float
    environment: str
    # Of the part of a developer's events that a person at work causes; the rest is
    # machines, at any hour.
    working_hours: float
    actions: tuple[Action, ...]


PYTHON = {"version": "4.2.1", "runtime": "python 3.12"}
NODE = {"version": "4.1.0", "runtime": "node 22"}
GO = {"version": "4.2.0", "runtime": "go 1.25"}
CLI_VERSION = {"version": "1.19.3", "os": "linux"}
APP_VERSION = {"version": "2026.10", "os": "macos"}

PERSONAS = {
    "backend": Persona(
        0.30,
        "PRODUCTION",
        0.55,
        (
            Action(API, "API_CALL", 46, most=600, properties=PYTHON),
            Action(SDK, "CALL_HOME", 14, properties=PYTHON),
            Action(SDK, "BUILD", 12, most=4, value=180, properties=PYTHON),
            Action(CLI, "DEPLOY", 5, most=2, properties=CLI_VERSION),
            Action(SDK, "TEST_RUN", 10, most=8, value=60, properties=PYTHON),
            Action(API, "LOGIN_ACTIVITY", 6),
            Action(API, "ERROR", 6, most=9, properties={**PYTHON, "code": "E429"}),
            Action(API, "PROJECT_CREATED", 0.6),
        ),
    ),
    "platform": Persona(
        0.18,
        "PRODUCTION",
        0.7,
        (
            Action(CLI, "CLI_COMMAND", 40, most=12, properties=CLI_VERSION),
            Action(CLI, "DEPLOY", 22, most=6, properties=CLI_VERSION),
            Action(SDK, "BUILD", 16, most=12, value=240, properties=GO),
            Action(API, "API_CALL", 10, most=200, properties=GO),
            Action(API, "LOGIN_ACTIVITY", 8),
            Action(CLI, "ERROR", 3, most=4, properties={**CLI_VERSION, "code": "E500"}),
            Action(API, "TEAM_INVITE", 1),
        ),
    ),
    "frontend": Persona(
        0.22,
        "STAGING",
        0.85,
        (
            Action(SDK, "BUILD", 24, most=10, value=45, properties=NODE),
            Action(SDK, "TEST_RUN", 20, most=15, value=20, properties=NODE),
            Action(API, "API_CALL", 22, most=80, properties=NODE),
            Action(SDK, "CALL_HOME", 14, properties=NODE),
            Action(API, "LOGIN_ACTIVITY", 12),
            Action(SDK, "ERROR", 5, most=6, properties={**NODE, "code": "E422"}),
            Action(API, "PROJECT_CREATED", 0.8),
        ),
    ),
    "analyst": Persona(
        0.18,
        "PRODUCTION",
        0.95,
        (
            Action(DESKTOP, "LOGIN_ACTIVITY", 40, properties=APP_VERSION),
            Action(DESKTOP, "EXPORT", 28, most=5, value=12, properties=APP_VERSION),
            Action(DESKTOP, "CALL_HOME", 20, properties=APP_VERSION),
            Action(DESKTOP, "ERROR", 4, properties={**APP_VERSION, "code": "E404"}),
            Action(DESKTOP, "TEAM_INVITE", 1.5),
        ),
    ),
    "explorer": Persona(
        0.12,
        "DEVELOPMENT",
        0.5,
        (
            Action(CLI, "CLI_COMMAND", 34, most=6, properties=CLI_VERSION),
            Action(SDK, "CALL_HOME", 30, properties=PYTHON),
            Action(API, "API_CALL", 18, most=30, properties=PYTHON),
            Action(API, "ERROR", 10, most=5, properties={**PYTHON, "code": "E401"}),
            Action(API, "LOGIN_ACTIVITY", 6),
            Action(API, "PROJECT_CREATED", 2),
        ),
    ),
}

# Machines of a company that report sums and name nobody (contract reo, R2).
FLEET = Persona(
    0.0, "PRODUCTION", 0.0, (Action(SDK, "CALL_HOME", 1, most=400, properties=GO),)
)
