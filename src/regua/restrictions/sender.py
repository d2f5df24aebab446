"""Bringing listings and removals to the bureau: exactly once, whatever becomes of the answers.

A row is claimed (durably marked unknown), called for, and settled. If the process dies anywhere
in between, the row comes up again after its lease, still unknown, and is looked up at the bureau
before anything is repeated; the repetition carries the same idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from regua.bureaus.contract import (
    Address,
    BureauClient,
    Debtor,
    ListingRecord,
    ListingRequest,
    ListingStatus,
)
from regua.bureaus.errors import BureauError, Misconfigured, OutcomeUnknown, Refused, TryLater
from regua.compliance.selectors import evaluate
from regua.integrations import gateway, throttle
from regua.integrations.models import BureauCall
from regua.integrations.outbox import MAX_DELAY, Claim, backoff, settle
from regua.integrations.selectors import check_linked
from regua.integrations.senders import Crew, drain
from regua.restrictions.choices import FROM_BUREAU, Source, Status
from regua.restrictions.corrections import replacement_follow
from regua.restrictions.history import record_event
from regua.restrictions.models import Restriction
from regua.restrictions.news import record_apply
from regua.restrictions.statements import DebtNow, debt_read, taken_write

_LOOKED_UP_AGAIN = (
    "Um envio ficou sem resposta e o birô ainda não tem a negativação: ela será procurada de novo "
    "e, se não aparecer, cancelada."
)


def restrictions_drain(
    integration_id: int,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    crew: Crew | None = None,
) -> int:
    """Bring every due listing and removal of an integration to its bureau; return how many."""
    return drain(Restriction, integration_id, restriction_send, should_stop=should_stop, crew=crew)


def restriction_send(claim: Claim[Restriction]) -> None:
    """Do what a claimed row is due for and record the outcome."""
    restriction = claim.row
    removing = restriction.status == Status.REMOVAL_QUEUED
    try:
        if not removing and not claim.unanswered:
            check_linked(restriction.integration)
        with gateway.line(
            restriction.integration,
            purpose="removal" if removing else "restriction",
            subject=f"restriction:{restriction.pk}",
            actor_id=restriction.removal_requested_by_id
            if removing
            else restriction.requested_by_id,
        ) as client:
            if restriction.status == Status.QUEUED:
                _list(client, restriction, claim)
            elif removing:
                _remove(client, restriction, claim)
    except throttle.Held:
        raise  # nothing left: the claim is given back
    except BureauError as error:
        _settle_failure(restriction, claim, error)


def _list(client: BureauClient, restriction: Restriction, claim: Claim[Restriction]) -> None:
    debt = debt_read(restriction)
    if claim.unanswered and (found := _find(client, restriction)) is not None:
        record_apply(restriction.pk, found, source=Source.SENDER)
        return
    if (reason := _why_not_any_more(restriction, debt)) is not None:
        _withdraw(restriction, claim, reason)
        return
    submission = client.list_debt(
        listing_request(restriction, creditor_document=debt.creditor_document),
        idempotency_key=str(restriction.idempotency_key),
    )
    if submission.already_there:
        record = client.listing(submission.protocol)
        record_apply(restriction.pk, record, source=Source.SENDER)
        return
    taken_write(
        claim,
        text=f"Enviada ao birô, protocolo {submission.protocol}.",
        status=Status.SENT,
        protocol=submission.protocol,
        bureau_status=ListingStatus.RECEIVED.value,
        sent_at=timezone.now(),
        due_at=None,
        unknown=False,
        problem="",
    )


def _why_not_any_more(restriction: Restriction, debt: DebtNow) -> str | None:
    """What has happened to the debt since it was asked for that forbids listing it as asked."""
    pk = restriction.receivable_id
    for finding in evaluate([pk], apart_from=[restriction.pk], general=debt.general)[pk]:
        if finding.blocks and not finding.rule.field:
            return finding.rule.failure
    if debt.open_amount != restriction.principal:
        return "O valor em aberto mudou depois do pedido; negative de novo pelo valor de agora."
    return None


def _withdraw(restriction: Restriction, claim: Claim[Restriction], reason: str) -> None:
    fate = "Nada foi enviado ao birô."
    if claim.unanswered:
        due_at = _may_arrive_until(restriction)
        if due_at > timezone.now():
            # The bureau has nothing, yet: what was sent may still be on its way into its ledger.
            _settle(claim, Status.QUEUED, due_at=due_at, problem=f"{reason} {_LOOKED_UP_AGAIN}")
            return
        fate = "Um envio ficou sem resposta; procurada no birô, ela não está lá."
    with transaction.atomic():
        _hold(restriction)
        if _settle(
            claim,
            Status.QUEUED,
            status=Status.CANCELLED,
            due_at=None,
            unknown=False,
            problem=reason,
        ):
            restriction.status = Status.CANCELLED
            record_event(
                restriction,
                text=f"Cancelada. {reason} {fate}",
                source=Source.SENDER,
                before=Status.QUEUED,
            )


def _may_arrive_until(restriction: Restriction) -> datetime:
    """Until when a call that was never answered may still have its effect at the bureau."""
    left = BureauCall.objects.filter(
        subject=f"restriction:{restriction.pk}", purpose="restriction", method="POST"
    )
    last = left.order_by("-id").first()
    if last is None:  # the sender died before it called
        return timezone.now()
    return last.started_at + timedelta(seconds=settings.CONFIG.sender_lease)


def _remove(client: BureauClient, restriction: Restriction, claim: Claim[Restriction]) -> None:
    if claim.unanswered:
        record = client.listing(restriction.protocol)
        if record.status in (ListingStatus.REMOVAL_RECEIVED, ListingStatus.REMOVED):
            record_apply(restriction.pk, record, source=Source.SENDER)
            return
    removal = client.remove(
        restriction.protocol,
        removal_code=restriction.removal_code,
        on=timezone.localdate(),
        idempotency_key=str(restriction.removal_key),
    )
    if removal.already_gone:
        record = client.listing(restriction.protocol)
        record_apply(restriction.pk, record, source=Source.SENDER)
        return
    taken_write(
        claim,
        text="Pedido de baixa entregue ao birô.",
        status=Status.REMOVAL_SENT,
        bureau_status=ListingStatus.REMOVAL_RECEIVED.value,
        due_at=None,
        unknown=False,
        problem="",
    )


def _find(client: BureauClient, restriction: Restriction) -> ListingRecord | None:
    """The bureau's record of this very listing, or of the same live debt."""
    records = client.find_listings(
        document=restriction.debtor["document"], contract=restriction.contract_number
    )
    key = str(restriction.idempotency_key)
    for record in records:
        if record.reference == key:
            return record
    return None


def _settle(claim: Claim[Restriction], expected: Status, **changes: object) -> bool:
    """Only the sender that holds the claim, only from the state it saw."""
    return settle(claim, (expected,), **changes)


def _hold(restriction: Restriction) -> None:
    """What the bureau told while the call was under way, and nothing more until the commit."""
    restriction.refresh_from_db(
        fields=["bureau_status", "bureau_version"],
        from_queryset=Restriction.objects.select_for_update(of=["self"], no_key=True),
    )


def _settle_failure(
    restriction: Restriction, claim: Claim[Restriction], error: BureauError
) -> None:
    now = timezone.now()
    expected = Status(restriction.status)
    wait = backoff(claim.attempts)
    match error:
        case OutcomeUnknown():
            _settle(claim, expected, due_at=now + wait, problem=error.message)
        case TryLater():
            if error.retry_after is not None:
                wait = max(wait, timedelta(seconds=error.retry_after))
            # Nothing was done by this call; an earlier unanswered one stays unanswered.
            _settle(
                claim,
                expected,
                due_at=now + wait,
                unknown=claim.unanswered,
                problem=error.message,
            )
        case Misconfigured():
            _settle(
                claim,
                expected,
                due_at=now + MAX_DELAY,
                unknown=claim.unanswered,
                problem=error.message,
            )
        case Refused() if expected is Status.REMOVAL_QUEUED:
            _settle_removal_refused(restriction, claim, error)
        case _:
            _settle_refused(restriction, claim, error)


def _settle_refused(
    restriction: Restriction, claim: Claim[Restriction], error: BureauError
) -> None:
    with transaction.atomic():
        _hold(restriction)
        if _settle(
            claim,
            Status.QUEUED,
            status=Status.REFUSED,
            bureau_code=error.code[:10],
            due_at=None,
            unknown=False,
            problem=error.message,
        ):
            restriction.status = Status.REFUSED
            record_event(
                restriction, text=error.message, source=Source.SENDER, before=Status.QUEUED
            )


def _settle_removal_refused(
    restriction: Restriction, claim: Claim[Restriction], error: BureauError
) -> None:
    """The listing stands as the bureau last told; the person sees why and may ask again."""
    with transaction.atomic():
        _hold(restriction)
        back = FROM_BUREAU.get(ListingStatus(restriction.bureau_status), Status.SENT)
        if back not in (Status.SENT, Status.NOTIFIED, Status.ACTIVE):
            back = Status.SENT
        if _settle(
            claim,
            Status.REMOVAL_QUEUED,
            status=back,
            bureau_code=error.code[:10],
            due_at=None,
            unknown=False,
            problem=error.message,
            removal_requested_at=None,
            removal_requested_by=None,
        ):
            restriction.status = back
            record_event(
                restriction, text=error.message, source=Source.SENDER, before=Status.REMOVAL_QUEUED
            )
            replacement_follow(restriction)


def listing_request(restriction: Restriction, *, creditor_document: str) -> ListingRequest:
    """The wire-neutral request, from what was fixed when the listing was asked for."""
    return ListingRequest(
        reference=str(restriction.idempotency_key),
        reason_code=restriction.restriction_code,
        contract=restriction.contract_number,
        our_number=restriction.our_number,
        amount=restriction.amount,
        due_date=restriction.due_date,
        creditor_document=creditor_document,
        debtor=_person(restriction.debtor),
        co_debtor=_person(restriction.co_debtor) if restriction.co_debtor else None,
    )


def _person(kept: dict[str, Any]) -> Debtor:
    born = kept["birth_date"]
    return Debtor(
        document=kept["document"],
        name=kept["name"],
        sex=kept["sex"],
        birth_date=date.fromisoformat(born) if born else None,
        mobile=kept["mobile"],
        email=kept["email"],
        address=Address(**kept["address"]),
    )
