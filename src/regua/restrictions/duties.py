"""The duty to take a listing off by a day: five business days, and never past five years.

Súmula STJ 548 (after full payment the creditor removes, counted from the first business day after
the money is available) and CDC, art. 43, § 3º (wrong data, counted from when we were told).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Max
from django.utils import timezone

from regua.calendar import CORRECTION_DAYS, business_day_after
from regua.organization.selectors import days_off
from regua.receivables.models import Receivable
from regua.receivables.selectors import OWED
from regua.restrictions.choices import LIVE, DutyCause, DutyOutcome, RemovalReason, Status
from regua.restrictions.models import RemovalDuty, Restriction

CAUSES = {
    RemovalReason.PAID: DutyCause.PAID,
    RemovalReason.PARTIALLY_PAID: DutyCause.CORRECTION,
    RemovalReason.RENEGOTIATED: DutyCause.RENEGOTIATED,
    RemovalReason.DEBT_CANCELLED: DutyCause.DEBT_CANCELLED,
    RemovalReason.WRONGLY_LISTED: DutyCause.CORRECTION,
    RemovalReason.COURT_ORDER: DutyCause.COURT_ORDER,
    RemovalReason.CONTESTED: DutyCause.CONTESTED,
    RemovalReason.FRAUD: DutyCause.CONTESTED,
    RemovalReason.DECEASED: DutyCause.DECEASED,
    RemovalReason.DATA_CORRECTION: DutyCause.CORRECTION,
    RemovalReason.LETTER_RETURNED: DutyCause.CORRECTION,
    RemovalReason.OWNERSHIP_CHANGE: DutyCause.OWNERSHIP_CHANGE,
    RemovalReason.FIVE_YEARS: DutyCause.FIVE_YEARS,
}


def duty_open(
    restriction: Restriction, *, cause: DutyCause, starts_on: date, due_on: date | None = None
) -> RemovalDuty:
    """Start the clock, inside the caller's transaction; the one that runs already stays.

    ``due_on`` defaults to the fifth business day after ``starts_on`` in the branch's calendar.
    """
    duty, _ = RemovalDuty.objects.get_or_create(
        restriction=restriction,
        ended_at=None,
        defaults={
            "branch_id": restriction.branch_id,
            "cause": cause,
            "starts_on": starts_on,
            "due_on": due_on
            or business_day_after(starts_on, CORRECTION_DAYS, days_off(restriction.branch)),
        },
    )
    return duty


def duties_follow(receivable_ids: Collection[int]) -> None:
    """Open the duties that a change of receivables makes due, end those that it undoes."""
    live = Restriction.objects.filter(receivable_id__in=receivable_ids, status__in=LIVE).exclude(
        status=Status.DRAFT  # the bureau has not heard of it
    )
    for restriction in live.select_related("receivable", "branch"):
        cause = _cause(restriction)
        if cause is None:
            RemovalDuty.objects.filter(
                restriction=restriction,
                ended_at=None,
                cause__in=[
                    DutyCause.PAID,
                    DutyCause.DEBT_CANCELLED,
                    DutyCause.RENEGOTIATED,
                    DutyCause.AMOUNT_CHANGED,
                ],
            ).update(ended_at=timezone.now(), outcome=DutyOutcome.VOID)
            continue
        duty = duty_open(
            restriction, cause=cause, starts_on=_starts_on(restriction.receivable, cause)
        )
        if duty.cause == DutyCause.AMOUNT_CHANGED != cause:
            # What was to be corrected must now come off for good; its day stays, the earlier one.
            duty.cause = cause
            duty.save(update_fields=["cause"])


def _cause(restriction: Restriction) -> DutyCause | None:
    receivable = restriction.receivable
    if receivable.renegotiated:
        return DutyCause.RENEGOTIATED
    if receivable.status in OWED:
        # The bureau shows an amount that is no longer true (CDC, art. 43 § 3º).
        wrong = restriction.principal != receivable.open_amount
        return DutyCause.AMOUNT_CHANGED if wrong else None
    paid = receivable.status == Receivable.Status.RECEIVED
    return DutyCause.PAID if paid else DutyCause.DEBT_CANCELLED


def _starts_on(receivable: Receivable, cause: DutyCause) -> date:
    today: date = timezone.localdate()
    if cause is not DutyCause.PAID:
        return today
    available: date | None = receivable.payments.aggregate(last=Max("available_on"))["last"]
    return available or today
