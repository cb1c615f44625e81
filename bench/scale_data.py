"""Fills a workspace with as many people and events as wanted, by statements alone.

Use is skewed as in life: a few big accounts and a long tail, a third of the people in
no company, a few who do most of the work, more of it lately than long ago. Scores,
stages and segments are not made here but by the product.
"""

from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import Metric, Product, Workspace
from bench.scale_size import Size

LEVELS = ("primary", "secondary1", "secondary2", "secondary3")
METRICS = tuple(f"USE_{number}" for number in range(11))
VALUED = "PURCHASE"
PRODUCTS = ("scale-sdk", "scale-cli", "scale-app")
DAYS = 90
EVENTS_PER_SESSION = 4
COUNTRIES = ("DE", "US", "FR", "GB", "NL", "JP", "BR", "IN", "AT", "")
INDUSTRIES = ("Software", "Banking", "Retail", "Health", "Energy", "")

# One in twenty keeps every account peopled; of the others a third is in no company,
# and a cubed random number puts three in a hundred into the biggest account.
PEOPLE = """
CREATE UNLOGGED TABLE scale_person AS
SELECT
    n,
    CASE
        WHEN n %% 20 = 0 THEN (n / 20) %% %(accounts)s
        WHEN random() < 0.65 THEN least(
            floor(power(random(), 3) * %(accounts)s)::integer, %(accounts)s - 1
        )
    END AS account
FROM generate_series(0, %(developers)s - 1) AS n
"""
# People work in sessions; half of them are of the busiest quarter.
SESSIONS = """
CREATE UNLOGGED TABLE scale_session AS
SELECT
    n,
    least(
        floor(power(random(), 2) * %(developers)s)::integer, %(developers)s - 1
    ) AS developer,
    now() - interval '1 minute' - power(random(), 1.3) * %(days)s * interval '1 day'
        AS at,
    1 + floor(random() * 3)::integer AS product
FROM generate_series(1, %(sessions)s) AS n
ORDER BY at
"""
SEEN = """
CREATE UNLOGGED TABLE scale_seen AS
SELECT developer, min(at) AS first, max(at) AS last FROM scale_session GROUP BY 1
"""
ACCOUNTS = """
INSERT INTO accounts_account (
    id, workspace_id, name, domain, organisation, country, industry, employees, fit,
    fit_points, first_seen_at, last_seen_at, created_at
)
SELECT
    %(account)s + n,
    %(workspace)s,
    'Company ' || n,
    'company' || n || '.example',
    '',
    (%(countries)s::text[])[1 + n %% 10],
    (%(industries)s::text[])[1 + n %% 6],
    CASE WHEN n %% 3 > 0 THEN 5 + n %% 4000 END,
    (ARRAY['strong', 'moderate', 'weak', ''])[1 + n %% 4],
    CASE WHEN n %% 4 < 3 THEN 0.9 - 0.3 * (n %% 4) END,
    coalesce(seen.first, now() - interval '300 days'),
    coalesce(seen.last, now() - interval '100 days'),
    coalesce(seen.first, now())
FROM generate_series(0, %(accounts)s - 1) AS n
LEFT JOIN (
    SELECT p.account, min(s.first) AS first, max(s.last) AS last
    FROM scale_person AS p
    JOIN scale_seen AS s ON s.developer = p.n
    GROUP BY 1
) AS seen ON seen.account = n
"""
DEVELOPERS = """
INSERT INTO accounts_developer (
    id, workspace_id, account_id, rule, confidence, rule_detail, display_name,
    is_aggregate, is_anonymous, traits, first_seen_at, last_seen_at, created_at
)
SELECT
    %(developer)s + p.n,
    %(workspace)s,
    %(account)s + p.account,
    CASE WHEN p.account IS NULL THEN 'none' ELSE 'email_domain' END,
    CASE WHEN p.account IS NULL THEN 0 ELSE 0.9 END,
    coalesce('company' || p.account || '.example', ''),
    'developer' || p.n,
    false,
    false,
    jsonb_build_object(
        'plan',
        jsonb_build_object('tier', (ARRAY['free', 'team', 'gold'])[1 + p.n %% 3])
    ),
    coalesce(s.first, now() - interval '300 days'),
    coalesce(s.last, now() - interval '100 days'),
    coalesce(s.first, now())
FROM scale_person AS p
LEFT JOIN scale_seen AS s ON s.developer = p.n
"""
IDENTITIES = """
INSERT INTO accounts_identity (
    id, workspace_id, developer_id, kind, value, joined_by, first_seen_at, last_seen_at
)
SELECT
    %(identity)s + p.n,
    %(workspace)s,
    %(developer)s + p.n,
    'email',
    'developer' || p.n || coalesce('@company' || p.account || '.example', '@gmail.com'),
    '',
    coalesce(s.first, now()),
    coalesce(s.last, now())
FROM scale_person AS p
LEFT JOIN scale_seen AS s ON s.developer = p.n
"""
EVENTS = """
INSERT INTO ingest_event (
    workspace_id, identity_id, product_id, metric_id, occurred_at, received_at, value,
    dialect, source, event_id, environment, session_id, user_agent, properties
)
SELECT
    %(workspace)s,
    %(identity)s + developer,
    (%(products)s::bigint[])[product],
    (%(metrics)s::bigint[])[metric],
    at + step * interval '7 seconds',
    at + step * interval '8 seconds',
    CASE WHEN metric = 12 THEN 5 + 100 * random() END,
    'native',
    'PRODUCT_CLOUD',
    (%(step)s * n + step)::text,
    'PRODUCTION',
    '',
    'bench/1.0 (Linux x86_64)',
    '{"version": "2.4.1", "region": "eu-west", "duration_ms": 184}'
FROM (
    SELECT *, 1 + floor(power(random(), 2) * 12)::integer AS metric
    FROM scale_session
    CROSS JOIN generate_series(0, %(step)s - 1) AS step
) AS done
"""
# The ledger is as long as the events are many; its keys have no order either way.
KEYS = """
INSERT INTO ingest_eventkey (workspace_id, key)
SELECT %(workspace)s, md5('scale' || n)::uuid AS key
FROM generate_series(1, %(events)s) AS n
ORDER BY key
"""
USAGE = """
INSERT INTO accounts_dailyusage (
    workspace_id, developer_id, day, metric_id, product_id, count, value_sum
)
SELECT
    e.workspace_id,
    e.identity_id + %(developer)s - %(identity)s,
    (e.occurred_at AT TIME ZONE 'UTC')::date,
    e.metric_id,
    e.product_id,
    sum(e.count),
    coalesce(sum(e.value), 0)
FROM ingest_event AS e
WHERE e.workspace_id = %(workspace)s
GROUP BY 1, 2, 3, 4, 5
ORDER BY 2, 3, 4, 5
"""
WORKSPACE_USAGE = """
INSERT INTO accounts_workspaceusage (
    workspace_id, day, metric_id, product_id, count, value_sum
)
SELECT workspace_id, day, metric_id, product_id, sum(count), sum(value_sum)
FROM accounts_dailyusage
WHERE workspace_id = %(workspace)s
GROUP BY 1, 2, 3, 4
"""
VERSIONS = """
INSERT INTO accounts_versionseen (
    workspace_id, product_id, version, identity_id, first_seen_at, last_seen_at
)
SELECT
    %(workspace)s,
    (%(products)s::bigint[])[product],
    '2.' || developer %% 7 || '.' || developer %% 3,
    %(identity)s + developer,
    min(at),
    max(at)
FROM scale_session
GROUP BY developer, product
"""
STATEMENTS = (
    *(PEOPLE, SESSIONS, SEEN, ACCOUNTS, DEVELOPERS, IDENTITIES, EVENTS, KEYS),
    *(USAGE, WORKSPACE_USAGE, VERSIONS),
)
WORK_TABLES = ("scale_person", "scale_session", "scale_seen")
NUMBERED = ("accounts_account", "accounts_developer", "accounts_identity")


def fill(workspace: Workspace, size: Size) -> None:
    """Make the data and have the planner look at it."""
    metrics = _catalogue(workspace)
    products = Product.objects.in_workspace(workspace).filter(key__in=PRODUCTS)
    with transaction.atomic(), connection.cursor() as cursor:
        # The same data whenever it is asked for; more memory than a request gets.
        cursor.execute(
            "SET LOCAL work_mem = '256MB'; SET LOCAL synchronous_commit = off;"
            " SELECT setseed(0.42)"
        )
        account, developer, identity = (_last(cursor, name) for name in NUMBERED)
        values: dict[str, Any] = {
            "workspace": workspace.pk,
            "account": account,
            "developer": developer,
            "identity": identity,
            "developers": size.developers,
            "accounts": size.accounts,
            "events": size.events,
            "sessions": size.events // EVENTS_PER_SESSION,
            "step": EVENTS_PER_SESSION,
            "days": DAYS,
            "countries": list(COUNTRIES),
            "industries": list(INDUSTRIES),
            "products": list(products.order_by("pk").values_list("pk", flat=True)),
            "metrics": metrics,
        }
        for text in STATEMENTS:
            cursor.execute(text, values)
        for name in NUMBERED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'),"
                f" (SELECT max(id) FROM {name}))"
            )
        for name in WORK_TABLES:
            cursor.execute(f"DROP TABLE {name}")
    with connection.cursor() as cursor:
        # What autovacuum does within minutes of such a load.
        cursor.execute("VACUUM ANALYZE")


def _catalogue(workspace: Workspace) -> list[int]:
    """Add metrics and products; return the metrics' ids, the valued one last."""
    for key in PRODUCTS:
        Product.objects.get_or_create(
            workspace=workspace, key=key, defaults={"name": key}
        )
    for number, key in enumerate(METRICS):
        level = LEVELS[number % len(LEVELS)]
        Metric.objects.get_or_create(
            workspace=workspace, key=key, defaults={"level": level}
        )
    Metric.objects.get_or_create(
        workspace=workspace, key=VALUED, defaults={"adds_to_lifetime_value": True}
    )
    known = dict(Metric.objects.in_workspace(workspace).values_list("key", "pk"))
    return [known[key] for key in (*METRICS, VALUED)]


def _last(cursor: CursorWrapper, table: str) -> int:
    """Return a number that all new rows' are above."""
    cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
    return int(cursor.fetchone()[0])
