"""Access tokens of OAuth clients: taken back before their time."""

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.audit import record
from accounts.models import AccessToken, ApiKey, AuditEntry, User


def revoke_tokens(
    tokens: QuerySet[AccessToken], *, actor: User | None, ip: str | None = None
) -> int:
    """Revoke these tokens, from the next request on, and return how many worked.

    The version of their clients is raised: whoever remembers a token looks again.
    """
    now = timezone.now()
    with transaction.atomic():
        chosen = AccessToken.objects.filter(
            pk__in=list(tokens.values_list("pk", flat=True)),
            revoked_at=None,
            expires_at__gt=now,
        )
        ids = list(chosen.select_for_update().values_list("pk", "client_id"))
        clients = ApiKey.objects.select_related("workspace").in_bulk(
            {client_id for _, client_id in ids}
        )
        AccessToken.objects.filter(pk__in=[pk for pk, _ in ids]).update(revoked_at=now)
        ApiKey.objects.filter(pk__in=clients).update(version=F("version") + 1)
        for pk, client in sorted(clients.items()):
            record(
                workspace=client.workspace,
                action=AuditEntry.Action.TOKENS_REVOKED,
                subject=str(client),
                actor=actor,
                ip=ip,
                detail={
                    "key_id": pk,
                    "tokens": sum(client_id == pk for _, client_id in ids),
                },
            )
    return len(ids)
