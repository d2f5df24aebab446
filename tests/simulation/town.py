"""The customers of an ISP, their debts of the year, and what each will do about them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.integrations.services import catalogue_sync, integration_create, integration_link
from regua.organization.models import Branch
from regua.parties.models import Customer, search_key
from regua.receivables.models import Contract, Receivable
from regua.receivables.services import co_debtor_set
from regua.sandbox import people
from tests import factories
from tests.sandbox.server import Sandbox

BRANCHES = 2
_PASSED_ON = 10_000_000
"""Above every number of a debt that was there from the beginning."""


class Act(StrEnum):
    """What happens to one debt on one day."""

    PAID = "paid"
    PAID_IN_BATCH = "paid, as a billing system writes it for many at once"
    PAID_SILENTLY = "paid by SQL of others, and nobody tells"
    PART = "a part paid"
    RENEGOTIATED = "renegotiated"
    CANCELLED = "cancelled"
    CONTESTED = "contested"
    UPHELD = "the customer was right"
    REJECTED = "the customer was not right"
    COURT_ORDER = "a court forbids the listing"
    LIFTED = "the court lifts its order"
    UNDONE = "a payment is undone: the bank takes the money back"
    MOVED = "another person takes the contract over"
    DEATH = "the customer dies"
    CO_DEBTOR_DEATH = "the co-debtor dies"
    FREED = "nobody but the customer answers for the contract any more"
    NOTICE = "the notice of the delay is received"
    SUSPENDED = "the service is suspended"
    RESCINDED = "the contract is rescinded"


Plan = list[tuple[int, Act]]
"""Days after the due date, and what happens then."""


def _plan(kind: str, random: Random) -> Plan:
    late, days = random.randint(5, 45), random.randint
    plans: dict[str, Plan] = {
        "on time": [(0, random.choice([Act.PAID, *[Act.PAID_IN_BATCH] * 9]))],
        "a little late": [(days(1, 4), Act.PAID)],
        "late": [(late, random.choice([Act.PAID, Act.PAID_IN_BATCH]))],
        "very late": [(days(20, 120), Act.PAID)],
        "silent": [(late, Act.PAID_SILENTLY)],
        "never": [],
        "part": [
            (late, Act.PART),
            (
                late + days(0, 40),
                random.choice([Act.PAID, Act.PART, Act.PAID_IN_BATCH, Act.PAID_SILENTLY]),
            ),
        ],
        "undone": [
            (late, Act.PAID),
            (late + days(0, 9), Act.UNDONE),
            (late + days(20, 60), random.choice([Act.PAID, Act.PAID_IN_BATCH])),
        ],
        "part undone": [
            (late, Act.PART),
            (late + days(0, 20), Act.UNDONE),
            (late + days(20, 60), Act.PAID),
        ],
        "moves": [(late, Act.MOVED)],
        "renegotiates": [(late, Act.RENEGOTIATED)],
        "cancelled": [(late, Act.CANCELLED)],
        "upheld": [(late, Act.CONTESTED), (late + days(0, 4), Act.UPHELD)],
        "rejected": [
            (late, Act.CONTESTED),
            (late + days(1, 9), Act.REJECTED),
            (late + days(30, 60), Act.PAID),
        ],
        "court": [(late, Act.COURT_ORDER), (late + days(20, 60), Act.LIFTED)],
        "dies": [(late, Act.DEATH)],
        "co-debtor dies": [
            (late, Act.CO_DEBTOR_DEATH),
            (late + days(1, 20), Act.FREED),
            (late + days(30, 60), Act.PAID),
        ],
    }
    return plans[kind]


SHARES = {
    "on time": 605,
    "a little late": 90,
    "late": 90,
    "very late": 30,
    "silent": 10,
    "never": 10,
    "part": 25,
    "undone": 15,
    "part undone": 8,
    "moves": 12,
    "renegotiates": 20,
    "cancelled": 10,
    "upheld": 12,
    "rejected": 12,
    "court": 8,
    "dies": 8,
}
BY_THE_BUREAU = ("006", "007", "008", "012", "013")
"""Documents to which the sandbox reacts by itself: refused, letter returned, contested, unavailable
for a while, court order."""


@dataclass(slots=True)
class Town:
    actor: User
    accounts: dict[int, str]
    """Integration → the bureau's account."""
    acts: dict[date, list[tuple[bool, Act, int]]] = field(default_factory=lambda: defaultdict(list))
    """Day → after the listings were asked for?, what happens, receivable."""

    def pass_on(self, debt: Receivable, today: date, random: Random) -> None:
        """What was owed, in the name of another person who now has the contract."""
        document = factories.ordinary_document()
        holder = factories.customer(debt.branch, document=document, name=people.name_of(document))
        contract = Contract.objects.create(
            customer=holder, number=f"C{holder.pk}", kind=Contract.Kind.OTHER
        )
        theirs = _debt(random, contract, today + timedelta(days=5), _PASSED_ON + debt.pk)
        theirs.save()
        self.plan(
            theirs.due_date + timedelta(days=random.randint(0, 50)), Act.PAID, theirs.pk, random
        )

    def plan(self, day: date, act: Act, debt: int, random: Random) -> None:
        self.acts[day].append((random.random() < 0.5, act, debt))


def build(sandbox: Sandbox, *, customers: int, days: int, seed: int) -> Town:
    """An ISP as it is on the first of ``days`` days."""
    random = Random(seed)
    actor = factories.user(Role.ADMINISTRATOR)
    town = Town(actor, {})
    branches = [factories.branch(f"Filial {number + 1}") for number in range(BRANCHES)]
    for number, branch in enumerate(branches, 1):
        name = f"filial-{number}"
        sandbox.open_account(name, "segredo")
        town.accounts[_integration(sandbox, branch, name, actor).pk] = name
    people_ = Customer.objects.bulk_create(
        _customer(random, branches[number % BRANCHES], number) for number in range(customers)
    )
    telecom = {person.pk for number, person in enumerate(people_) if number % 10 in (3, 7)}
    contracts = Contract.objects.bulk_create(
        Contract(
            customer=person,
            number=f"C{person.pk}",
            kind=Contract.Kind.TELECOM if person.pk in telecom else Contract.Kind.OTHER,
        )
        for person in people_
    )
    for number, contract in enumerate(contracts):
        if number % 10 == 6:  # every other one a company
            surety = people_[number - 2].document
            co_debtor_set(contract=contract, actor=actor, document=surety)
    today = timezone.localdate()
    debts: list[Receivable] = []
    plans: list[Plan] = []
    for number, contract in enumerate(contracts):
        for due, plan in _debts_of(random, number, contract, today, days):
            debts.append(_debt(random, contract, due, len(debts)))
            plans.append(plan)
    debts = Receivable.objects.bulk_create(debts, batch_size=2000)
    for debt, plan in zip(debts, plans, strict=True):
        for after, act in plan:
            day = max(debt.due_date + timedelta(days=after), today)
            town.plan(day, act, debt.pk, random)
    return town


def _debts_of(
    random: Random, number: int, contract: Contract, today: date, days: int
) -> list[tuple[date, Plan]]:
    """The due dates of a customer and what happens after each."""
    latest = max(20, days - 166)
    if number % 50 == 17:  # nearly five years old, and listed late
        return [(today - timedelta(days=5 * 365 - random.randint(100, 330)), [])]
    if number % 20 == 9:  # the bureau acts by itself
        return [(today + timedelta(days=random.randint(1, latest + 50)), [])]
    first = today + timedelta(days=random.randint(-20, latest))
    if contract.kind == Contract.Kind.TELECOM and random.random() < 0.15:
        plan: Plan = []
        if random.random() < 0.7:  # with the proofs, now and then a day too early
            notice = random.randint(2, 6)
            suspended = notice + random.randint(14, 20)
            ended = suspended + random.randint(59, 65)
            plan = [(notice, Act.NOTICE), (suspended, Act.SUSPENDED), (ended, Act.RESCINDED)]
            if random.random() < 0.5:
                plan.append((ended + random.randint(1, 60), Act.PAID))
        return [(first, plan)]
    kinds = random.choices([*SHARES], [*SHARES.values()], k=random.randint(3, 6))
    if contract.co_debtor is not None and random.random() < 0.3:
        kinds[0] = "co-debtor dies"
    return [
        (first + timedelta(days=30 * month), _plan(kind, random))
        for month, kind in enumerate(kinds)
        if 30 * month + (first - today).days < days
    ]


def _integration(sandbox: Sandbox, branch: Branch, client_id: str, actor: User) -> Integration:
    created = integration_create(
        actor=actor,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url=sandbox.url,
        client_id=client_id,
        client_secret="segredo",
        webhook_secret=f"webhook-{client_id}",
        calls_per_second=1000,
        restriction_code="TI",
        company_restriction_code="NF",
        removal_code="01",
    )
    integration_link(integration=created, actor=actor)
    catalogue_sync(integration=created, actor=actor)
    Integration.objects.filter(pk=created.pk).update(automatic=True)
    return created


def _debt(random: Random, contract: Contract, due: date, number: int) -> Receivable:
    amount = Decimal(random.choice([*[random.randint(60_00, 400_00)] * 19, 9_00])) / 100
    return Receivable(
        branch=contract.customer.branch,
        customer=contract.customer,
        contract=contract,
        number=f"T{number}",
        our_number=f"{number:08d}",
        amount=amount,
        open_amount=amount,
        due_date=due,
    )


def _customer(random: Random, branch: Branch, number: int) -> Customer:
    company = number % 20 == 4
    if number % 20 == 9:
        document = factories.cpf_behaving(BY_THE_BUREAU[number // 20 % len(BY_THE_BUREAU)])
    else:
        document = factories.ordinary_document(company=company)
    name = people.name_of(document)
    gap = random.random() < 0.01  # the street is missing
    return Customer(
        branch=branch,
        name=name,
        search_name=search_key(name),
        document=document,
        sex="" if company else "F",
        birth_date=None if company else date(1985, 4, 12),
        mobile=f"119{number % 100_000_000:08d}",
        **(factories.ADDRESS | ({"street": ""} if gap else {})),
    )
