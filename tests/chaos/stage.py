"""The installation that chaos befalls: branches with their bureau accounts, debtors and debts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.documents import generate
from regua.integrations.models import Integration
from regua.integrations.services import catalogue_sync, integration_create, integration_link
from regua.organization.models import Branch
from regua.parties.models import Customer, search_key
from regua.receivables.models import Contract, Receivable
from regua.sandbox import people
from tests import factories
from tests.sandbox.server import Sandbox

BRANCHES = 4
DEBTS_EACH = 2


class Wish(StrEnum):
    """What the people of the branch want with one debt."""

    REMOVE = "listed, then removed"
    KEEP = "listed, and it stays"
    PAY = "paid, on its way or once it is listed; removed"
    WITHDRAW = "asked for and withdrawn at once, if it is not too late"
    AGAIN = "listed, removed for wrong data, listed again"


_SHARES = {Wish.REMOVE: 72, Wish.KEEP: 8, Wish.PAY: 10, Wish.WITHDRAW: 4, Wish.AGAIN: 6}


@dataclass(frozen=True, slots=True)
class Stage:
    actor: User
    accounts: dict[int, str]
    """Integration → the bureau's account."""
    wishes: dict[int, Wish]
    """Receivable → what is to become of it, in the order in which it is asked for."""


def build(sandbox: Sandbox, *, count: int, seed: int) -> Stage:
    random = Random(seed)
    actor = factories.user(Role.ADMINISTRATOR)
    accounts = {}
    branches = [factories.branch(f"Filial {number}") for number in range(1, BRANCHES + 1)]
    for number, branch in enumerate(branches, 1):
        client_id = f"filial-{number}"
        sandbox.open_account(client_id, "segredo")
        accounts[_integration(sandbox, branch, client_id, actor).pk] = client_id
    debts = _debts(random, branches, count)
    random.shuffle(debts)
    wishes = random.choices([*_SHARES], [*_SHARES.values()], k=len(debts))
    return Stage(actor, accounts, {debt.pk: wish for debt, wish in zip(debts, wishes, strict=True)})


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
        restriction_code="TI",
        company_restriction_code="NF",
        removal_code="01",
    )
    integration_link(integration=created, actor=actor)
    catalogue_sync(integration=created, actor=actor)
    return created


def _debts(random: Random, branches: list[Branch], count: int) -> list[Receivable]:
    customers = Customer.objects.bulk_create(
        _customer(random, branches[number % len(branches)], number)
        for number in range(-(-count // DEBTS_EACH))
    )
    contracts = Contract.objects.bulk_create(
        Contract(customer=customer, number=f"C{customer.pk}", kind=Contract.Kind.OTHER)
        for customer in customers
    )
    today = timezone.localdate()
    debts = []
    for number in range(count):
        contract = contracts[number // DEBTS_EACH]
        amount = Decimal(random.randint(30_00, 900_00)) / 100
        debts.append(
            Receivable(
                branch=contract.customer.branch,
                customer=contract.customer,
                contract=contract,
                number=f"T{number}",
                our_number=f"{number:08d}",
                amount=amount,
                open_amount=amount,
                due_date=today - timedelta(days=random.randint(45, 900)),
            )
        )
    return Receivable.objects.bulk_create(debts)


def _customer(random: Random, branch: Branch, number: int) -> Customer:
    company = number % 10 == 9
    while True:
        document = (generate.cnpj(random) if company else generate.cpf(random)).value
        # The bureau's own surprises are shared out by lot; no document asks for one by its digits.
        if people.behaviour_of(document) is people.ORDINARY:
            break
    name = people.name_of(document)
    return Customer(
        branch=branch,
        name=name,
        search_name=search_key(name),
        document=document,
        sex="" if company else "F",
        birth_date=None if company else date(1985, 4, 12),
        mobile=f"119{number % 100_000_000:08d}",
        **factories.ADDRESS,
    )
