"""What waits for another person: the list, the look before the click, the listing's own page."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.compliance.models import RuleOverride
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.receivables.services import co_debtor_set
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
PLACE = "/negativacoes/aprovar/"


@pytest.fixture(autouse=True)
def _above_ten_reais(branch: Branch) -> None:
    bare.integration(branch)
    GeneralParameters.objects.create(pk=1, approval_amount=Decimal("10.00"))


def draft(branch: Branch, actor: User, name: str = "Maria Exemplo") -> Restriction:
    debt = factories.receivable(factories.customer(branch, name=name))
    return restriction_request(receivable=debt, actor=actor)


def test_three_actors(
    client: Client, branch: Branch, operator: User, manager: User, attendant: User, outsider: User
) -> None:
    row = draft(branch, operator)
    chosen = {"pk": [row.pk], "decisao": "aprovar", "confirmado": "sim"}
    for nobody in (operator, attendant, outsider):
        client.force_login(nobody)
        assert client.get(PLACE).status_code == 403
        assert client.post(PLACE, chosen).status_code == 403
        assert PLACE not in client.get("/").content.decode()
    client.force_login(factories.user(Role.FINANCE_MANAGER, factories.branch("Serra")))
    assert row.customer.name not in client.get(PLACE).content.decode()
    client.post(PLACE, chosen)
    row.refresh_from_db()
    assert row.status == Status.DRAFT
    client.force_login(manager)
    page = client.get(PLACE).content.decode()
    assert row.customer.name in page
    assert operator.name in page
    assert "side-count" in page


def test_approved_after_a_look(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    rows = [draft(branch, operator, f"Pessoa {n}") for n in range(2)]
    own = draft(branch, manager, "Pedida por Mim")
    client.force_login(manager)
    chosen = {"pk": [row.pk for row in [*rows, own]], "decisao": "aprovar"}
    look = client.post(PLACE, chosen).content.decode()
    assert "Aprovar 2 negativações?" in look
    assert "Ficam de fora" in look
    assert "outra pessoa precisa aprovar" in look
    assert not Restriction.objects.exclude(status=Status.DRAFT).exists()
    done = client.post(PLACE, {**chosen, "confirmado": "sim"}, follow=True).content.decode()
    assert "2 negativações aprovadas." in done
    assert "Pedida por Mim" in done
    queued = Restriction.objects.filter(status=Status.QUEUED, approved_by=manager)
    assert set(queued) == set(rows)
    # The second of two clicks.
    again = client.post(PLACE, {**chosen, "confirmado": "sim"}).content.decode()
    assert "já foi aprovada" in again
    assert Restriction.objects.filter(status=Status.QUEUED).count() == 2


def test_one_that_the_gate_stops_waits_on_and_is_named(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    good, bad = draft(branch, operator, "Boa"), draft(branch, operator, "Contestada da Silva")
    Receivable.objects.filter(pk=bad.receivable_id).update(disputed=True)
    client.force_login(manager)
    chosen = {"pk": [good.pk, bad.pk], "decisao": "aprovar", "confirmado": "sim"}
    said = client.post(PLACE, chosen, follow=True).content.decode()
    assert "1 negativação aprovada." in said
    assert f"nº {bad.pk}, Contestada da Silva continua esperando: O cliente contesta" in said
    bad.refresh_from_db()
    assert bad.status == Status.DRAFT


def test_rejected_only_with_a_reason(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    row = draft(branch, operator)
    client.force_login(manager)
    chosen = {"pk": [row.pk], "decisao": "rejeitar", "confirmado": "sim"}
    for empty in ("", "  ", "\x00"):
        answer = client.post(PLACE, {**chosen, "motivo": empty})
        assert answer.status_code == 200
        assert "motivo-erro" in answer.content.decode()
    row.refresh_from_db()
    assert row.status == Status.DRAFT
    client.post(PLACE, {**chosen, "motivo": "Vai pagar amanhã"})
    client.force_login(operator)
    page = client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    assert f"{manager.name} não aprovou: Vai pagar amanhã." in page
    assert "Negativar de novo" in page


@pytest.mark.parametrize("bad", [{}, {"pk": ["x"]}, {"pk": ["9" * 30]}, {"pk": ["0"]}])
def test_nothing_chosen(client: Client, manager: User, bad: dict[str, list[str]]) -> None:
    client.force_login(manager)
    said = client.post(PLACE, {**bad, "decisao": "aprovar"}, follow=True).content.decode()
    assert "marque ao menos uma" in said
    assert "Nada espera aprovação" in said


def test_its_page_says_who_may_approve_and_lets_it_be_withdrawn(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    row = draft(branch, operator)
    address = reverse("restriction_detail", args=[row.pk])
    client.force_login(operator)
    page = client.get(address).content.decode()
    assert "Espera a aprovação de outra pessoa" in page
    assert f"Pode aprovar: {manager.name}" in page
    assert 'value="aprovar"' not in page
    assert 'id="cancel-request"' in page
    client.force_login(manager)
    assert 'value="aprovar"' in client.get(address).content.decode()
    client.force_login(operator)
    client.post(reverse("restriction_cancel", args=[row.pk]))
    row.refresh_from_db()
    assert row.status == Status.CANCELLED


def test_its_page_says_why_it_could_be_listed_and_who_approved(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    GeneralParameters.objects.update(
        amount_updated=True, require_debt_document=True, approval_amount=Decimal("10.00")
    )
    debt = factories.receivable(
        factories.customer(branch), days_overdue=45, amount=Decimal("149.90")
    )
    RuleOverride.objects.create(
        receivable=debt,
        rule="evidence.debt_document",
        reason="O contrato está em papel.",
        actor=manager,
    )
    row = restriction_request(receivable=debt, actor=operator)
    # Named after the request: the bureau is told what the gate sees at the approval.
    surety = factories.customer(branch, name="Fiador Exemplo")
    co_debtor_set(contract=debt.contract, actor=operator, document=surety.document)
    client.force_login(manager)
    client.post(PLACE, {"pk": [row.pk], "decisao": "aprovar", "confirmado": "sim"})
    page = client.get(reverse("restriction_detail", args=[row.pk]))
    text = page.content.decode()
    for said in (
        "Multa",
        "Juros",
        "Fiador Exemplo",
        "Por que pôde ser negativada",
        "Aprovada por",
        f"Liberada por {manager.name}",
        "O contrato está em papel.",
    ):
        assert said in text, said
    assert page.context["gate"][0].state == "overridden"
    # What is let through later, or no more, does not change what was.
    RuleOverride.objects.update(withdrawn_at="2999-01-01T00:00:00Z", withdrawn_by=manager)
    text = client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    assert f"Liberada por {manager.name}" in text


def test_the_list_can_be_narrowed_to_it(client: Client, branch: Branch, operator: User) -> None:
    row = draft(branch, operator)
    debt = factories.receivable(factories.customer(branch))
    old = bare.listing(debt)
    bare.listing(debt, Status.DRAFT, protocol="", replaces=old)
    client.force_login(operator)
    page = client.get("/negativacoes/", {"situacao": "draft"})
    assert list(page.context["page"]) == [row]
    assert "Aguarda aprovação" in page.content.decode()


def test_it_costs_the_same_for_one_and_for_many(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    client.force_login(manager)
    draft(branch, operator)
    client.get(PLACE)
    with CaptureQueriesContext(connection) as few:
        client.get(PLACE)
    for _ in range(5):
        draft(branch, operator)
    with CaptureQueriesContext(connection) as many:
        client.get(PLACE)
    assert len(many) == len(few)
