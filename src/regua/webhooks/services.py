"""What people do about webhooks: subscribe, change the secret, stop, send again."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from regua.accounts.access import NotAllowed, require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import Branch
from regua.webhooks.choices import TEST, DeliveryStatus, DisabledReason, EventType
from regua.webhooks.delivering import deliver_ask
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from regua.webhooks.posting import check_url
from regua.webhooks.selectors import failed_since
from regua.webhooks.signing import secret_new

MOST = 20
"""Active endpoints of an installation: each may have some calls under way at once."""
ROTATION = timedelta(hours=24)
"""How long the secret before signs beside the new one."""
KEPT = timedelta(days=30)
"""How long a delivery stays in the log."""
_FORGOTTEN_AT_ONCE = 20_000


def endpoint_create(
    *, actor: User, name: str, url: str, branch: Branch | None, events: Collection[str]
) -> WebhookEndpoint:
    """Subscribe an address, with a secret of its own; told of what happens from now on.

    Raises ``ValidationError`` by field, or ``NotAllowed``.
    """
    _may(actor, branch)
    endpoint = WebhookEndpoint(created_by=actor)
    _write(endpoint, name=name, url=url, branch=branch, events=events)
    with transaction.atomic():
        _room()
        endpoint.save()
        endpoint.secret_sealed = endpoint.seal(secret_new())
        endpoint.save(update_fields=["secret_sealed"])
    return endpoint


def endpoint_update(
    *,
    endpoint: WebhookEndpoint,
    actor: User,
    name: str,
    url: str,
    branch: Branch | None,
    events: Collection[str],
) -> None:
    """What waits already goes to the new address. Raises as ``endpoint_create``."""
    _may(actor, endpoint.branch)
    _may(actor, branch)
    with transaction.atomic():
        locked = _locked(endpoint)
        moved = locked.url != url.strip()
        _write(locked, name=name, url=url, branch=branch, events=events)
        if moved:
            locked.failures, locked.failing_since, locked.hold_until = 0, None, None
        locked.save()
    endpoint.refresh_from_db()


def secret_rotate(*, endpoint: WebhookEndpoint, actor: User) -> None:
    """Make a new secret; the one before signs beside it for ``ROTATION``, an older one no more."""
    _may(actor, endpoint.branch)
    with transaction.atomic():
        locked = _locked(endpoint)
        locked.previous_sealed = locked.secret_sealed
        locked.previous_until = timezone.now() + ROTATION
        locked.secret_sealed = locked.seal(secret_new())
        locked.save(update_fields=["previous_sealed", "previous_until", "secret_sealed"])
    endpoint.refresh_from_db()


def endpoint_disable(*, endpoint: WebhookEndpoint, actor: User) -> None:
    """Tell it nothing more. What waits stays; what happens meanwhile is not kept for it."""
    _may(actor, endpoint.branch)
    WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(
        disabled_at=timezone.now(), disabled_reason=DisabledReason.PERSON, disabled_by=actor
    )
    endpoint.refresh_from_db()


def endpoint_enable(*, endpoint: WebhookEndpoint, actor: User) -> None:
    """Tell it again: first what waited. Raises ``ValidationError`` where there are too many."""
    _may(actor, endpoint.branch)
    with transaction.atomic():
        locked = _locked(endpoint)
        if not locked.active:
            _room()
            locked.disabled_at, locked.disabled_reason, locked.disabled_by = None, "", None
            locked.failures, locked.failing_since, locked.hold_until = 0, None, None
            locked.noticed_at = None
            locked.save()
            deliver_ask()
    endpoint.refresh_from_db()


def endpoint_test(*, endpoint: WebhookEndpoint, actor: User) -> WebhookDelivery:
    """Send a test event, whatever the endpoint subscribes to. It must be active."""
    _may(actor, endpoint.branch)
    with transaction.atomic():
        _active(endpoint)
        now = timezone.now()
        delivery = WebhookDelivery.objects.create(
            endpoint=endpoint,
            event_id=f"test_{uuid.uuid4().hex}",
            type=TEST,
            payload={
                "type": TEST,
                "timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "data": {"endpoint": endpoint.pk},
            },
            asked_by=actor,
        )
        deliver_ask()
    delivery.refresh_from_db()
    return delivery


def delivery_replay(*, delivery: WebhookDelivery, actor: User) -> WebhookDelivery:
    """Send an event again, under the same ``webhook-id``; the row before keeps what came of it."""
    _may(actor, delivery.endpoint.branch)
    with transaction.atomic():
        _active(delivery.endpoint)
        if delivery.status == DeliveryStatus.PENDING:
            raise ValidationError(
                "Este acontecimento ainda está na fila e vai sair sozinho. Nada mudou."
            )
        fresh = WebhookDelivery.objects.create(
            endpoint_id=delivery.endpoint_id,
            event_id=delivery.event_id,
            type=delivery.type,
            payload=delivery.payload,
            replays=delivery,
            asked_by=actor,
        )
        deliver_ask()
    fresh.refresh_from_db()
    return fresh


def failed_replay(*, endpoint: WebhookEndpoint, actor: User, since: datetime) -> int:
    """Send again all that was given up since then; how many."""
    _may(actor, endpoint.branch)
    with transaction.atomic():
        _active(endpoint)
        query, values = (
            failed_since(endpoint, since).order_by("pk").values("pk").query.sql_with_params()
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO webhooks_webhookdelivery"  # noqa: S608
                " (endpoint_id, event_id, type, payload, replays_id, asked_by_id)"
                " SELECT endpoint_id, event_id, type, payload, id, %s"
                f" FROM webhooks_webhookdelivery WHERE id IN ({query}) ORDER BY id",
                [actor.pk, *values],
            )
            count = int(cursor.rowcount)
        deliver_ask()
    return count


def deliveries_forget() -> bool:
    """Delete a batch of what is older than ``KEPT``; whether there may be more.

    What still waits for an endpoint that is disabled goes with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM webhooks_webhookdelivery WHERE id IN ("
            "SELECT id FROM webhooks_webhookdelivery WHERE id <= ("
            # Ids follow time closely enough; there is no index by time to keep up.
            "SELECT max(first.id) FROM (SELECT id, created_at FROM webhooks_webhookdelivery"
            " ORDER BY id LIMIT %s) AS first WHERE first.created_at < %s::timestamptz))",
            [_FORGOTTEN_AT_ONCE, timezone.now() - KEPT],
        )
        return cursor.rowcount > 0


def secrets_forget() -> None:
    """Delete the secrets whose time beside the new one is over."""
    WebhookEndpoint.objects.filter(previous_until__lt=timezone.now()).update(
        previous_sealed="", previous_until=None
    )


def _may(actor: User, branch: Branch | None) -> None:
    require(actor, Permission.MANAGE_WEBHOOKS, branch_id=branch.pk if branch else None)
    if branch is None and not actor.all_branches:
        raise NotAllowed(
            "Um webhook de todas as filiais é de quem vê todas elas. Nada foi feito. "
            "Escolha uma filial."
        )


def _write(endpoint: WebhookEndpoint, **values: Any) -> None:
    problems: dict[str, list[str]] = {}
    try:
        endpoint.url = check_url(values["url"])
    except ValidationError as error:
        problems["url"] = error.messages
    endpoint.name = " ".join(values["name"].split())
    endpoint.branch = values["branch"]
    endpoint.events = [event for event in EventType.values if event in values["events"]]
    if not endpoint.events:
        problems["events"] = ["Marque ao menos um acontecimento."]
    try:
        others = {field.name for field in endpoint._meta.fields} - {"name", "url"}
        endpoint.clean_fields(exclude=others | problems.keys())
    except ValidationError as error:
        problems = error.message_dict | problems
    if problems:
        raise ValidationError(problems)


def _room() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('webhooks.room', 0))")
    if WebhookEndpoint.objects.filter(disabled_at=None).count() >= MOST:
        raise ValidationError(
            f"Já há {MOST} webhooks ativos, o máximo. Nada foi feito. "
            "Desative um que não serve mais."
        )


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def _active(endpoint: WebhookEndpoint) -> None:
    if not _locked(endpoint).active:
        raise ValidationError("Este webhook está desativado. Nada foi enviado. Ative-o antes.")
