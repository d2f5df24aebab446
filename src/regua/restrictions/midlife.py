"""What happens to a listed debt besides being paid: contest, court order, death, change of holder,
and what the bureau does by itself. Each does everything that the law asks in one transaction.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.calendar import CORRECTION_DAYS, business_day_after
from regua.integrations.choices import CodeKind, Reason
from regua.organization.selectors import days_off
from regua.parties.models import Customer
from regua.parties.services import customer_death
from regua.receivables.impediments import (
    impediment_close,
    impediment_open,
    impediment_told_by_bureau,
)
from regua.receivables.models import Impediment, Receivable
from regua.restrictions.choices import AT_BUREAU, LIVE, RemovalReason, Source, Status
from regua.restrictions.duties import CAUSES, duty_open
from regua.restrictions.history import record_event
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import naming
from regua.restrictions.services import removal_request

_KIND_OF_REASON = {
    Reason.CONTESTED: Impediment.Kind.CONTEST,
    Reason.COURT_ORDER: Impediment.Kind.COURT_ORDER,
}


def contest_open(*, receivable: Receivable, actor: User, told_on: date, text: str) -> Impediment:
    """The customer contests the debt: charging and listing pause until somebody decides.

    A listing at the bureau stays until the decision; one that has not left is withdrawn.
    """
    with transaction.atomic():
        contest = impediment_open(
            receivable=receivable,
            actor=actor,
            kind=Impediment.Kind.CONTEST,
            told_on=told_on,
            text=text,
        )
        for row in _live(receivable):
            if _withdrawn(row, actor, "O cliente contestou o título."):
                continue
            record_event(
                row,
                text=f"O cliente contestou o título em {told_on:%d/%m/%Y}.",
                source=Source.PERSON,
                actor=actor,
                before=row.status,
            )
    return contest


def court_order_open(
    *, receivable: Receivable, actor: User, told_on: date, text: str
) -> Impediment:
    """A court forbids the listing: it is asked off at once, and none is possible until lifted."""
    with transaction.atomic():
        order = impediment_open(
            receivable=receivable,
            actor=actor,
            kind=Impediment.Kind.COURT_ORDER,
            told_on=told_on,
            text=text,
        )
        _take_off(receivable, actor, RemovalReason.COURT_ORDER, told_on)
    return order


def impediment_decide(
    *, impediment: Impediment, actor: User, outcome: str, decision: str
) -> Impediment:
    """Close it; an upheld contest asks the listing off, with five business days from the day on
    which the customer told us (CDC, art. 43 § 3º)."""
    with transaction.atomic():
        decided = impediment_close(
            impediment=impediment, actor=actor, outcome=outcome, decision=decision
        )
        if outcome == Impediment.Outcome.UPHELD:
            _take_off(impediment.receivable, actor, RemovalReason.CONTESTED, impediment.told_on)
        else:
            for row in _live(impediment.receivable):
                record_event(
                    row,
                    text=f"{impediment.get_kind_display()}: {decided.get_outcome_display()}.",
                    source=Source.PERSON,
                    actor=actor,
                    before=row.status,
                )
    return decided


def decide_by(impediment: Impediment) -> date:
    """The last day to mend what a customer contests, should they be right."""
    branch = impediment.receivable.branch
    return business_day_after(impediment.told_on, CORRECTION_DAYS, days_off(branch))


def customer_deceased(*, customer: Customer, actor: User, deceased_on: date) -> int:
    """The customer has died: every listing that names them is asked off, also as the co-debtor,
    and none is possible any more.

    Returns how many listings were asked off or withdrawn.
    """
    require(actor, Permission.REQUEST_REMOVAL, branch_id=customer.branch_id)
    with transaction.atomic():
        customer_death(customer=customer, actor=actor, deceased_on=deceased_on)
        return sum(
            _take_off(debt, actor, RemovalReason.DECEASED, timezone.localdate())
            for debt in Receivable.objects.filter(
                pk__in=Restriction.objects.filter(naming(customer)).values("receivable_id")
            ).order_by("pk")
        )


def holder_changed(*, restriction: Restriction, actor: User, told_on: date) -> None:
    """The service has another holder: this one's listing comes off."""
    removal_request(
        restriction=restriction,
        actor=actor,
        reason=RemovalReason.OWNERSHIP_CHANGE,
        told_on=told_on,
    )


def removed_by_bureau(restriction: Restriction) -> None:
    """Keep why the bureau took a listing off by itself, and let its reason bind us, too: what a
    court ordered or the customer contested there is not listed again as if nothing had happened.

    Inside the transaction that moves it, before it is saved: the debt before the listing's duty.
    """
    code = restriction.integration.reason_codes.filter(
        kind=CodeKind.REMOVAL, code=restriction.removal_code, bureau_only=True
    ).first()
    if code is None or code.reason not in RemovalReason.values:
        return
    restriction.removal_reason = code.reason
    kind = _KIND_OF_REASON.get(Reason(code.reason))
    if kind is not None:
        impediment_told_by_bureau(
            receivable_id=restriction.receivable_id,
            kind=kind,
            text=f"O birô baixou a negativação nº {restriction.pk} por conta própria, com o "
            f"código {code.code} ({code.description}).",
        )


def _live(receivable: Receivable) -> list[Restriction]:
    rows = Restriction.objects.filter(receivable=receivable, status__in=LIVE)
    return list(rows.select_related("branch").order_by("pk"))


def _take_off(receivable: Receivable, actor: User, reason: RemovalReason, told_on: date) -> int:
    """Ask every listing of the debt off, or withdraw it; what may have left gets its deadline."""
    count = 0
    for row in _live(receivable):
        if row.status in AT_BUREAU:
            removal_request(restriction=row, actor=actor, reason=reason, told_on=told_on)
            count += 1
        elif _withdrawn(row, actor, f"{reason.label}."):
            count += 1
        elif row.status == Status.QUEUED:
            duty_open(row, cause=CAUSES[reason], starts_on=told_on)
    return count


def _withdrawn(row: Restriction, actor: User, why: str) -> bool:
    """Take a listing that has not left out of the queue; False where it may have."""
    if not Restriction.objects.filter(pk=row.pk, status=Status.QUEUED, unknown=False).update(
        status=Status.CANCELLED, due_at=None, problem=why
    ):
        return False
    record_event(
        row,
        text=f"Cancelada antes de sair. {why} Nada foi enviado ao birô.",
        source=Source.PERSON,
        actor=actor,
        before=Status.QUEUED,
        status=Status.CANCELLED,
    )
    return True
