"""What runs found and did: their slices added up in SQL, never their lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from regua.dunning.choices import Action, RunState, SliceState
from regua.dunning.models import DunningRun, DunningStep
from regua.dunning.reasons import sentence
from regua.integrations.selectors import integration_of
from regua.web.named import statement


@dataclass(frozen=True, slots=True)
class Amounts:
    """So many debts, what they owe and what it costs to do it, both in reais."""

    count: int = 0
    amount: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.count + other.count, self.amount + other.amount, self.cost + other.cost)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(self.count - other.count, self.amount - other.amount, self.cost - other.cost)


@dataclass(slots=True)
class Sums:
    """One run's slices, added up. Keys: ids of steps, codes of ``reasons``."""

    due: dict[int, Amounts] = field(default_factory=dict)
    held: dict[str, Amounts] = field(default_factory=dict)
    """A debt with several reasons is in each of them."""
    debts: dict[str, int] = field(default_factory=dict)
    """``due`` and ``held``: how many debts, each once."""
    taken: dict[int, int] = field(default_factory=dict)
    done: dict[str, Amounts] = field(default_factory=dict)
    """``messages``, ``tasks``, ``listed`` and ``changed``."""
    slices: dict[str, int] = field(default_factory=dict)

    @property
    def planned(self) -> Amounts:
        return sum(self.due.values(), Amounts())

    @property
    def steps_taken(self) -> int:
        return sum(self.taken.values())

    @property
    def listed(self) -> Amounts:
        return self.done.get("listed", Amounts())

    @property
    def worst(self) -> int:
        """Debts of the most frequent reason."""
        return max((amounts.count for amounts in self.held.values()), default=0)

    def progress(self, state: str) -> tuple[int, int]:
        """How many slices are through with what the run is at, and of how many."""
        through = self.slices.get(SliceState.DONE, 0)
        if state == RunState.SIMULATING:
            through += self.slices.get(SliceState.SIMULATED, 0)
        return through, sum(self.slices.values())


def sums_of(runs: Iterable[DunningRun]) -> dict[int, Sums]:
    """Each run's sums, all in one statement."""
    found = {run.pk: Sums() for run in runs}
    if not found:
        return found
    with connection.cursor() as cursor:
        cursor.execute(statement("dunning", "run_sums"), {"runs": list(found)})
        for run_id, part, key, count, amount, cost in cursor.fetchall():
            sums = found[run_id]
            match part:
                case "slices":
                    sums.slices[key] = count
                case "due":
                    sums.due[int(key)] = Amounts(count, amount, cost)
                case "held":
                    sums.held[key] = Amounts(count, amount)
                case "debts":
                    sums.debts[key] = count
                case "taken":
                    sums.taken[int(key)] = count
                case _:
                    sums.done[key] = Amounts(count, amount)
    return found


def days_from_due(days: int) -> str:
    """``3 dias antes do vencimento``, ``no vencimento``, ``5 dias depois do vencimento``."""
    if not days:
        return "no vencimento"
    number = "1 dia" if abs(days) == 1 else f"{abs(days)} dias"
    return f"{number} {'antes' if days < 0 else 'depois'} do vencimento"


@dataclass(frozen=True, slots=True)
class StepLine:
    """What a run would do, or did, of one step."""

    step: DunningStep
    found: Amounts
    out: Amounts
    """Taken out by a person before approving."""
    noted: int
    """Of those that stay: taken without their message or listing (``DunningItem.note``)."""
    taken: int
    unpriced: bool
    """Nobody wrote down what a listing costs: ``cost`` says nothing."""

    @property
    def stay(self) -> Amounts:
        return self.found - self.out

    @property
    def acting(self) -> int:
        """How many messages leave, or how many debts are listed."""
        return self.stay.count - self.noted if self.step.action != Action.NONE else 0

    @property
    def when(self) -> str:
        return days_from_due(self.step.days)

    @property
    def all_out(self) -> bool:
        return self.found.count == self.out.count


@dataclass(frozen=True, slots=True)
class ReasonLine:
    code: str
    sentence: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Plan:
    """A run as a person decides on it."""

    sums: Sums
    lines: list[StepLine]
    reasons: list[ReasonLine]
    """The most frequent first."""

    @property
    def stay(self) -> Amounts:
        return sum((line.stay for line in self.lines), Amounts())

    @property
    def out(self) -> Amounts:
        return sum((line.out for line in self.lines), Amounts())

    @property
    def lists(self) -> Amounts:
        return sum((line.stay for line in self.lines if line.step.action == Action.LIST), Amounts())

    @property
    def messages(self) -> int:
        return sum(line.acting for line in self.lines if line.step.action == Action.MESSAGE)

    @property
    def message_cost(self) -> Decimal:
        return self.stay.cost - self.lists.cost

    @property
    def unpriced(self) -> bool:
        return any(line.unpriced and line.stay.count for line in self.lines)

    @property
    def fingerprint(self) -> str:
        """Changes with whatever a person who approves was shown."""
        return f"{self.stay.count}:{self.stay.amount}:{self.stay.cost}:{self.messages}"


def plan_of(run: DunningRun, sums: Sums) -> Plan:
    out, noted = _marked(run) if run.state == RunState.SIMULATED else ({}, {})
    ids = sums.due.keys() | sums.taken.keys()
    steps = DunningStep.objects.filter(pk__in=ids).select_related("policy")
    integration = integration_of(run.branch)
    price = integration.listing_price if integration else None
    lines = []
    for step in sorted(steps, key=lambda step: (step.days, step.pk)):
        found = sums.due.get(step.pk, Amounts())
        # A price that was written down later does not tell what an earlier run would have cost.
        unpriced = step.action == Action.LIST and not found.cost and (price is None or price > 0)
        lines.append(
            StepLine(
                step=step,
                found=found,
                out=out.get(step.pk, Amounts()),
                noted=noted.get(step.pk, 0),
                taken=sums.taken.get(step.pk, 0),
                unpriced=unpriced,
            )
        )
    reasons = [ReasonLine(code, sentence(code), amounts) for code, amounts in sums.held.items()]
    reasons.sort(key=lambda line: (-line.amounts.count, line.sentence))
    return Plan(sums, lines, reasons)


def _marked(run: DunningRun) -> tuple[dict[int, Amounts], dict[int, int]]:
    """Step → what was taken out; step → how many of the others do without their message."""
    out: dict[int, Amounts] = {}
    noted: dict[int, int] = {}
    rows = (
        run.items.values_list("step_id", "note", "left_out")
        .order_by()
        .annotate(many=Count("pk"), owed=Sum("amount"), price=Sum("cost"))
    )
    for step, note, left_out, many, owed, price in rows:
        if left_out:
            out[step] = out.get(step, Amounts()) + Amounts(many, owed, price)
        elif note:
            noted[step] = noted.get(step, 0) + many
    return out, noted
