"""What every day's listings must show: lawful when they leave, and off by the last lawful day.

Nothing that the product keeps about its own deadlines is believed here: what is wrong with a
listing is read off the debt, the debtor and the impediments, and its days are counted once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from django.db.models import Max, Q
from django.utils import timezone

from regua.organization.models import GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Impediment, Receivable
from regua.restrictions.choices import FINAL, Status
from regua.restrictions.models import RemovalDuty, Restriction
from tests.compliance.reference import answers, facts_of, plus_years
from tests.simulation.findings import Findings, fifth_business_day

WARNS_ONLY = {"evidence.debt_document"}
"""The company has not asked for the document of every debt."""
_STANDING = [s for s in Status if s not in (*FINAL, Status.DRAFT, Status.QUEUED)]
"""The bureau has heard of it and has not said that it is off."""


def broken_rules(
    debts: Iterable[Receivable], *, today: date, apart_from: Collection[int] = ()
) -> dict[int, list[str]]:
    """Debt → the rules that forbid listing it, by the slow reference; only where any does."""
    parameters = GeneralParameters.current()
    found = {}
    for pk, facts in facts_of(debts, today=today, apart_from=apart_from).items():
        broken = [
            rule
            for rule, holds in answers(facts, parameters).items()
            if not holds and rule not in WARNS_ONLY
        ]
        if broken:
            found[pk] = broken
    return found


def look_at_what_left(found: Findings) -> list[Restriction]:
    """Every listing that has reached the bureau since the last look must have been lawful."""
    today = timezone.localdate()
    standing = Restriction.objects.filter(status__in=_STANDING)
    new = set(standing.values_list("pk", flat=True)) - found.seen
    if not new:
        return []
    found.seen |= new
    rows = list(
        Restriction.objects.filter(pk__in=new)
        .select_related(
            "receivable__customer", "receivable__contract__co_debtor", "receivable__branch"
        )
        .order_by("pk")
    )
    forbidden = broken_rules([row.receivable for row in rows], today=today, apart_from=new)
    for row in rows:
        debt = row.receivable
        if rules := forbidden.get(debt.pk):
            found.forbidden[row.pk] = f"{row} left on {today} in spite of {rules}"
        elif row.principal != debt.open_amount:
            found.forbidden[row.pk] = f"{row} left on {today} with another amount"
        elif row.debtor["document"] != debt.customer.document:
            found.forbidden[row.pk] = f"{row} left on {today} with another debtor"
    return rows


def look_at_the_day(found: Findings) -> None:
    """At the end of a day nothing may stand whose last day is over."""
    today = timezone.localdate()
    for duty in RemovalDuty.objects.filter(ended_at=None, due_on__lt=today):
        found.is_late(
            duty.restriction_id, f"({duty.cause}) was due on {duty.due_on}, stands on {today}"
        )
    rows = Restriction.objects.filter(status__in=_STANDING).select_related("receivable")
    wrong = _Wrong(today)
    for row in rows:
        if today >= plus_years(row.due_date + timedelta(days=1), 5):
            found.is_late(row.pk, f"of {row.due_date} stands after five years, on {today}")
        since = found.told.get(row.pk) or wrong.since(row)
        if since is None:
            found.wrong_since.pop(row.pk, None)
            continue
        since = min(since, found.wrong_since.setdefault(row.pk, since))
        if today > fifth_business_day(since):
            found.is_late(row.pk, f"is wrong since {since} and stands on {today}")


def look_at_what_came_off(found: Findings) -> None:
    """At the end: what was wrong came off by its fifth business day, and nothing left unseen."""
    for row in Restriction.objects.filter(pk__in=found.wrong_since, status=Status.REMOVED):
        last = fifth_business_day(found.wrong_since[row.pk])
        if row.removed_on is None or row.removed_on > last:
            found.is_late(row.pk, f"came off on {row.removed_on}, the last day was {last}")
    sent = set(Restriction.objects.filter(sent_at__isnull=False).values_list("pk", flat=True))
    for pk in sent - found.seen:
        found.forbidden[pk] = f"nº {pk} was at the bureau, and nobody saw it leave"


class _Wrong:
    """What makes listings wrong on one day."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._told = dict(
            Impediment.objects.filter(
                Q(kind=Impediment.Kind.COURT_ORDER, closed_at=None)
                | Q(outcome=Impediment.Outcome.UPHELD, receivable__disputed=True)
            ).values_list("receivable_id", "told_on")
        )
        self._dead = set(
            Customer.objects.filter(deceased_on__isnull=False).values_list("branch", "document")
        )

    def since(self, row: Restriction) -> date | None:
        """The day from which a listing has to come off; None where it may stand."""
        debt, days = row.receivable, []
        if debt.status == Receivable.Status.RECEIVED:
            available = debt.payments.aggregate(day=Max("available_on"))["day"]
            days.append(max(self._today, available or self._today))
        elif debt.renegotiated or not debt.is_owed or debt.open_amount != row.principal:
            days.append(self._today)
        if debt.pk in self._told:
            days.append(self._told[debt.pk])
        for person in (row.debtor, row.co_debtor):
            if person and (row.branch_id, person["document"]) in self._dead:
                days.append(self._today)
        return min(days, default=None)
