"""Who agreed to be mailed alerts: addresses are confirmed first, and can be taken back.

Admins type in the addresses of members, and a slip there would tell a stranger who
uses what. So mail goes only to who followed a link that was mailed to the address;
every mail has one that ends it, and an address that a mail server refuses for good,
or that is changed, has to be confirmed anew.
"""

import smtplib
from collections.abc import Callable

from django.core import signing
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.errors import AccountsError
from accounts.models import AlertSettings, User, Workspace

CONFIRM, STOP = "accounts.alert_mail.confirm", "accounts.alert_mail.stop"
CONFIRM_SECONDS = 3 * 24 * 3600
# Of SMTP: from here on, trying again is of no use.
PERMANENT = 500


def choose(
    workspace: Workspace, user: User, mail: str, *, absolute: Callable[[str], str]
) -> bool:
    """Take down when somebody wants mail; return False if they confirm it first.

    Args:
        workspace: about which.
        user: who.
        mail: one of `AlertSettings.Mail`.
        absolute: makes a whole address of a path, for the link in the mail.

    Raises:
        AccountsError: the mail with the link could not be sent.
    """
    known = AlertSettings.objects.filter(workspace=workspace, user=user).first()
    agreed = known is not None and known.mail != AlertSettings.Mail.NONE
    if agreed or mail == AlertSettings.Mail.NONE:
        _save(workspace, user, mail)
        return True
    says = {"w": workspace.pk, "u": user.pk, "to": user.email, "mail": mail}
    token = signing.dumps(says, salt=CONFIRM)
    path = reverse("dashboards:alerts-confirm", args=[workspace.slug, token])
    values = {"workspace": workspace, "user": user, "link": absolute(path)}
    subject = f"Confirm: alerts of {workspace.name} by mail"
    try:
        send_mail(
            " ".join(subject.split())[:150],
            render_to_string("mail/confirm.txt", values),
            None,
            [user.email],
        )
    except OSError as error:
        # Of the mail server: smtplib's errors are all of this kind.
        raise AccountsError(
            f"The mail to {user.email} could not be sent: {str(error)[:200]}"
        ) from None
    return False


def confirm(workspace: Workspace, user: User, token: str) -> AlertSettings:
    """Begin to mail somebody who followed the link in the mail to their address.

    Raises:
        AccountsError: the link is too old, or was for somebody else or elsewhere.
    """
    try:
        says = signing.loads(token, salt=CONFIRM, max_age=CONFIRM_SECONDS)
    except signing.SignatureExpired:
        raise AccountsError(
            "The link is older than three days. Choose again when to be mailed."
        ) from None
    except signing.BadSignature:
        raise AccountsError("The link is not complete.") from None
    if (says["w"], says["u"], says["to"]) != (workspace.pk, user.pk, user.email):
        raise AccountsError("The link is for another member or another address.")
    return _save(workspace, user, says["mail"])


def stop_path(workspace_id: int, user_id: int) -> str:
    """Return the path that ends somebody's mail about a workspace, without log-in."""
    token = signing.dumps({"w": workspace_id, "u": user_id}, salt=STOP)
    return reverse("dashboards:alerts-stop", args=[token])


def read_stop(token: str) -> AlertSettings | None:
    """Return whose mail a link ends; None if it is no such link, or they are gone."""
    try:
        says = signing.loads(token, salt=STOP)
    except signing.BadSignature:
        return None
    return (
        AlertSettings.objects.filter(workspace=says["w"], user=says["u"])
        .select_related("workspace", "user")
        .first()
    )


def stop(settings: AlertSettings) -> None:
    """End somebody's mail about one workspace."""
    settings.mail = AlertSettings.Mail.NONE
    settings.save(update_fields=["mail"])


def forget_address(user: User) -> None:
    """End all mail to somebody whose address changed, or is refused for good."""
    AlertSettings.objects.filter(user=user).update(mail=AlertSettings.Mail.NONE)


def is_refused_for_good(error: OSError) -> bool:
    """Say whether a mail server will never take mail for this address."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= PERMANENT for code, _ in error.recipients.values()
    )


def _save(workspace: Workspace, user: User, mail: str) -> AlertSettings:
    saved, _ = AlertSettings.objects.update_or_create(
        workspace=workspace, user=user, defaults={"mail": mail}
    )
    return saved
