"""The duty to take a listing off by a day: five business days, and never past five years.

Súmula STJ 548 (after full payment the creditor removes, counted from the first business day after
the money is available) and CDC, art. 43, § 3º (wrong data, counted from when we were told) give
five business days; art. 43, § 1º and Súmula STJ 323 end every listing after five years.

Whatever touches many debts at once comes here with all their ids: due days are counted for the few
distinct pairs of branch and first day, the rows are written by PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from django.db import connection, transaction
from django.utils import timezone

from regua.calendar import CORRECTION_DAYS, business_day_after, last_day_listed
from regua.organization.models import Branch
from regua.organization.selectors import days_off, days_off_by_branch
from regua.restrictions.choices import AT_BUREAU, LIVE, DutyCause, RemovalReason, Status
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


FOLLOWING = (
    DutyCause.PAID,
    DutyCause.DEBT_CANCELLED,
    DutyCause.RENEGOTIATED,
    DutyCause.AMOUNT_CHANGED,
)
"""The causes that come from the debt itself and end with it: a payment undone voids the duty."""
AHEAD = timedelta(days=10)
"""How long before the last day of the five years a listing is taken off (calendar days): the
bureau's answer and a refusal mended by a person fit in."""

_LISTED = [str(status) for status in LIVE if status is not Status.DRAFT]
_SLICE = 5000
_CAUSE = """CASE WHEN debt.renegotiated THEN 'renegotiated'
    WHEN debt.status = 'received' THEN 'paid'
    WHEN debt.status = 'cancelled' THEN 'debt_cancelled'
    WHEN debt.open_amount <> listing.amount - listing.fine - listing.interest
    THEN 'amount_changed' END"""
_OPENING = """
    FROM restrictions_restriction AS listing
    JOIN receivables_receivable AS debt ON debt.id = listing.receivable_id
    CROSS JOIN LATERAL (SELECT {cause} AS cause) AS why
    CROSS JOIN LATERAL (
        SELECT COALESCE(
            CASE WHEN why.cause = 'paid' THEN (
                -- Only where one came since the amount was listed: what was paid in part before
                -- that has not settled the debt, and nobody wrote down when the rest came.
                SELECT max(available_on) FROM receivables_payment WHERE receivable_id = debt.id
                HAVING sum(amount)
                    > debt.amount - (listing.amount - listing.fine - listing.interest)
            ) END,
            %(today)s::date
        ) AS starts_on
    ) AS clock
    {due}
    WHERE listing.{column} = ANY(%(ids)s::bigint[]) AND listing.status = ANY(%(listed)s)
        AND why.cause IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM restrictions_removalduty AS duty
            WHERE duty.restriction_id = listing.id AND duty.ended_at IS NULL
        )"""
_DUE = """JOIN unnest(%(branches)s::bigint[], %(starts)s::date[], %(dues)s::date[])
        AS due (branch_id, starts_on, due_on)
        ON due.branch_id = listing.branch_id AND due.starts_on = clock.starts_on"""
_VOID = """
    UPDATE restrictions_removalduty AS duty SET ended_at = now(), outcome = 'void'
    FROM restrictions_restriction AS listing
    JOIN receivables_receivable AS debt ON debt.id = listing.receivable_id
    WHERE listing.{column} = ANY(%(ids)s::bigint[]) AND duty.restriction_id = listing.id
        AND duty.ended_at IS NULL AND duty.cause = ANY(%(following)s) AND {cause} IS NULL"""
_FOR_GOOD = """
    UPDATE restrictions_removalduty AS duty SET cause = why.cause
    FROM restrictions_restriction AS listing
    JOIN receivables_receivable AS debt ON debt.id = listing.receivable_id
    CROSS JOIN LATERAL (SELECT {cause} AS cause) AS why
    WHERE listing.{column} = ANY(%(ids)s::bigint[]) AND duty.restriction_id = listing.id
        AND duty.ended_at IS NULL AND duty.cause = 'amount_changed'
        AND why.cause IS NOT NULL AND why.cause <> 'amount_changed'"""
"""What was to be corrected must now come off for good; its day stays, the earlier one."""
_SHORTEN = """
    UPDATE restrictions_removalduty AS duty SET due_on = due.due_on
    FROM unnest(%(branches)s::bigint[], %(starts)s::date[], %(dues)s::date[])
        AS due (branch_id, starts_on, due_on)
    WHERE duty.branch_id = due.branch_id AND duty.starts_on = due.starts_on
        AND duty.ended_at IS NULL AND duty.cause <> 'five_years' AND duty.due_on > due.due_on"""
_FIVE_YEARS = f"""
    INSERT INTO restrictions_removalduty AS duty
        (restriction_id, branch_id, cause, starts_on, due_on, outcome)
    SELECT listing.id, listing.branch_id, 'five_years', LEAST(%(today)s::date, last.day), last.day,
        ''
    FROM restrictions_restriction AS listing
    CROSS JOIN LATERAL (
        SELECT (listing.due_date + interval '1 day' + interval '5 years')::date - 1 AS day
    ) AS last
    WHERE listing.status IN ({", ".join(f"'{status}'" for status in AT_BUREAU)})
        AND listing.due_date <= (%(ahead)s::date - interval '5 years')::date + 1
        AND last.day <= %(ahead)s::date
    ORDER BY listing.id FOR SHARE OF listing
    ON CONFLICT (restriction_id) WHERE ended_at IS NULL DO UPDATE
    SET cause = EXCLUDED.cause, starts_on = EXCLUDED.starts_on, due_on = EXCLUDED.due_on
    WHERE EXCLUDED.due_on < duty.due_on"""  # noqa: S608


def duty_open(
    restriction: Restriction, *, cause: DutyCause, starts_on: date, due_on: date | None = None
) -> RemovalDuty:
    """Start the clock, inside the caller's transaction; the one that runs already stays.

    ``due_on`` defaults to the fifth business day after ``starts_on`` in the branch's calendar, for
    the five years to their last day.
    """
    if cause is DutyCause.FIVE_YEARS:
        due_on = due_on or last_day_listed(restriction.due_date)
        starts_on = min(starts_on, due_on)
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
    """Open the duties that a change of receivables makes due, end those that it undoes.

    Inside the caller's transaction; it holds however many they are.
    """
    ids = list(receivable_ids)
    for start in range(0, len(ids), _SLICE):
        _follow("receivable_id", ids[start : start + _SLICE])


def duties_sweep() -> None:
    """``duties_follow`` for every live listing: debts change by SQL of others, too.

    A transaction for each slice: nobody waits for the whole.
    """
    for ids in _live_ids():
        with transaction.atomic():
            _follow("id", ids)


def five_years_open() -> int:
    """Open a duty for each listing whose five years end within ``AHEAD``; return how many.

    One that runs already and ends later is brought forward.
    """
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_FIVE_YEARS, {"today": today, "ahead": today + AHEAD})
        return cursor.rowcount


def duties_shorten(branches: Sequence[Branch]) -> int:
    """Bring forward the open duties that the branches' calendars now end earlier; return how many.

    Those that they would end later keep their day: a running deadline is never lengthened.
    """
    pairs = (
        RemovalDuty.objects.filter(branch__in=branches, ended_at=None)
        .exclude(cause=DutyCause.FIVE_YEARS)
        .order_by()
        .values_list("branch_id", "starts_on")
        .distinct()
    )
    with connection.cursor() as cursor:
        cursor.execute(_SHORTEN, _dues(list(pairs), branches))
        return cursor.rowcount


def _follow(column: Literal["id", "receivable_id"], ids: list[int]) -> None:
    parameters: dict[str, Any] = {"today": timezone.localdate(), "ids": ids, "listed": _LISTED}
    with connection.cursor() as cursor:
        # A plan kept from when there were few duties would look through all of them for each row.
        cursor.execute("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        opening = _OPENING.format(cause=_CAUSE, column=column, due="")
        cursor.execute(
            f"SELECT DISTINCT listing.branch_id, clock.starts_on {opening}",
            parameters,
        )
        pairs = cursor.fetchall()
        if pairs:
            branches = Branch.objects.filter(pk__in={branch_id for branch_id, _ in pairs})
            opening = _OPENING.format(cause=_CAUSE, column=column, due=_DUE)
            # The lock waits for whoever ends a listing at this moment and then leaves it out.
            cursor.execute(
                "INSERT INTO restrictions_removalduty "
                "(restriction_id, branch_id, cause, starts_on, due_on, outcome) "
                "SELECT listing.id, listing.branch_id, why.cause, clock.starts_on, due.due_on, '' "
                f"{opening} ORDER BY listing.id FOR SHARE OF listing "
                "ON CONFLICT (restriction_id) WHERE ended_at IS NULL DO NOTHING",
                parameters | _dues(pairs, branches),
            )
        cursor.execute(_FOR_GOOD.format(cause=_CAUSE, column=column), {"ids": ids})
        cursor.execute(
            _VOID.format(cause=_CAUSE, column=column),
            {"ids": ids, "following": [str(cause) for cause in FOLLOWING]},
        )


def _dues(pairs: Sequence[tuple[int, date]], branches: Collection[Branch]) -> dict[str, Any]:
    """The last day for each branch and first day, as parameters."""
    off = days_off_by_branch(branches)
    return {
        "branches": [branch_id for branch_id, _ in pairs],
        "starts": [starts_on for _, starts_on in pairs],
        "dues": [
            business_day_after(starts_on, CORRECTION_DAYS, off[branch_id])
            for branch_id, starts_on in pairs
        ],
    }


def _live_ids() -> Iterator[list[int]]:
    after = 0
    while ids := list(
        Restriction.objects.filter(pk__gt=after, status__in=_LISTED)
        .order_by("pk")
        .values_list("pk", flat=True)[:_SLICE]
    ):
        yield ids
        after = ids[-1]
