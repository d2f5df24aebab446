"""The paths on screen of what happens to a listed debt."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.integrations.choices import CodeKind
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch
from regua.receivables.models import Impediment
from regua.receivables.services import co_debtor_set, payment_record
from regua.restrictions import midlife
from regua.restrictions.choices import Status
from regua.restrictions.corrections import correction_request
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_cancel
from tests import factories
from tests.compliance import uploads
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration(branch: Branch) -> Integration:
    created = bare.integration(branch)
    for code, reason in (
        ("07", "partially_paid"),
        ("11", "data_correction"),
        ("45", "contested"),
        ("04", "court_order"),
        ("44", "deceased"),
        ("16", "ownership_change"),
    ):
        ReasonCode.objects.create(
            integration=created,
            kind=CodeKind.REMOVAL,
            code=code,
            description=f"Motivo {code}",
            person_kind="A",
            reason=reason,
        )
    return created


@pytest.fixture
def listing(integration: Integration, branch: Branch, operator: User) -> Restriction:
    receivable = factories.receivable(factories.customer(branch))
    return bare.listing(receivable, actor=operator, bureau_status="active")


@pytest.fixture
def web(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client


def page(web: Client, name: str, *args: object) -> str:
    response = web.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def today() -> str:
    return f"{timezone.localdate():%d/%m/%Y}"


def part_paid(row: Restriction, actor: User) -> None:
    payment_record(
        receivable=row.receivable,
        actor=actor,
        amount=Decimal("100.00"),
        paid_on=row.receivable.due_date,
    )


def test_a_partial_payment_is_pointed_out_and_corrected(
    web: Client, listing: Restriction, operator: User
) -> None:
    assert "pagou uma parte" not in page(web, "restriction_detail", listing.pk)
    part_paid(listing, operator)
    shown = page(web, "restriction_detail", listing.pk)
    assert "Corrigir valor (baixar e negativar de novo)" in shown
    assert "Corrija o valor até" in shown

    form = page(web, "correction_create", listing.pk, "partial_payment")
    assert "código 07" in form
    url = reverse("correction_create", args=[listing.pk, "partial_payment"])
    answer = web.post(url, {"told_on": today()}, follow=True).content.decode()
    new = Restriction.objects.get(replaces=listing)
    assert f"Espera a baixa da nº {listing.pk}" in answer
    assert "Cancelar correção" in answer
    old = page(web, "restriction_detail", listing.pk)
    new_url = reverse("restriction_detail", args=[new.pk])
    assert f'Vai ser substituída pela <a href="{new_url}">nº {new.pk}</a>.' in old
    listed = web.get(reverse("restriction_list")).content.decode()
    assert f"Correção da nº {listing.pk}" in listed
    assert "Aguarda a baixa" in page(web, "customer_restrictions", listing.customer_id)
    assert "Negativações" in page(web, "customer_list").replace("\xa0", " ")

    web.post(reverse("correction_cancel", args=[new.pk]))
    listing.refresh_from_db()
    assert listing.status == Status.ACTIVE
    assert "foi cancelada" in page(web, "restriction_detail", listing.pk)


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        ("amount", {"amount": "80,00"}, {"amount": "-1"}),
        ("due_date", {"due_date": "01/09/2026"}, {"due_date": "31/02/2026"}),
        ("name", {"name": "Maria Certa"}, {"name": ""}),
        (
            "address",
            {
                "postal_code": "01310-100",
                "street": "Rua Certa",
                "number": "1",
                "complement": "Casa",
                "district": "Centro",
                "city": "São Paulo",
                "state": "SP",
            },
            {"street": "", "state": "XX"},
        ),
    ],
)
def test_each_correction_says_what_it_does_and_does_it(
    kind: str, given: dict[str, str], wrong: dict[str, str], web: Client, listing: Restriction
) -> None:
    assert "código 11" in page(web, "correction_create", listing.pk, kind)
    url = reverse("correction_create", args=[listing.pk, kind])
    for bad in (given | wrong | {"told_on": today()}, given | {"told_on": "01/01/2999"}, {}):
        assert web.post(url, bad).status_code == 200
        listing.refresh_from_db()
        listing.customer.refresh_from_db()
        assert listing.status == Status.ACTIVE
        assert listing.customer.name == "Maria Exemplo da Silva"
    assert web.post(url, given | {"told_on": today()}).status_code == 302
    listing.refresh_from_db()
    assert listing.status == Status.REMOVAL_QUEUED
    assert web.post(url, given | {"told_on": today()}, follow=True).status_code == 200


def test_an_unknown_kind_is_not_there(web: Client, listing: Restriction) -> None:
    assert web.get(reverse("correction_create", args=[listing.pk, "xx"])).status_code == 404


def test_a_contest_from_the_menu_to_the_decision(web: Client, listing: Restriction) -> None:
    menu = page(web, "restriction_detail", listing.pk)
    assert "O cliente contesta a dívida" in menu
    url = reverse("contest_create", args=[listing.receivable_id])
    assert "54-G" in web.get(url).content.decode()
    assert (
        "Preencha este campo" in web.post(url, {"told_on": today(), "text": " "}).content.decode()
    )
    assert not Impediment.objects.exists()
    web.post(url, {"told_on": today(), "text": "Já tinha cancelado."})
    contest = Impediment.objects.get()
    detail = page(web, "restriction_detail", listing.pk)
    assert "Já tinha cancelado." in detail
    assert "O cliente contesta a dívida" not in detail
    assert "Contestação do cliente" in page(web, "customer_receivables", listing.customer_id)
    filtered = web.get(reverse("restriction_list"), {"situacao": "contestadas"})
    assert listing.customer.name in filtered.content.decode()

    decision = reverse("impediment_detail", args=[contest.pk])
    assert "código 45" in web.get(decision).content.decode()
    assert "Escolha a decisão" in web.post(decision, {"decision": "x"}).content.decode()
    web.post(decision, {"outcome": "upheld", "decision": "Tem razão."})
    listing.refresh_from_db()
    assert (listing.status, listing.removal_code) == (Status.REMOVAL_QUEUED, "45")
    assert "Tem razão." in page(web, "impediment_detail", contest.pk)
    again = web.post(decision, {"outcome": "rejected", "decision": "Não."}, follow=True)
    assert "Já foi decidido" in again.content.decode()


def test_a_court_order(web: Client, listing: Restriction) -> None:
    url = reverse("court_order_create", args=[listing.receivable_id])
    assert "código 04" in web.get(url).content.decode()
    web.post(url, {"told_on": today(), "text": "Processo 1"})
    listing.refresh_from_db()
    assert listing.status == Status.REMOVAL_QUEUED
    again = web.post(url, {"told_on": today(), "text": "Processo 1"}).content.decode()
    assert "já tem uma ordem judicial" in again


def test_death_and_its_undoing(web: Client, listing: Restriction) -> None:
    url = reverse("customer_deceased", args=[listing.customer_id])
    assert "código 44" in web.get(url).content.decode()
    assert "Confira a data" in web.post(url, {"deceased_on": "01/01/2999"}).content.decode()
    web.post(url, {"deceased_on": today()})
    listing.refresh_from_db()
    listing.customer.refresh_from_db()
    assert listing.status == Status.REMOVAL_QUEUED
    assert listing.customer.deceased_on
    assert "Foi engano" in web.get(url).content.decode()
    web.post(url, {"engano": "sim"})
    listing.customer.refresh_from_db()
    assert listing.customer.deceased_on is None


def test_a_new_holder(web: Client, listing: Restriction) -> None:
    url = reverse("holder_change", args=[listing.pk])
    assert "código 16" in web.get(url).content.decode()
    web.post(url, {"told_on": today()})
    listing.refresh_from_db()
    assert listing.removal_reason == "ownership_change"
    assert web.get(url).status_code == 302, "twice is once"


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        ("91", "contested", "contestou a dívida no birô"),
        ("95", "letter_returned", "Corrigir endereço e negativar de novo"),
        ("96", "court_order", "ordem judicial"),
        ("97", "five_years", "cinco anos"),
    ],
)
def test_the_bureaus_own_removal_is_explained(
    code: str, reason: str, said: str, web: Client, integration: Integration, branch: Branch
) -> None:
    row = bare.listing(
        factories.receivable(factories.customer(branch)),
        Status.REMOVED,
        removal_code=code,
        removal_reason=reason,
    )
    shown = page(web, "restriction_detail", row.pk)
    assert said in shown
    assert "Do próprio birô" in shown


def test_a_returned_letter_leads_to_the_wizard(
    web: Client, integration: Integration, branch: Branch
) -> None:
    row = bare.listing(
        factories.receivable(factories.customer(branch)),
        Status.REMOVED,
        removal_code="95",
        removal_reason="letter_returned",
    )
    url = reverse("letter_returned", args=[row.pk])
    assert "No birô" in web.get(url).content.decode()
    answer = web.post(url, {**factories.ADDRESS, "street": "Rua Nova", "postal_code": "01310-100"})
    assert answer.url.endswith(f"?titulo={row.receivable_id}")
    row.customer.refresh_from_db()
    assert row.customer.street == "Rua Nova"


def test_who_sees_nothing_and_may_nothing(
    client: Client, attendant: User, outsider: User, listing: Restriction
) -> None:
    paths = [
        reverse("correction_create", args=[listing.pk, "amount"]),
        reverse("correction_cancel", args=[listing.pk]),
        reverse("holder_change", args=[listing.pk]),
        reverse("letter_returned", args=[listing.pk]),
        reverse("contest_create", args=[listing.receivable_id]),
        reverse("court_order_create", args=[listing.receivable_id]),
        reverse("customer_deceased", args=[listing.customer_id]),
    ]
    for actor in (attendant, outsider):
        client.force_login(actor)
        for path in paths:
            assert client.post(path, {}).status_code in (403, 404)
    listing.refresh_from_db()
    assert listing.status == Status.ACTIVE


def test_a_contest_that_was_right_ends_with_the_amount_mended(
    web: Client, integration: Integration, branch: Branch, operator: User
) -> None:
    debt = factories.receivable(factories.customer(branch))
    contest = midlife.contest_open(
        receivable=debt, actor=operator, told_on=timezone.localdate(), text="Cobrado em dobro."
    )
    mend = reverse("contested_amount", args=[contest.pk])
    assert mend not in page(web, "impediment_detail", contest.pk)
    assert web.get(mend).status_code == 302, "nothing is decided yet"
    midlife.impediment_decide(
        impediment=contest, actor=operator, outcome="upheld", decision="Era em dobro mesmo."
    )
    assert mend in page(web, "impediment_detail", contest.pk)
    refused = web.post(mend, {"amount": "0,00"})
    assert refused.status_code == 200
    web.post(mend, {"amount": "64,95"})
    debt.refresh_from_db()
    assert (debt.open_amount, debt.disputed) == (Decimal("64.95"), False)
    assert web.post(mend, {"amount": "1,00"}).status_code == 302, "it is mended already"
    debt.refresh_from_db()
    assert debt.open_amount == Decimal("64.95")


def test_the_proof_of_a_contest_stays_with_it(
    web: Client, integration: Integration, branch: Branch, operator: User
) -> None:
    debt = factories.receivable(factories.customer(branch))
    contest = midlife.contest_open(
        receivable=debt, actor=operator, told_on=timezone.localdate(), text="Cancelei antes."
    )
    link = re.search(r'href="([^"]*/provas/[^"]*)"', page(web, "impediment_detail", contest.pk))
    assert link is not None
    address = html.unescape(link[1])
    shown = web.get(address).context["form"]
    answers = {name: shown.get_initial_for_field(shown.fields[name], name) for name in shown.fields}
    answers |= {"file": SimpleUploadedFile("carta.pdf", uploads.pdf()), "dated_on": today()}
    assert web.post(address, {k: v for k, v in answers.items() if v}).status_code == 302
    assert contest.evidence.get().receivable == debt
    assert "carta.pdf" in page(web, "impediment_detail", contest.pk)


def test_a_death_is_seen_and_undone_where_the_customer_is(
    web: Client, listing: Restriction, operator: User
) -> None:
    customer = listing.customer
    undo = reverse("customer_deceased", args=[customer.pk])
    assert undo not in page(web, "customer_detail", customer.pk)
    midlife.customer_deceased(customer=customer, actor=operator, deceased_on=timezone.localdate())
    shown = page(web, "customer_detail", customer.pk)
    assert "Falecimento" in shown
    assert undo in shown
    web.post(undo, {"engano": "sim"})
    customer.refresh_from_db()
    assert customer.deceased_on is None
    assert undo not in page(web, "customer_detail", customer.pk)


def test_the_wizard_says_who_else_answers(
    web: Client, integration: Integration, branch: Branch, operator: User
) -> None:
    debt = factories.receivable(factories.customer(branch))
    surety = factories.customer(branch, name="Fiador Exemplo")
    address = f"{reverse('restriction_create', args=[debt.customer_id])}?titulo={debt.pk}"
    assert "Coobrigado" not in web.get(f"{address}&etapa=revisao").content.decode()
    co_debtor_set(contract=debt.contract, actor=operator, document=surety.document)
    shown = web.get(f"{address}&etapa=revisao").content.decode()
    assert "Coobrigado" in shown
    assert "Fiador Exemplo" in shown
    assert surety.document not in shown


def test_a_waiting_correction_is_not_cancelled_by_half(
    web: Client, listing: Restriction, operator: User
) -> None:
    part_paid(listing, operator)
    draft = correction_request(restriction=listing, actor=operator, kind="partial_payment")
    with pytest.raises(ValidationError, match="desista da correção"):
        restriction_cancel(restriction=draft, actor=operator)
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT
