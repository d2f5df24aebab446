"""What several tests of the documentation do on the way to their own sentence."""

from __future__ import annotations

import time

from django.urls import reverse

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiries_drain
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.sync import restrictions_sync
from tests import factories
from tests.sandbox.server import Sandbox
from tests.seed.pages import Page, Person

GRID = reverse("integration_list")
CENTRAL = reverse("inquiry_list")
CLEAN = factories.cpf_behaving("001")


def new_form(user: User) -> Page:
    return Person(user).open(reverse("integration_new"))


def form_of(user: User, integration: Integration) -> Page:
    return Person(user).open(reverse("integration_detail", args=[integration.pk]))


def fill_in(page: Page, branch: str, sandbox: Sandbox | None = None) -> Page:
    """The form as the documentation tells, ready to be saved."""
    page.fill("Intermediador", "Crédito na Medida")
    page.fill("Filial", branch)
    page.fill("Ambiente", "Produção")
    page.fill("Endereço do birô", sandbox.url if sandbox else "https://biro.exemplo.test")
    page.fill("Client ID", sandbox.client_id if sandbox else "cliente")
    page.fill("Client Secret", sandbox.client_secret if sandbox else "segredo")
    return page


def branch_tab(user: User, branch: Branch) -> Page:
    """*Configurações › Empresa › Filiais*, the branch, *Editar*, tab *Integrações*."""
    page = Person(user).open("/").follow("Filiais")
    assert branch.name in page.text
    return page.follow("Editar").follow("Integrações")


def asked_at_the_central(user: User, document: str = CLEAN) -> Inquiry:
    """*Central de consultas*: type the document, look at the price, ask; the answer is in."""
    page = Person(user).open(CENTRAL)
    page.fill("CPF ou CNPJ", document)
    page.press("Ver produtos e preços").press("Consultar")
    return answered()


def answered() -> Inquiry:
    """The newest inquiry once its worker has done its work."""
    inquiry = Inquiry.objects.latest("pk")
    inquiries_drain(inquiry.integration_id)
    inquiry.refresh_from_db()
    return inquiry


def shown(user: User, inquiry: Inquiry) -> Page:
    return Person(user).open(reverse("inquiry_detail", args=[inquiry.pk]))


def listed_by_hand(user: User, debt: Receivable) -> Restriction:
    """*Negativar*, from the customer's page to the last button."""
    page = Person(user).open(reverse("customer_detail", args=[debt.customer_id]))
    data = page.follow("Negativar").press("Continuar")  # the only debt is chosen already
    data.follow("Continuar").follow("Continuar").press("Negativar")
    return Restriction.objects.get(receivable=debt)


def removed_by_hand(user: User, restriction: Restriction, reason: str) -> None:
    page = Person(user).open(reverse("restriction_detail", args=[restriction.pk]))
    page = page.follow("Pedir baixa")
    page.fill("Motivo da baixa", reason)
    page.press("Pedir baixa")


def paid(user: User, debt: Receivable) -> Page:
    """*Registrar pagamento* of the whole; the page that follows."""
    page = Person(user).open(reverse("customer_receivables", args=[debt.customer_id]))
    return page.follow("Registrar pagamento").press("Registrar pagamento")


def settled(restriction: Restriction, status: str) -> Restriction:
    """The listing once the worker has brought it, and read it, to ``status``."""
    deadline = time.monotonic() + 10
    while restriction.status != status:
        assert time.monotonic() < deadline, f"stuck at {restriction.status}: {restriction.problem}"
        worker_round(restriction.integration)
        restriction.refresh_from_db()
        time.sleep(0.02)
    return restriction


def worker_round(integration: Integration) -> None:
    """What the worker does by itself for listings: send what is due, read what changed."""
    integration.refresh_from_db()
    restrictions_drain(integration.pk)
    restrictions_sync(integration=integration)
