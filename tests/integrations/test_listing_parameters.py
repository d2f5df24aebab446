"""*Parâmetros gerais*, section *Negativação*."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.integrations.parameters import LISTING, parameters_update
from regua.organization.models import GeneralParameters, ParameterChange

pytestmark = pytest.mark.django_db
PAGE = reverse("parameters_general")
REASON = "Prestadora de pequeno porte, parecer de 10/11/2026."
TYPED = {
    "secao": "negativacao",
    "listing_min_days": "30",
    "listing_min_amount": "50,00",
    "listing_max_amount": "1.500,00",
    "telecom_profile": "sim",
    "reason": "",
    "require_debt_document": "sim",
    "amount_updated": "sim",
    "fine_percent": "1,5",
    "interest_percent": "0,99",
    "approval_amount": "1.000,00",
    "approval_batch": "20",
}


@pytest.fixture
def page(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def test_all_of_it_is_saved_and_each_change_is_said(page: Client) -> None:
    assert page.post(PAGE, TYPED).status_code == 302
    current = GeneralParameters.current()
    assert {name: getattr(current, name) for name in LISTING} == {
        "listing_min_days": 30,
        "listing_min_amount": Decimal("50.00"),
        "listing_max_amount": Decimal("1500.00"),
        "telecom_profile": True,
        "require_debt_document": True,
        "amount_updated": True,
        "fine_percent": Decimal("1.50"),
        "interest_percent": Decimal("0.99"),
        "approval_amount": Decimal("1000.00"),
        "approval_batch": 20,
    }
    page.post(PAGE, TYPED)  # changes nothing
    assert ParameterChange.objects.count() == len(LISTING) - 1
    text = page.get(PAGE).content.decode().replace("\xa0", " ")
    for said in ("1,50 %", "R$ 1.500,00", "30 dias", "vazio"):
        assert said in text
    assert page.get(PAGE).context["listing"].initial["telecom_profile"] == "sim"


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        *[("listing_min_days", bad) for bad in ("", "-1", "1826", "x", "1,5", "9" * 5000)],
        *[("listing_min_amount", bad) for bad in ("", "-1", "x", "1" * 40)],
        *[("listing_max_amount", bad) for bad in ("0", "-1", "x", "49,99")],
        *[("fine_percent", bad) for bad in ("", "2,01", "-0,01", "x", "1,999")],
        *[("interest_percent", bad) for bad in ("", "1,01", "-1", "0,001")],
        *[("approval_amount", bad) for bad in ("-1", "x")],
        *[("approval_batch", bad) for bad in ("0", "-1", "x", "99999999999")],
        *[("telecom_profile", bad) for bad in ("", "talvez")],
        *[("require_debt_document", bad) for bad in ("", "x")],
    ],
)
def test_what_is_out_of_range_is_said_and_changes_nothing(
    page: Client, field: str, bad: str
) -> None:
    answer = page.post(PAGE, TYPED | {field: bad})
    assert answer.status_code == 200
    assert list(answer.context["listing"].errors) == [field]
    assert not answer.context["form"].errors
    assert not ParameterChange.objects.exists()
    assert GeneralParameters.current().listing_min_days == 5


@pytest.mark.parametrize(
    "bad",
    [
        {"fine_percent": Decimal("2.01")},
        {"interest_percent": Decimal("1.01")},
        {"listing_min_amount": Decimal(-1)},
        {"listing_min_amount": None},
        {"listing_max_amount": Decimal(5)},
        {"listing_min_days": None},
        {"approval_batch": 0},
    ],
)
def test_the_service_refuses_it_too(manager: User, bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        parameters_update(actor=manager, amount_updated=True, **bad)
    assert list(caught.value.message_dict) == list(bad)
    assert not GeneralParameters.current().amount_updated


def test_a_minimum_above_the_maximum_that_stands(manager: User) -> None:
    parameters_update(actor=manager, listing_max_amount=Decimal(100))
    with pytest.raises(ValidationError):
        parameters_update(actor=manager, listing_min_amount=Decimal(101))
    with pytest.raises(IntegrityError), transaction.atomic():
        GeneralParameters.objects.update(listing_min_amount=101)


@pytest.mark.parametrize("reason", ["", "porque", "          "])
def test_the_telecom_rules_go_off_only_by_a_written_decision(page: Client, reason: str) -> None:
    refused = page.post(PAGE, TYPED | {"telecom_profile": "nao", "reason": reason})
    assert list(refused.context["listing"].errors) == ["reason"]
    assert GeneralParameters.current().telecom_profile


def test_the_decision_is_kept_with_its_author(page: Client, manager: User) -> None:
    page.post(PAGE, TYPED | {"telecom_profile": "nao", "reason": f" {REASON} "})
    assert not GeneralParameters.current().telecom_profile
    kept = ParameterChange.objects.get(name="telecom_profile")
    assert (kept.before, kept.after, kept.reason, kept.actor) == (True, False, REASON, manager)
    others = ParameterChange.objects.exclude(pk=kept.pk)
    assert set(others.values_list("reason", flat=True)) == {""}
    text = page.get(PAGE).content.decode()
    assert REASON in text
    # Once off, the rest is saved without asking again; on again needs no reason.
    later = TYPED | {"telecom_profile": "nao", "listing_min_days": "31"}
    assert page.post(PAGE, later).status_code == 302
    assert page.post(PAGE, TYPED | {"listing_min_days": "31"}).status_code == 302
    assert GeneralParameters.current().telecom_profile


def test_who_may(client: Client, operator: User, administrator: User) -> None:
    client.force_login(operator)
    assert client.post(PAGE, TYPED).status_code == 403
    client.force_login(administrator)
    assert client.post(PAGE, TYPED).status_code == 302
