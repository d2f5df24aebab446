"""Rows for tests: valid by default, anything overridden by name."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.documents import generate
from regua.inquiries.models import Inquiry
from regua.integrations.models import Integration
from regua.organization.models import Branch, Company
from regua.parties.models import Customer, Lead, Prospect
from regua.receivables.models import Contract, Receivable
from regua.sandbox import people

_random = Random(7)
_number = count(1)
ADDRESS = {
    "postal_code": "01310100",
    "street": "Avenida Paulista",
    "number": "1000",
    "complement": "Apto 12",
    "district": "Bela Vista",
    "city": "São Paulo",
    "state": "SP",
}


def branch(name: str = "Centro", **fields: Any) -> Branch:
    company, _ = Company.objects.get_or_create(name="Provedor de Teste")
    fields.setdefault("document", generate.cnpj(_random).value)
    return Branch.objects.create(company=company, name=name, **fields)


def user(role: Role, *branches: Branch, **fields: Any) -> User:
    fields.setdefault("name", f"{role.label} {next(_number)}")
    fields.setdefault("email", f"pessoa{next(_number)}@exemplo.test")
    fields.setdefault("all_branches", not branches)
    return User.objects.create_user(branches=branches, role=role, **fields)


def customer(branch: Branch, *, company: bool = False, **fields: Any) -> Customer:
    fields.setdefault("document", ordinary_document(company=company))
    fields.setdefault("name", "Comércio Exemplo Ltda" if company else "Maria Exemplo da Silva")
    if not company:
        fields.setdefault("sex", "F")
        fields.setdefault("birth_date", date(1985, 4, 12))
    fields.setdefault("mobile", "11987654321")
    return Customer.objects.create(branch=branch, **{**ADDRESS, **fields})


def lead(branch: Branch, **fields: Any) -> Lead:
    fields.setdefault("name", "Lead Exemplo")
    return Lead.objects.create(branch=branch, **fields)


def prospect(branch: Branch, **fields: Any) -> Prospect:
    fields.setdefault("name", "Prospecção Exemplo")
    return Prospect.objects.create(branch=branch, **fields)


def receivable(customer: Customer, *, days_overdue: int = 45, **fields: Any) -> Receivable:
    number = next(_number)
    contract = fields.pop("contract", None) or Contract.objects.create(
        # Telecommunications debts need proof of notice and rescission: tests that are about
        # something else owe for another service.
        customer=customer,
        number=f"C{number}",
        kind=Contract.Kind.OTHER,
    )
    fields.setdefault("amount", Decimal("129.90"))
    fields.setdefault("open_amount", fields["amount"])
    fields.setdefault("due_date", timezone.localdate() - timedelta(days=days_overdue))
    return Receivable.objects.create(
        branch=customer.branch,
        customer=customer,
        contract=contract,
        number=f"T{number}",
        our_number=f"{number:08d}",
        **fields,
    )


def integration(branch: Branch, **fields: Any) -> Integration:
    """A row only: nobody answers at its address."""
    return Integration.objects.create(
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url="https://biro.exemplo.test",
        client_id_sealed="x",
        client_secret_sealed="x",
        linked_at=timezone.now(),
        **fields,
    )


def answered(branch: Branch, actor: User, *, requested_days_ago: int = 0, **fields: Any) -> Inquiry:
    """An inquiry with its answer; the sealed report is no real one."""
    fields.setdefault("document", ordinary_document())
    fields.setdefault("cost", Decimal("4.90"))
    fields.setdefault("pendings_count", 0)
    fields.setdefault("pendings_total", Decimal(0))
    fields.setdefault("document_status", "REGULAR")
    fields.setdefault("status", "answered")
    fields.setdefault("due_at", None)
    fields.setdefault("requested_at", timezone.now() - timedelta(days=requested_days_ago))
    return Inquiry.objects.create(
        branch=branch,
        product_code="PF-SCORE",
        product_name="PF com score",
        purpose="Venda",
        requested_by=actor,
        protocol=f"P{next(_number)}",
        answered_at=fields["requested_at"],
        report_sealed="x",
        name="Pessoa Exemplo",
        **fields,
    )


def ordinary_document(*, company: bool = False) -> str:
    """One to which the sandbox does nothing special: no listing of it goes wrong by itself."""
    while True:
        document = (generate.cnpj(_random) if company else generate.cpf(_random)).value
        if people.behaviour_of(document) is people.ORDINARY:
            return document


def cpf_behaving(code: str) -> str:
    """A CPF to which the sandbox reacts as its table says of ``code`` (see docs/sandbox.md)."""
    from regua.documents.check import complete_cpf

    return complete_cpf(f"{_random.randint(100000, 999999)}{code}")
