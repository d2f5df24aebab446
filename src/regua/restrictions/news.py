"""What the bureau tells of a restriction, applied so that nothing can move it backwards.

News comes from an answer, from the change feed or from a webhook, possibly late, twice or out of
order. The bureau's version decides: only a higher one is news, and only a legal move is made.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.contract import ListingRecord, ListingStatus
from regua.integrations.choices import CodeKind
from regua.integrations.gateway import provider_of
from regua.restrictions.choices import FROM_BUREAU, MOVES, Source, Status
from regua.restrictions.corrections import replacement_follow
from regua.restrictions.history import record_event
from regua.restrictions.midlife import removed_by_bureau
from regua.restrictions.models import Restriction

_SENTENCES = {
    Status.SENT: "O birô recebeu a negativação.",
    Status.NOTIFIED: "O birô enviou o comunicado ao cliente.",
    Status.ACTIVE: "A negativação está visível no birô.",
    Status.REMOVAL_SENT: "O birô recebeu o pedido de baixa.",
    Status.REMOVED: "O birô baixou a negativação.",
}


def record_apply(
    restriction_id: int,
    record: ListingRecord,
    *,
    source: Source,
    actor: User | None = None,
    again: bool = False,
) -> bool:
    """Bring one restriction up to the bureau's ``record``; return whether anything changed.

    With ``again`` also to one of the version that it has already: somebody found that they differ.
    """
    with transaction.atomic():
        restriction = Restriction.objects.select_for_update(no_key=True).get(pk=restriction_id)
        if record.version < restriction.bureau_version + (0 if again else 1):
            return False
        before = restriction.status
        was_unavailable = restriction.unavailable
        _take_facts(restriction, record)
        moved = _move(restriction, record)
        if moved and restriction.status == Status.REMOVED:
            removed_by_bureau(restriction)
        restriction.save()
        if moved:
            text = _sentence(restriction, asked=before == Status.REMOVAL_SENT)
        elif restriction.unavailable and not was_unavailable:
            text = "O birô não sabe informar a situação agora; vale a última conhecida."
        elif was_unavailable and not restriction.unavailable:
            text = "O birô voltou a informar a situação."
        else:
            return True
        record_event(restriction, text=text, source=source, actor=actor, before=before)
        if restriction.is_final:
            replacement_follow(restriction)
    return True


def records_match(
    records: Iterable[ListingRecord], *, integration_id: int
) -> tuple[list[tuple[Restriction, ListingRecord]], int]:
    """Pair the bureau's records with ours; return the pairs that are news and how many are alien.

    A record is ours by its protocol or by the reference that we gave it.
    """
    records = list(records)
    references = {key for r in records if (key := _as_uuid(r.reference)) is not None}
    rows = Restriction.objects.filter(integration_id=integration_id).only(
        "protocol", "idempotency_key", "bureau_version"
    )
    by_protocol = {r.protocol: r for r in rows.filter(protocol__in=[r.protocol for r in records])}
    by_key = {r.idempotency_key: r for r in rows.filter(idempotency_key__in=references)}
    pairs, alien = [], 0
    for record in records:
        ours = by_protocol.get(record.protocol)
        if ours is None and (key := _as_uuid(record.reference)) is not None:
            ours = by_key.get(key)
        if ours is None:
            alien += 1
        elif record.version > ours.bureau_version:
            pairs.append((ours, record))
    return pairs, alien


def _as_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _take_facts(restriction: Restriction, record: ListingRecord) -> None:
    restriction.bureau_version = record.version
    restriction.bureau_code = record.code[:10]
    restriction.unavailable = record.status is ListingStatus.UNAVAILABLE
    if not restriction.unavailable:
        restriction.bureau_status = record.status.value
    restriction.protocol = restriction.protocol or record.protocol
    restriction.sent_at = restriction.sent_at or timezone.now()
    restriction.notified_on = record.notified_on or restriction.notified_on
    restriction.visible_on = record.visible_on or restriction.visible_on


def _move(restriction: Restriction, record: ListingRecord) -> bool:
    current = Status(restriction.status)
    # A record found while we were asking whether it exists is at the bureau, whatever its state.
    target = FROM_BUREAU.get(record.status, Status.SENT if current is Status.QUEUED else None)
    if target is None or target == current or target not in MOVES[current]:
        return False
    if current is Status.REMOVAL_QUEUED and target in (
        Status.SENT,
        Status.NOTIFIED,
        Status.ACTIVE,
    ):
        # Those moves back are for a refused removal only (``sender``), never for news.
        return False
    restriction.status = target
    restriction.due_at, restriction.unknown = None, False
    restriction.problem = ""
    if target is Status.REFUSED:
        restriction.problem = _refusal(restriction, record)
    elif target is Status.REMOVED:
        restriction.removed_on = record.removed_on or timezone.localdate()
        restriction.removal_code = record.removal_code or restriction.removal_code
    return True


def _refusal(restriction: Restriction, record: ListingRecord) -> str:
    known = provider_of(restriction.integration).explain(record.code)
    why = known.why if known else record.message or "sem explicação"
    remedy = known.remedy if known else ""
    return (
        f"O birô recusou a negativação: {why} (código {record.code or 'não informado'}). "
        f"A dívida não está negativada. {remedy}"
    ).strip()


def _sentence(restriction: Restriction, *, asked: bool) -> str:
    status = Status(restriction.status)
    if status is Status.REFUSED:
        return restriction.problem
    if status is Status.REMOVED and not asked and not restriction.removal_requested_at:
        known = restriction.integration.reason_codes.filter(
            kind=CodeKind.REMOVAL, code=restriction.removal_code
        ).first()
        why = f"{known.description}, " if known else ""
        return f"O birô baixou por conta própria: {why}código {restriction.removal_code}."
    if status is Status.NOTIFIED and restriction.visible_on:
        return f"{_SENTENCES[status]} Fica visível em {restriction.visible_on:%d/%m/%Y}."
    return _SENTENCES[status]
