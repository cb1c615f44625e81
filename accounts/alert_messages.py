"""Alerts in the words of each receiver: JSON, a chat message, a mail."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import DNS_NAME, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.alert_mail import stop_path
from accounts.models import Alert, Delivery, Happening

# Of a digest: more stand on the page.
MOST_LINES = 200
TYPES = {"account": "account", "developer": "developer", "segment": "segment"}


def name_of(happening: Happening) -> str:
    """Return the name of whom or what it is about."""
    if happening.account is not None:
        return str(happening.account)
    if happening.developer is not None:
        return str(happening.developer)
    if happening.segment is not None:
        return str(happening.segment)
    if happening.product is not None:
        return str(happening.product)
    return str(happening.workspace)


def sentence(happening: Happening) -> str:
    """Return what happened as one sentence, name first."""
    return f"{name_of(happening)} {happening.text}"


def page_of(happening: Happening) -> str:
    """Return the path of the page that shows it."""
    slug = happening.workspace.slug
    if happening.account_id is not None:
        return reverse("dashboards:account", args=[slug, happening.account_id])
    if happening.developer_id is not None:
        return reverse("dashboards:developer", args=[slug, happening.developer_id])
    if happening.segment_id is not None:
        return reverse("dashboards:segment", args=[slug, happening.segment_id])
    if happening.kind == "quarantine":
        return reverse("dashboards:ingestion", args=[slug])
    return reverse("dashboards:overview", args=[slug])


def link_to(path: str) -> str:
    """Return the whole address of a page; empty while nobody said where we are."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else ""


def as_json(delivery: Delivery) -> dict[str, Any]:
    """Return what a program is sent; the shape is in docs/alerts.md."""
    happening = _happening(delivery)
    data: dict[str, Any] = {
        "workspace": happening.workspace.slug,
        "text": sentence(happening),
        "url": link_to(page_of(happening)),
        **happening.data,
    }
    for name in TYPES:
        one = getattr(happening, name)
        if one is not None:
            data[name] = {"id": one.pk, "name": str(one)}
            if name == "account":
                data[name]["domain"] = one.domain
    if happening.product is not None:
        data["product"] = {"key": happening.product.key, "name": str(happening.product)}
    return {
        "type": f"uptick.{happening.kind}",
        "timestamp": happening.at.astimezone(UTC).isoformat(),
        "data": data,
    }


def as_slack(delivery: Delivery) -> dict[str, Any]:
    """Return a chat message: what is about whom, with a link if there is an address."""
    happening = _happening(delivery)
    name, text = _escaped(name_of(happening)), _escaped(happening.text)
    link = link_to(page_of(happening))
    subject = f"<{link}|{name}>" if link else f"*{name}*"
    return {"text": f"{subject} {text}"}


def mail_happening(delivery: Delivery) -> bool:
    """Mail one alert; return whether there was one to mail."""
    happening = _happening(delivery)
    said = sentence(happening)
    return _mail(
        delivery,
        subject=said,
        template="alert",
        context={"sentence": said, "link": link_to(page_of(happening))},
    )


def mail_digest(delivery: Delivery) -> bool:
    """Mail what happened on some days; nothing where nothing did."""
    assert delivery.first_day is not None  # noqa: S101 (a digest has both)
    assert delivery.last_day is not None  # noqa: S101
    first = datetime.combine(delivery.first_day, time.min, tzinfo=UTC)
    after = datetime.combine(delivery.last_day, time.min, tzinfo=UTC)
    alerts = (
        Alert.objects.filter(
            user=delivery.user_id,
            workspace=delivery.workspace_id,
            happening__at__gte=first,
            happening__at__lt=after + timedelta(days=1),
        )
        .select_related(
            *("happening__account", "happening__developer", "happening__segment"),
            *("happening__product", "happening__workspace"),
        )
        .order_by("happening__kind", "pk")
    )
    rows = [alert.happening for alert in alerts[:MOST_LINES]]
    if not rows:
        return False
    days = (delivery.last_day - delivery.first_day).days + 1
    when = f"{delivery.last_day:%-d %B}" if days == 1 else f"the last {days} days"
    return _mail(
        delivery,
        subject=f"{delivery.workspace.name}: what happened on {when}"
        if days == 1
        else f"{delivery.workspace.name}: {when}",
        template="digest",
        context={
            "when": when,
            "groups": _groups(rows),
            "more": alerts.count() - len(rows),
        },
    )


def _groups(rows: Iterable[Happening]) -> list[tuple[str, list[tuple[str, str]]]]:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        line = (sentence(row), link_to(page_of(row)))
        groups[row.get_kind_display()].append(line)
    return list(groups.items())


def _mail(
    delivery: Delivery, *, subject: str, template: str, context: dict[str, Any]
) -> bool:
    assert delivery.user is not None  # noqa: S101 (mail has one)
    inbox = link_to(reverse("dashboards:alerts", args=[delivery.workspace.slug]))
    stop = link_to(stop_path(delivery.workspace_id, delivery.user.pk))
    values = {
        **context,
        "workspace": delivery.workspace,
        "user": delivery.user,
        "inbox": inbox,
        "stop": stop,
    }
    mail = EmailMultiAlternatives(
        # In one line: names may hold line breaks, headers may not.
        subject=" ".join(subject.split())[:150],
        body=render_to_string(f"mail/{template}.txt", values),
        to=[delivery.user.email],
        # Two tries of one message are one in the mailbox.
        headers={
            "Message-ID": f"<{delivery.pk.hex}@{DNS_NAME}>",
            **(_ways_out(stop) if stop else {}),
        },
    )
    page = render_to_string(f"mail/{template}.html", values)
    mail.attach_alternative(page, "text/html")
    return bool(mail.send())


def _ways_out(stop: str) -> dict[str, str]:
    """Return what mail programs show as a button to stop (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _happening(delivery: Delivery) -> Happening:
    assert delivery.happening_id is not None  # noqa: S101 (only a digest has none)
    return Happening.objects.select_related(
        *("account", "developer", "segment", "product", "workspace")
    ).get(pk=delivery.happening_id)


def _escaped(text: str) -> str:
    """Keep a name from being read as the chat's own marks, a mention above all."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
