"""Asking, waiting and reading on screen, against the real sandbox."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.models import Inquiry
from regua.inquiries.reading import groups_of
from regua.inquiries.selectors import inquiry_report
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.integrations.services import integration_link
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
CENTRAL = reverse("inquiry_list")
CLEAN = factories.cpf_behaving("001")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def question(document: str = CLEAN, **changes: str) -> dict[str, str]:
    return {
        "document": document,
        "product_code": "PF-SCORE",
        "purpose": "Venda",
        "key": str(uuid4()),
        **changes,
    }


def asked(client: Client, document: str = CLEAN, address: str = CENTRAL, **more: str) -> Inquiry:
    answer = client.post(address, question(document, **more))
    assert answer.status_code == 302, answer.context["form"].errors
    inquiry = Inquiry.objects.latest("pk")
    assert answer.headers["Location"] == reverse("inquiry_detail", args=[inquiry.pk])
    return inquiry


def shown(client: Client, inquiry: Inquiry) -> str:
    return client.get(reverse("inquiry_detail", args=[inquiry.pk])).content.decode()


def test_asked_waited_for_and_read(
    integration: Integration, attendant: User, manager: User
) -> None:
    client = signed_in(attendant)
    inquiry = asked(client)
    assert (inquiry.purpose, inquiry.product_code) == ("Venda", "PF-SCORE")
    waiting = shown(client, inquiry)
    assert "Perguntando ao birô" in waiting
    address = re.search(r'hx-get="([^"]+)"', waiting)
    assert address
    assert client.get(address[1]).status_code == 204, "nothing new yet"

    inquiries_drain(integration.pk)
    done = client.get(address[1]).content.decode()
    assert "Score alto, sem pendências" in done
    assert "hx-trigger" not in done, "it polls no longer"
    for page in (done, shown(client, inquiry), client.get(CENTRAL).content.decode()):
        assert CLEAN not in page
    assert "Chamadas ao birô" not in done
    assert "Chamadas ao birô" in shown(signed_in(manager), inquiry)


def test_many_pendings_are_grouped(integration: Integration, attendant: User) -> None:
    client = signed_in(attendant)
    inquiry = asked(client, factories.cpf_behaving("003"))
    inquiries_drain(integration.pk)
    page = shown(client, inquiry)
    assert "Score baixo" in page
    inquiry.refresh_from_db()
    report = inquiry_report(inquiry)
    assert report is not None
    assert report.pendings
    for group in groups_of(report.pendings):
        assert group.label in page


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("005", "na Receita é “suspensa”"), ("009", "Sem score, sem pendências")],
)
def test_odd_answers_are_said(
    code: str, sentence: str, integration: Integration, attendant: User
) -> None:
    client = signed_in(attendant)
    inquiry = asked(client, factories.cpf_behaving(code))
    inquiries_drain(integration.pk)
    assert sentence in shown(client, inquiry)


def test_refused_says_why_and_that_it_was_free(integration: Integration, attendant: User) -> None:
    client = signed_in(attendant)
    inquiry = asked(client, factories.cpf_behaving("010"))
    inquiries_drain(integration.pk)
    page = shown(client, inquiry)
    assert "saldo" in page
    assert "Nada foi cobrado" in page
    integration.refresh_from_db()
    assert "saldo" in integration.problem
    asked(client)
    inquiries_drain(integration.pk)
    integration.refresh_from_db()
    assert integration.problem == "", "the bureau works again"


def test_a_bureau_that_is_down_is_shown_with_the_next_attempt(
    integration: Integration, attendant: User
) -> None:
    Integration.objects.update(base_url="http://127.0.0.1:9")
    client = signed_in(attendant)
    inquiry = asked(client)
    inquiries_drain(integration.pk)
    Inquiry.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    page = shown(client, inquiry)
    assert "Esperando o birô" in page
    assert "Tentaremos de novo às" in page


def test_products_and_price_before_the_click(integration: Integration, attendant: User) -> None:
    client = signed_in(attendant)
    plain = client.get(CENTRAL).content.decode()
    assert "Consulta completa de empresa" in plain, "without JavaScript all are there"

    def options(**data: str) -> str:
        answer = client.post(CENTRAL, {"options": "1", **data}, headers={"HX-Request": "true"})
        return answer.content.decode()

    person = options(document=CLEAN)
    assert "Consultar · R$\xa01,90" in person
    assert "empresa" not in person
    assert "R$\xa07,50" in options(document=CLEAN, product_code="PF-SCORE").split("ask-button")[1]
    company = options(document="A1B2C001000141")
    assert "Consulta completa de empresa" in company
    assert "pessoa física" not in company
    options(document="12\x00")
    whole = client.post(CENTRAL, {"options": "1", "document": CLEAN, "purpose": "Venda"})
    assert "Consultar · R$\xa01,90" in whole.content.decode(), "without JavaScript, the whole page"
    assert not Inquiry.objects.exists(), "looking costs nothing"

    inquiry = asked(client)
    again = options(document=CLEAN)
    assert "já está sendo consultado" in again
    inquiries_drain(integration.pk)
    again = options(document=CLEAN)
    assert reverse("inquiry_detail", args=[inquiry.pk]) in again
    assert attendant.name in again
    assert "R$\xa07,50" in again.split("ask-button")[1], "the usual product comes first"


@pytest.mark.parametrize(
    "changes",
    [
        {"document": "123"},
        {"document": ""},
        {"product_code": "PJ-BASICA"},
        {"product_code": "inventado"},
        {"product_code": ""},
        {"purpose": " "},
        {"key": "não é uma chave"},
    ],
)
def test_bad_input_writes_nothing(
    changes: dict[str, str], integration: Integration, attendant: User
) -> None:
    answer = signed_in(attendant).post(CENTRAL, question() | changes)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Inquiry.objects.exists()


def test_the_same_form_sent_twice_is_one_inquiry(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    client = signed_in(attendant)
    data = question()
    first, second = client.post(CENTRAL, data), client.post(CENTRAL, data)
    assert first.headers["Location"] == second.headers["Location"]
    assert Inquiry.objects.count() == 1
    answer = client.post(CENTRAL, data | {"document": factories.cpf_behaving("002")})
    assert "já fez uma consulta" in answer.content.decode()
    assert Inquiry.objects.count() == 1


def test_without_integration_it_says_what_is_missing(
    integration: Integration, administrator: User, attendant: User
) -> None:
    integration_link(integration=integration, actor=administrator, linked=False)
    for user, helped in ((attendant, False), (administrator, True)):
        page = signed_in(user).get(CENTRAL).content.decode()
        assert "não vinculada à filial" in page
        assert ("Abrir as integrações" in page) is helped
        assert "ask-button" not in page


def test_from_the_customer_the_lead_and_the_prospect(
    integration: Integration, branch: Branch, attendant: User, outsider: User
) -> None:
    client = signed_in(attendant)
    customer = factories.customer(branch, document=CLEAN)
    lead = factories.lead(branch)
    prospect = factories.prospect(branch, document=factories.cpf_behaving("002"))

    ask = reverse("customer_ask", args=[customer.pk])
    form = client.get(ask).content.decode()
    assert CLEAN not in form
    assert 'name="document"' not in form
    assert "Consultar · R$\xa01,90" in form
    assert client.post(ask, question("ignorado")).status_code == 302
    inquiry = Inquiry.objects.get(customer=customer)
    assert inquiry.document == CLEAN

    ask = reverse("lead_ask", args=[lead.pk])
    assert 'name="document"' in client.get(ask).content.decode()
    assert client.post(ask, question("123")).status_code == 200
    asked(client, factories.cpf_behaving("002"), ask)
    asked(client, "", reverse("prospect_ask", args=[prospect.pk]))
    assert lead.inquiries.count() == prospect.inquiries.count() == 1

    for kind, party in (("lead", lead), ("prospect", prospect)):
        tab = reverse(f"{kind}_inquiries", args=[party.pk])
        assert f'<a href="{tab}">1</a>' in client.get(reverse(f"{kind}_list")).content.decode()
        assert len(client.get(tab).context["page"]) == 1

    inquiries_drain(integration.pk)
    tab = client.get(reverse("customer_inquiries", args=[customer.pk])).content.decode()
    assert reverse("inquiry_detail", args=[inquiry.pk]) in tab
    assert "Última consulta" in tab

    stranger = signed_in(outsider)
    for name, pk in (
        ("customer_inquiries", customer.pk),
        ("customer_ask", customer.pk),
        ("lead_ask", lead.pk),
        ("prospect_ask", prospect.pk),
        ("lead_inquiries", lead.pk),
        ("prospect_inquiries", prospect.pk),
        ("inquiry_detail", inquiry.pk),
        ("inquiry_progress", inquiry.pk),
    ):
        assert stranger.get(reverse(name, args=[pk])).status_code == 404, name
    assert lead.name not in stranger.get(reverse("lead_list")).content.decode()


def test_the_central_finds_the_customer_by_the_document(
    integration: Integration, branch: Branch, other_branch: Branch, attendant: User
) -> None:
    factories.customer(other_branch, document=CLEAN)
    ours = factories.customer(branch, document=CLEAN)
    assert asked(signed_in(attendant)).customer == ours


def test_audit_reads_and_does_not_ask(integration: Integration, attendant: User) -> None:
    inquiry = asked(signed_in(attendant))
    client = signed_in(factories.user(Role.AUDIT))
    page = client.get(CENTRAL).content.decode()
    assert "ask-button" not in page
    assert reverse("inquiry_detail", args=[inquiry.pk]) in page
    assert client.post(CENTRAL, question()).status_code == 403
    assert Inquiry.objects.count() == 1


def test_filters(integration: Integration, branch: Branch, attendant: User, manager: User) -> None:
    old, new = asked(signed_in(attendant)), asked(signed_in(manager), factories.cpf_behaving("002"))
    Inquiry.objects.filter(pk=old.pk).update(requested_at=timezone.now() - timedelta(days=10))
    inquiries_drain(integration.pk)
    client = signed_in(manager)

    def found(**filters: str) -> set[int]:
        return {row.pk for row in client.get(CENTRAL, filters).context["page"]}

    today = f"{timezone.localdate():%d/%m/%Y}"
    assert found() == {old.pk, new.pk}
    assert found(since=today) == {new.pk}
    assert found(until=f"{timezone.localdate() - timedelta(days=1):%d/%m/%Y}") == {old.pk}
    assert found(requested_by=str(attendant.pk)) == {old.pk}
    assert found(result="answered") == {old.pk, new.pk}
    assert found(result="unfinished") == set()
    for nonsense in ("31/02/2025", "01/01/9999", "x"):
        assert found(since=nonsense, until=nonsense) == {old.pk, new.pk}
    assert found(requested_by="x", result="x", kind="x", integration="9" * 30, cursor="x") in (
        set(),
        {old.pk, new.pk},
    )


def test_lists_cost_the_same_however_long(
    integration: Integration,
    branch: Branch,
    manager: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(manager)
    customer = factories.customer(branch, document=CLEAN)
    for number in range(12):
        asked(client, product_code=("PF-SCORE", "PF-BASICA")[number % 2])
        inquiries_drain(integration.pk)
        asked(
            client,
            factories.cpf_behaving("002"),
            reverse("lead_ask", args=[factories.lead(branch).pk]),
        )
    for address, most in (
        (CENTRAL, 20),
        (reverse("lead_list"), 12),
        (reverse("customer_inquiries", args=[customer.pk]), 28),
    ):
        with django_assert_max_num_queries(most):
            client.get(address)


def late(inquiry: Inquiry, hours: int = 25) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(
        requested_at=timezone.now() - timedelta(hours=hours), due_at=timezone.now()
    )


def test_an_answer_that_never_comes_is_given_up(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    client = signed_in(attendant)
    inquiry = asked(client, factories.cpf_behaving("014"))
    inquiries_drain(integration.pk)
    late(inquiry, 23)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert inquiry.status == "sent"
    late(inquiry)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.charge_unsure) == ("refused", True)
    assert "pode ter sido cobrada" in inquiry.problem
    assert inquiry.protocol in inquiry.problem
    page = shown(client, inquiry)
    assert "Nada foi cobrado" not in page
    assert "a conferir com o birô" in page


def test_a_lost_answer_is_never_called_free(
    integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"method": "POST", "path": "/v1/consultas", "kind": "lost_answer", "times": 1}
    )
    inquiry = inquiry_request(actor=attendant, branch=branch, document=CLEAN)
    inquiries_drain(integration.pk)
    Integration.objects.update(base_url="http://127.0.0.1:9")
    late(inquiry, 1)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.unknown) == ("queued", True), "longer patience: it may be paid"
    late(inquiry)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.charge_unsure) == ("refused", True)


def test_a_bureau_down_for_long_was_free(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    Integration.objects.update(base_url="http://127.0.0.1:9")
    inquiry = inquiry_request(actor=attendant, branch=branch, document=CLEAN)
    late(inquiry, 1)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.was_free) == ("refused", True)
    assert "Nada foi consultado nem cobrado" in inquiry.problem


def test_an_inquiry_needs_a_purpose(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    with pytest.raises(ValidationError) as caught:
        inquiry_request(actor=attendant, branch=branch, document=CLEAN, purpose=" ")
    assert list(caught.value.message_dict) == ["purpose"]
