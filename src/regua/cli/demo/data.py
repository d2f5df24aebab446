"""Invented companies, people and debts, the same at every installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.cli.demo.telecom import STAGES, travel
from regua.documents import generate
from regua.documents.check import complete_cpf
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningPolicy
from regua.dunning.policy_services import dunning_parameters_update
from regua.inquiries.budget import budget_set
from regua.inquiries.policy.models import CreditPolicy
from regua.inquiries.policy.services import policy_activate, policy_draft
from regua.integrations.models import Integration
from regua.integrations.services import (
    catalogue_sync,
    integration_create,
    integration_link,
    integration_update,
)
from regua.organization.models import Branch, Company
from regua.parties.models import Customer, Lead, Prospect, search_key
from regua.receivables.models import Contract, Receivable
from regua.sandbox import people

PASSWORD = "regua-demo"  # noqa: S105  (printed on the screen; the demo listens on loopback only)
PEOPLE = (
    ("admin@demo.regua", "Alice Prado", Role.ADMINISTRATOR, True),
    ("gestor@demo.regua", "Gustavo Nery", Role.FINANCE_MANAGER, False),
    ("cobranca@demo.regua", "Célia Rocha", Role.COLLECTIONS, False),
    ("atendimento@demo.regua", "Bruno Sá", Role.SERVICE, False),
    ("auditoria@demo.regua", "Dora Lins", Role.AUDIT, True),
)
CUSTOMERS = 120
_CURIOUS = ("001", "002", "003", "004", "006", "007", "009", "012")
"""Behaviours of the sandbox bureau (docs/sandbox.md) that some customers are given."""
_STREETS = ("Rua das Acácias", "Avenida Brasil", "Rua Sete de Setembro", "Travessa do Sol")
_DISTRICTS = ("Centro", "Jardim América", "Vila Nova", "Boa Vista")
DEAR, NEEDS_APPROVAL = Decimal("1290.00"), Decimal("1000.00")
"""What one company pays a month, and the amount above which a listing asks for approval."""
_DEAR_CUSTOMER = 39
_PLANS = (Decimal("89.90"), Decimal("119.90"), Decimal("149.90"))


@dataclass(frozen=True, slots=True)
class SandboxAccount:
    """How the demo's branch reaches the sandbox bureau."""

    base_url: str
    client_id: str
    client_secret: str
    webhook_secret: str


def seed(account: SandboxAccount) -> tuple[Branch, bool]:
    """Fill an empty installation; on a full one, only follow the sandbox to its address.

    Returns the branch with the integration, and whether the installation was empty.
    """
    centre = Branch.objects.filter(name="Centro").first()
    empty = centre is None
    if centre is None:
        with transaction.atomic():
            centre = _people_and_debts()
    admin = User.objects.get(email=PEOPLE[0][0])
    integration = Integration.objects.filter(branch=centre, archived_at=None).first()
    if integration is None:
        integration = integration_create(
            actor=admin,
            branch=centre,
            provider="credito_na_medida",
            environment="production",
            base_url=account.base_url,
            client_id=account.client_id,
            client_secret=account.client_secret,
            webhook_secret=account.webhook_secret,
            restriction_code="TI",
            company_restriction_code="NF",
            removal_code="01",
            listing_price=Decimal("4.90"),
        )
        integration_link(integration=integration, actor=admin)
    elif integration.base_url != account.base_url:
        integration_update(integration=integration, actor=admin, base_url=account.base_url)
    if integration.codes_synced_at is None:
        catalogue_sync(integration=integration, actor=admin)
    if not CreditPolicy.objects.filter(branch=centre).exists():
        draft = policy_draft(branch=centre, actor=admin)
        policy_activate(policy=draft, actor=admin, note="A primeira política da filial")
        budget_set(branch=centre, actor=admin, monthly=Decimal("500.00"))
    if not DunningPolicy.objects.exists():
        default_policy_create()
        dunning_parameters_update(actor=admin, active=True, needs_approval=True)
    return centre, empty


def _people_and_debts() -> Branch:
    random = Random(2026)  # noqa: S311
    company = Company.objects.create(name="Ipê Telecom")
    centre = Branch.objects.create(
        company=company,
        name="Centro",
        document=generate.cnpj(random).value,
        postal_code="01310100",
        street="Avenida Paulista",
        number="900",
        district="Bela Vista",
        city="São Paulo",
        state="SP",
    )
    coast = Branch.objects.create(
        company=company,
        name="Litoral",
        document=generate.cnpj(random, letters=True).value,
        postal_code="11010000",
        street="Avenida Ana Costa",
        number="120",
        district="Gonzaga",
        city="Santos",
        state="SP",
    )
    for email, name, role, everywhere in PEOPLE:
        User.objects.create_user(
            email,
            PASSWORD,
            name=name,
            role=role,
            all_branches=everywhere,
            branches=[] if everywhere else [centre],
        )
    today = timezone.localdate()
    for number in range(CUSTOMERS):
        branch = centre if number % 4 else coast
        customer = _customer(random, branch, number)
        contract, oldest = _debts(random, customer, number, today)
        if number in STAGES:
            manager = User.objects.get(email=PEOPLE[1][0])
            travel(number, contract, oldest, manager, today)
    for number in range(6):
        _potential(random, Lead, centre, number)
        _potential(random, Prospect, centre, number)
    return centre


def _customer(random: Random, branch: Branch, number: int) -> Customer:
    company = number % 10 == 9
    if company:
        document = generate.cnpj(random, letters=number % 20 == 19).value
    elif number < 2 * len(_CURIOUS) and number % 2:
        document = complete_cpf(f"{random.randint(100_000, 999_999)}{_CURIOUS[number // 2]}")
    else:
        document = generate.cpf(random).value
    name = people.name_of(document)
    customer = Customer(
        branch=branch,
        name=name,
        search_name=search_key(name),
        document=document,
        sex="" if company else random.choice("FM"),
        birth_date=None if company else people.born_on(document),
        mobile=f"1198{random.randint(0, 9_999_999):07d}",
        email=f"cliente{number}@exemplo.test",
        postal_code=f"0{random.randint(1000000, 5999999):07d}",
        street=random.choice(_STREETS),
        number=str(random.randint(1, 1999)),
        complement=random.choice(("Casa", "Apto 12", "Fundos", "Sala 3")),
        district=random.choice(_DISTRICTS),
        city="São Paulo",
        state="SP",
    )
    if number % 12 == 5:  # somebody whose record is incomplete, to see what is asked for
        customer.mobile, customer.complement, customer.sex = "", "", ""
    customer.save()
    return customer


def _debts(
    random: Random, customer: Customer, number: int, today: date
) -> tuple[Contract, Receivable]:
    """A contract and its instalments; the oldest of them comes back with it."""
    contract = Contract.objects.create(
        customer=customer,
        number=f"C{10_000 + number}",
        kind=Contract.Kind.TELECOM if number in STAGES else Contract.Kind.OTHER,
        started_on=today - timedelta(days=700),
    )
    plan = random.choice(_PLANS)
    if number == _DEAR_CUSTOMER:
        plan = DEAR
    overdue = (0, 0, 1, 2, 3)[number % 5]
    debts = []
    for month in range(4):
        due = today - timedelta(days=30 * (overdue - month) + 12)
        paid = month >= overdue and due < today
        debt = Receivable.objects.create(
            branch=customer.branch,
            customer=customer,
            contract=contract,
            number=f"T{number:04d}-{month + 1}",
            our_number=f"{number:06d}{month + 1:02d}",
            due_date=due,
            amount=plan,
            open_amount=Decimal(0) if paid else plan,
            status=Receivable.Status.RECEIVED if paid else Receivable.Status.OPEN,
            disputed=number == 13 and month == 0,
        )
        debts.append(debt)
    return contract, debts[0]


def _potential(random: Random, model: type[Lead | Prospect], branch: Branch, number: int) -> None:
    document = generate.cpf(random).value
    model.objects.create(
        branch=branch,
        name=people.name_of(document),
        document=document if number % 3 else "",
        mobile=f"1197{random.randint(0, 9_999_999):07d}",
        city="São Paulo",
        state="SP",
    )
