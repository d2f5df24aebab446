"""*Cancelar título*: who may, what is kept, and what follows for a listing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.calendar import business_day_after
from regua.organization.models import Branch
from regua.organization.selectors import days_off
from regua.receivables.models import Receivable, ReceivableCancellation
from regua.receivables.services import payment_record, receivable_cancel
from regua.restrictions.choices import Status
from regua.restrictions.models import RemovalDuty
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
WHY = "Cobrado depois do pedido de cancelamento do plano."


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch), amount=Decimal("100.00"))


def form(receivable: Receivable) -> str:
    return reverse("receivable_cancel", args=[receivable.pk])


def tab(receivable: Receivable) -> str:
    return reverse("customer_receivables", args=[receivable.customer_id])


def words(html: bytes) -> str:
    return " ".join(html.decode().replace("\xa0", " ").split())


def test_who_may(
    client: Client, owed: Receivable, operator: User, attendant: User, outsider: User
) -> None:
    for actor, status in ((attendant, 404), (outsider, 404)):
        client.force_login(actor)
        assert client.get(form(owed)).status_code == status
        assert client.post(form(owed), {"reason": WHY}).status_code == status
        with pytest.raises(NotAllowed):
            receivable_cancel(receivable=owed, actor=actor, reason=WHY)
    owed.refresh_from_db()
    assert owed.status == "open"
    client.force_login(operator)
    assert form(owed) in client.get(tab(owed)).content.decode()


def test_it_is_asked_why_and_kept_who(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    page = words(client.get(form(owed)).content)
    assert "O cliente deixa de dever R$ 100,00." in page
    assert "Não há como voltar atrás" in page
    for empty in ("", "  \n "):
        answer = client.post(form(owed), {"reason": empty})
        assert list(answer.context["form"].errors) == ["reason"]
    owed.refresh_from_db()
    assert owed.status == "open"

    answer = client.post(form(owed), {"reason": WHY}, follow=True)
    assert answer.redirect_chain == [(tab(owed), 302)]
    page = words(answer.content)
    assert f"Título {owed.number} cancelado: {owed.customer.name} não deve mais R$ 100,00." in page
    assert f"por {operator.name} em {timezone.localdate():%d/%m/%Y}: {WHY}" in page
    owed.refresh_from_db()
    assert (owed.status, owed.is_owed) == ("cancelled", False)
    kept = ReceivableCancellation.objects.get()
    assert (kept.receivable, kept.actor, kept.amount, kept.reason) == (
        owed,
        operator,
        Decimal("100.00"),
        WHY,
    )
    assert form(owed) not in page, "not twice"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ReceivableCancellation.objects.update(reason="outro")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "received", "open_amount": Decimal(0)}, "já foi pago por inteiro"),
        ({"status": "cancelled"}, "já está cancelado"),
    ],
)
def test_what_is_paid_or_cancelled_is_refused(
    client: Client, owed: Receivable, operator: User, fields: dict[str, Any], sentence: str
) -> None:
    Receivable.objects.filter(pk=owed.pk).update(**fields)
    client.force_login(operator)
    for answer in (
        client.get(form(owed), follow=True),
        client.post(form(owed), {"reason": WHY}, follow=True),
    ):
        assert f"O título {owed.number} {sentence}" in words(answer.content)
        assert "Nada mudou." in words(answer.content)
    with pytest.raises(ValidationError, match=sentence):  # paid while the form was open
        receivable_cancel(receivable=owed, actor=operator, reason=WHY)
    assert not ReceivableCancellation.objects.exists()


def test_what_was_paid_of_it_stays_paid(client: Client, owed: Receivable, operator: User) -> None:
    payment_record(
        receivable=owed, actor=operator, amount=Decimal("40.00"), paid_on=timezone.localdate()
    )
    client.force_login(operator)
    page = words(client.get(form(owed)).content)
    assert "O cliente deixa de dever R$ 60,00. O que já pagou continua pago." in page
    client.post(form(owed), {"reason": WHY})
    owed.refresh_from_db()
    assert (owed.status, owed.payments.count()) == ("cancelled", 1)
    assert ReceivableCancellation.objects.get().amount == Decimal("60.00")


def test_a_listing_must_come_off_and_its_deadline_begins(
    client: Client, owed: Receivable, branch: Branch, operator: User
) -> None:
    bare.integration(branch)
    listing = bare.listing(owed)
    client.force_login(operator)
    said = "Cancelar o título não tira a negativação: peça a baixa."
    page = words(client.get(form(owed)).content)
    assert f"tem a negativação nº {listing.pk} (ativa). {said}" in page

    answer = client.post(form(owed), {"reason": WHY}, follow=True)
    assert said in words(answer.content)
    assert reverse("removal_create", args=[listing.pk]) in answer.content.decode()
    listing.refresh_from_db()
    assert listing.status == Status.ACTIVE, "cancelling alone removes nothing"
    duty = RemovalDuty.objects.get(restriction=listing)
    assert (duty.cause, duty.starts_on, duty.ended_at) == (
        "debt_cancelled",
        timezone.localdate(),
        None,
    )
    last: date = business_day_after(timezone.localdate(), 5, days_off(branch))
    assert duty.due_on == last
    worklist = words(client.get(reverse("restriction_overdue_removals")).content)
    assert owed.customer.name in worklist
    assert "Título cancelado" in worklist


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.DRAFT, "com o título cancelado, não sai mais"),
        (Status.QUEUED, "com o título cancelado, não sai mais"),
        (Status.REMOVAL_SENT, "A baixa dela já foi pedida."),
    ],
)
def test_what_is_on_its_way_is_told_of(
    client: Client,
    owed: Receivable,
    branch: Branch,
    operator: User,
    status: Status,
    sentence: str,
) -> None:
    bare.integration(branch)
    bare.listing(owed, status)
    client.force_login(operator)
    assert sentence in words(client.get(form(owed)).content)


def test_where_removals_are_automatic_the_page_says_so(
    client: Client, owed: Receivable, branch: Branch, operator: User
) -> None:
    bare.integration(branch, automatic=True, codes_synced_at=timezone.now())
    bare.listing(owed)
    client.force_login(operator)
    assert "a baixa é pedida sozinha logo depois" in words(client.get(form(owed)).content)


def test_the_page_of_a_listing_leads_to_it(
    client: Client, owed: Receivable, branch: Branch, operator: User
) -> None:
    bare.integration(branch)
    listing = bare.listing(owed)
    client.force_login(operator)
    page = client.get(reverse("restriction_detail", args=[listing.pk])).content.decode()
    assert "A dívida não existe mais" in page
    assert form(owed) in page
