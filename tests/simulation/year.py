"""Day after day: what people do, what the routines do, and the gate asked twice."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from regua.integrations.models import Integration
from regua.receivables.changes import changed
from regua.receivables.models import Impediment, Receivable
from regua.receivables.services import co_debtor_set, contract_dates_set, payment_record
from regua.restrictions import totals
from regua.restrictions.automatic import removals_ask
from regua.restrictions.choices import AT_BUREAU, LIVE, Correction, Status
from regua.restrictions.corrections import correction_request, replacements_sweep
from regua.restrictions.duties import duties_sweep, five_years_open
from regua.restrictions.midlife import (
    contest_open,
    court_order_open,
    customer_deceased,
    holder_changed,
    impediment_decide,
)
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import latest_live
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import (
    NotListable,
    restriction_cancel,
    restriction_request,
    restrictions_request,
)
from regua.restrictions.sync import restrictions_sync
from tests.compliance import cases
from tests.sandbox.server import Sandbox, running_sandbox
from tests.simulation import town as building
from tests.simulation.clock import Clock, install
from tests.simulation.daily import broken_rules, look_at_the_day, look_at_what_left
from tests.simulation.findings import Findings
from tests.simulation.town import Act, Town
from tests.simulation.yearly import Ledgers, look_at_the_year

BATCH = 25
TRIES = 3
"""How often a debt is asked for: whoever's letter comes back again and again is left alone."""
_SUNDAY = 6


def run(*, customers: int, days: int, seed: int) -> int:
    """0 where nothing was found; the database is a migrated one that is thrown away."""
    say(f"customers={customers} days={days} seed={seed}")
    install()
    options = {"days_ago": days, "day_seconds": 86400, "moment_seconds": 43200, "seed": seed}
    with running_sandbox(**options) as sandbox:
        clock = Clock(sandbox, days)
        try:
            town = building.build(sandbox, customers=customers, days=days, seed=seed)
            say(f"{Receivable.objects.count()} debts")
            year = Year(sandbox, town, seed)
            year.live(clock)
            found = year.found
            look_at_the_year(found, year.ledgers_at_rest())
            year.tell()
            last = found.summary(customers)
        finally:
            clock.stop()
    for name in ("late", "forbidden", "unexplained"):
        for sentence in [*getattr(found, name).values()][:20]:
            say(f"{name}: {sentence}")
    print(last, flush=True)
    return 0 if found.clean else 1


class Year:
    def __init__(self, sandbox: Sandbox, town: Town, seed: int) -> None:
        self._sandbox = sandbox
        self._town = town
        self._random = Random(seed)
        self._integrations = list(Integration.objects.all())
        self._asked: Counter[int] = Counter()
        self.found = Findings()
        self.done: Counter[str] = Counter()

    def live(self, clock: Clock) -> None:
        said = time.monotonic()
        while True:
            self._day()
            if time.monotonic() - said > 15:
                said = time.monotonic()
                say(f"{clock.days_ago} days left, {Restriction.objects.count()} listings")
            if not clock.tomorrow():
                break

    def ledgers_at_rest(self) -> Ledgers:
        """What the bureau has, once we have read everything of it: nothing moves meanwhile."""
        theirs = self._ledgers()
        while True:
            self._sync()
            before, theirs = theirs, self._ledgers()
            if theirs == before:
                return theirs

    def _ledgers(self) -> Ledgers:
        accounts = self._town.accounts.items()
        return {pk: self._sandbox.ledger(client_id=name) for pk, name in accounts}

    def _day(self) -> None:
        today = timezone.localdate()
        self._sync()
        acts = [
            act
            for day in sorted(day for day in self._town.acts if day <= today)
            for act in self._town.acts.pop(day)
        ]
        self._happen([act for later, *act in acts if not later], today)
        self._ask(today)
        self._happen([act for later, *act in acts if later], today)
        if today.weekday() != _SUNDAY:  # what waits until Monday may have changed by then
            self._drain()
        duties_sweep()
        five_years_open()
        removals_ask()
        replacements_sweep()
        if today.weekday() != _SUNDAY:
            self._drain()
        if today.day == 1:
            totals.fold()
        look_at_the_day(self.found)

    def _sync(self) -> None:
        for integration in self._integrations:
            restrictions_sync(integration=integration)

    def _ask(self, today: date) -> None:
        """List every overdue debt that the reference allows; some that it forbids are tried."""
        live = Restriction.objects.filter(receivable=OuterRef("pk"), status__in=LIVE)
        debts = [
            debt
            for debt in Receivable.objects.filter(
                ~Exists(live), status__in=["open", "partial"], due_date__lt=today
            )
            .select_related("customer", "contract__co_debtor", "branch")
            .order_by("pk")
            if self._asked[debt.pk] < TRIES
        ]
        forbidden = broken_rules(debts, today=today)
        refused = [debt for debt in debts if debt.pk in forbidden]
        by_branch: defaultdict[int, list[Receivable]] = defaultdict(list)
        for debt in debts:
            if debt.pk not in forbidden:
                by_branch[debt.branch_id].append(debt)
        for debt in self._random.sample(refused, min(len(refused), 2)):
            self._must_refuse([debt], forbidden[debt.pk])
        for allowed in by_branch.values():
            for start in range(0, len(allowed), BATCH):
                batch = allowed[start : start + BATCH]
                if refused and self._random.random() < 0.05:
                    spoiler = self._random.choice(refused)
                    self._must_refuse([*batch, spoiler], forbidden[spoiler.pk])
                self._list(batch)

    def _must_refuse(self, debts: list[Receivable], rules: list[str]) -> None:
        try:
            restrictions_request(receivables=debts, actor=self._town.actor)
        except NotListable as refusal:
            self.done["requests refused"] += 1
            if {debt.pk for debt in refusal.reasons} != {debts[-1].pk}:
                self.found.unexplained[f"debt {debts[-1].pk}"] = (
                    f"{debts[-1]} forbidden, refused {refusal.messages}"
                )
        else:
            self.found.forbidden[f"debt {debts[-1].pk}"] = (
                f"{debts[-1]}: asked for in spite of {rules}"
            )

    def _list(self, debts: list[Receivable]) -> None:
        try:
            if len(debts) == 1:
                rows = [restriction_request(receivable=debts[0], actor=self._town.actor)]
            else:
                rows = restrictions_request(receivables=debts, actor=self._town.actor)
        except ValidationError as error:
            self.found.unexplained[f"debt {debts[0].pk}"] = (
                f"allowed and yet refused: {error.messages}"
            )
            return
        self.done["listings asked"] += len(rows)
        self._asked.update(row.receivable_id for row in rows)

    def _drain(self) -> None:
        for integration in self._integrations:
            restrictions_drain(integration.pk)
        for row in look_at_what_left(self.found):
            self.done["corrected listings sent"] += row.replaces_id is not None
            self.done["listings with a co-debtor sent"] += row.co_debtor is not None

    # What happens

    def _happen(self, acts: list[list[object]], today: date) -> None:
        debts = Receivable.objects.select_related(
            "customer", "contract__co_debtor", "branch"
        ).in_bulk([pk for _, pk in acts])
        batch: list[int] = []
        for act, pk in acts:
            debt = debts[pk]
            debt.refresh_from_db(fields=["status", "open_amount"])
            if act is Act.PAID_IN_BATCH:
                batch.append(debt.pk)
                continue
            if self._acts[act](self, debt, today) is not False:
                self.done[act.name.lower()] += 1
        if batch:
            with transaction.atomic():
                self._settle(batch)
                changed(batch)
            self.done["paid in batch"] += len(batch)

    def _settle(self, debts: list[int]) -> None:
        Receivable.objects.filter(pk__in=debts, status__in=["open", "partial"]).update(
            status="received", open_amount=0
        )

    def _paid(self, debt: Receivable, today: date) -> bool | None:
        return self._pay(debt, debt.open_amount, today)

    def _part(self, debt: Receivable, today: date) -> bool | None:
        part = (debt.open_amount * 2 / 5).quantize(Decimal("0.01"))
        return self._pay(debt, part, today, correct=True)

    def _pay(
        self, debt: Receivable, amount: Decimal, today: date, *, correct: bool = False
    ) -> bool | None:
        if not debt.is_owed:
            return False
        payment_record(
            receivable=debt,
            actor=self._town.actor,
            amount=amount,
            paid_on=today,
            available_on=today + timedelta(days=self._random.choice([0, 0, 1, 2])),
        )
        listed = Restriction.objects.filter(
            receivable=debt, status__in=[Status.QUEUED, *AT_BUREAU]
        ).first()
        if correct and listed and self._random.random() < 0.5:  # else the routine has to
            try:
                correction_request(
                    restriction=listed,
                    actor=self._town.actor,
                    kind=Correction.PARTIAL_PAYMENT,
                    told_on=today,
                )
                self.done["corrections asked"] += 1
            except ValidationError:  # the rest may not be listed: it comes off
                self.done["corrections that only remove"] += 1
        return None

    def _silently(self, debt: Receivable, today: date) -> None:
        self._settle([debt.pk])

    def _renegotiated(self, debt: Receivable, today: date) -> None:
        with transaction.atomic():
            Receivable.objects.filter(pk=debt.pk).update(renegotiated=True)
            changed([debt.pk])

    def _cancelled(self, debt: Receivable, today: date) -> None:
        with transaction.atomic():
            Receivable.objects.filter(pk=debt.pk).update(status="cancelled")
            changed([debt.pk])

    def _contested(self, debt: Receivable, today: date) -> None:
        contest_open(
            receivable=debt, actor=self._town.actor, told_on=today, text="Diz que não deve."
        )

    def _court_order(self, debt: Receivable, today: date) -> None:
        court_order_open(
            receivable=debt, actor=self._town.actor, told_on=today, text="Liminar deferida."
        )

    def _decide(self, debt: Receivable, kind: str, outcome: str) -> bool | None:
        open_ = debt.impediments.filter(kind=kind, closed_at=None).first()
        if open_ is None:
            return False
        impediment_decide(
            impediment=open_, actor=self._town.actor, outcome=outcome, decision="Conferido."
        )
        return None

    def _undone(self, debt: Receivable, today: date) -> bool | None:
        """The bank takes the money back, as a billing system writes it."""
        payment = debt.payments.order_by("-pk").first()
        if payment is None or debt.status == Receivable.Status.CANCELLED:
            return False
        open_amount = debt.open_amount + payment.amount
        with transaction.atomic():
            payment.delete()
            Receivable.objects.filter(pk=debt.pk).update(
                open_amount=open_amount,
                status="open" if open_amount == debt.amount else "partial",
            )
            changed([debt.pk])
        return None

    def _moved(self, debt: Receivable, today: date) -> None:
        """Another person takes the contract over, now and then with what is owed."""
        listed = latest_live(debt)
        if listed is not None and listed.status in AT_BUREAU:
            holder_changed(restriction=listed, actor=self._town.actor, told_on=today)
            self.found.told[listed.pk] = today
            self.done["listings off for a new holder"] += 1
        elif listed is not None and listed.status == Status.QUEUED:
            restriction_cancel(restriction=listed, actor=self._town.actor)
        if debt.is_owed and self._random.random() < 0.5:
            self._cancelled(debt, today)
            self._town.pass_on(debt, today, self._random)

    def _death(self, debt: Receivable, today: date) -> bool | None:
        if debt.customer.is_company:
            return False
        customer_deceased(customer=debt.customer, actor=self._town.actor, deceased_on=today)
        return None

    def _co_debtor_death(self, debt: Receivable, today: date) -> bool | None:
        surety = debt.contract.co_debtor
        if surety is None or surety.is_company or surety.deceased_on:
            return False
        customer_deceased(customer=surety, actor=self._town.actor, deceased_on=today)
        return None

    def _freed(self, debt: Receivable, today: date) -> None:
        co_debtor_set(contract=debt.contract, actor=self._town.actor, document="")

    def _noticed(self, debt: Receivable, today: date) -> None:
        cases.keep("overdue_notice", debt, self._town.actor, dated_on=today)

    def _suspended(self, debt: Receivable, today: date) -> None:
        contract_dates_set(
            contract=debt.contract, actor=self._town.actor, suspended_on=today, ended_on=None
        )

    def _rescinded(self, debt: Receivable, today: date) -> None:
        contract_dates_set(
            contract=debt.contract,
            actor=self._town.actor,
            suspended_on=debt.contract.suspended_on,
            ended_on=today,
        )
        cases.keep("rescission_proof", debt, self._town.actor, dated_on=today)

    _acts: dict[Act, Callable[[Year, Receivable, date], bool | None]] = {
        Act.PAID: _paid,
        Act.PAID_SILENTLY: _silently,
        Act.PART: _part,
        Act.RENEGOTIATED: _renegotiated,
        Act.CANCELLED: _cancelled,
        Act.CONTESTED: _contested,
        Act.UPHELD: lambda self, debt, today: self._decide(
            debt, Impediment.Kind.CONTEST, Impediment.Outcome.UPHELD
        ),
        Act.REJECTED: lambda self, debt, today: self._decide(
            debt, Impediment.Kind.CONTEST, Impediment.Outcome.REJECTED
        ),
        Act.COURT_ORDER: _court_order,
        Act.LIFTED: lambda self, debt, today: self._decide(
            debt, Impediment.Kind.COURT_ORDER, Impediment.Outcome.LIFTED
        ),
        Act.UNDONE: _undone,
        Act.MOVED: _moved,
        Act.DEATH: _death,
        Act.CO_DEBTOR_DEATH: _co_debtor_death,
        Act.FREED: _freed,
        Act.NOTICE: _noticed,
        Act.SUSPENDED: _suspended,
        Act.RESCINDED: _rescinded,
    }

    def tell(self) -> None:
        say("; ".join(f"{name} {count}" for name, count in sorted(self.done.items())))
        statuses = Counter(Restriction.objects.values_list("status", flat=True))
        say("listings: " + ", ".join(f"{name} {count}" for name, count in statuses.items()))
        reasons = Counter(
            Restriction.objects.filter(status=Status.REMOVED).values_list(
                "removal_reason", flat=True
            )
        )
        say("removed: " + ", ".join(f"{name} {count}" for name, count in reasons.items()))


_began = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _began:7.1f} s  {text}", flush=True)
