"""When a contract was suspended and rescinded, and from when its debts may be listed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.compliance.contracts import ContractStanding, contracts_standing
from regua.compliance.selectors import evaluate
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.receivables.services import contract_dates_set
from tests import factories
from tests.compliance.cases import Given, make

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = timedelta(days=1)


def ago(days: int) -> date:
    return TODAY - days * DAY


def given(
    notice: int | None, suspended: int | None, ended: int | None, *, proof: bool = True
) -> Given:
    """Days ago; the debt fell due 200 days ago."""
    return Given(
        debt={"due_date": ago(200)},
        contract={
            "started_on": ago(900),
            "suspended_on": suspended and ago(suspended),
            "ended_on": None if ended is None else ago(ended),
        },
        proofs={
            "overdue_notice": notice and {"dated_on": ago(notice)},
            "rescission_proof": {"dated_on": ago(ended or 0)} if proof else None,
        },
    )


@pytest.fixture
def debt(branch: Branch, manager: User) -> Receivable:
    return make(given(100, 85, 10), branch, manager)


def standing(debt: Receivable) -> ContractStanding:
    [found] = contracts_standing(debt.customer)
    return found


@pytest.mark.parametrize(
    ("case", "opens_on", "lacking"),
    [
        (given(100, 85, 25), ago(25), ()),
        (given(100, 85, 0), TODAY, ()),
        (given(None, 85, 10), None, ("o aviso de atraso",)),
        (given(100, 85, 10, proof=False), ago(10), ("o comprovante da rescisão",)),
        (given(100, 90, 10), ago(10), ("o intervalo de 15 dias entre o aviso e a suspensão",)),
        (given(100, 60, 10), ago(10), ("o intervalo de 60 dias entre a suspensão e a rescisão",)),
        (given(100, 85, None, proof=False), TODAY, ("a rescisão", "o comprovante da rescisão")),
        (given(40, 20, None), TODAY + 40 * DAY, ("a rescisão",)),
        (given(10, None, None), TODAY + 65 * DAY, ("a suspensão", "a rescisão")),
        (given(40, None, None), TODAY + 60 * DAY, ("a suspensão", "a rescisão")),
    ],
)
def test_from_when(
    case: Given, opens_on: date | None, lacking: tuple[str, ...], branch: Branch, manager: User
) -> None:
    debt = make(case, branch, manager)
    found = standing(debt)
    assert (found.opens_on, found.lacking) == (opens_on, lacking)
    telecom = [f for f in evaluate([debt.pk])[debt.pk] if f.rule.code.startswith("telecom.")]
    assert all(f.passed for f in telecom) is (not lacking)


def test_nothing_is_asked_where_the_rules_do_not_reach(debt: Receivable) -> None:
    assert standing(debt).telecom
    GeneralParameters.objects.create(pk=1, telecom_profile=False)
    assert not standing(debt).telecom


def test_the_dates_are_written_down(client: Client, debt: Receivable, operator: User) -> None:
    client.force_login(operator)
    url = reverse("contract_dates", args=[debt.contract_id])
    back = reverse("customer_evidence", args=[debt.customer_id])
    assert url in client.get(back).content.decode()
    answer = client.post(
        url,
        {
            "suspended_on": f"{ago(80):%d/%m/%Y}",
            "ended_on": "",
            "proximo": back,
        },
    )
    assert answer["Location"] == back
    debt.contract.refresh_from_db()
    assert (debt.contract.suspended_on, debt.contract.ended_on) == (ago(80), None)
    text = client.get(back).content.decode()
    assert "faltam" not in text
    assert "falta a rescisão" in text


def test_who_wrote_the_dates_is_kept_for_good(
    client: Client, debt: Receivable, operator: User, manager: User
) -> None:
    contract = debt.contract
    first = {"suspended_on": ago(80), "ended_on": contract.ended_on}
    before = contract.suspended_on
    contract_dates_set(contract=contract, actor=operator, **first)
    contract_dates_set(contract=contract, actor=operator, **first)  # nothing new, nothing said
    contract_dates_set(contract=contract, actor=manager, suspended_on=ago(80), ended_on=None)
    kept = contract.dates_changes.values_list(
        "actor", "suspended_before", "suspended_on", "ended_before", "ended_on"
    )
    assert list(kept) == [
        (manager.pk, ago(80), ago(80), ago(10), None),
        (operator.pk, before, ago(80), ago(10), ago(10)),
    ]

    client.force_login(factories.user(Role.AUDIT))
    page = client.get(reverse("contract_dates", args=[contract.pk])).content.decode()
    rows = re.findall(r"<tr>.*?</tr>", page, re.S)
    lines = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert len(lines) == 3
    assert f"Rescisão: em branco antes: {ago(10):%d/%m/%Y} {manager.name}" in lines[1]
    assert f"Suspensão: {ago(80):%d/%m/%Y} antes: {before:%d/%m/%Y} {operator.name}" in lines[2]
    assert "Salvar" not in page, "an auditor reads"

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        contract.dates_changes.update(actor=manager)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        contract.dates_changes.all().delete()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"suspended_on": TODAY + DAY}, "suspended_on"),
        ({"ended_on": TODAY + DAY}, "ended_on"),
        ({"suspended_on": ago(901)}, "suspended_on"),
        ({"suspended_on": ago(5), "ended_on": ago(6)}, "ended_on"),
        ({"suspended_on": date(1900, 1, 1)}, "suspended_on"),
    ],
)
def test_dates_that_cannot_be(
    client: Client, debt: Receivable, operator: User, changes: dict[str, date], field: str
) -> None:
    values: dict[str, Any] = {"suspended_on": ago(85), "ended_on": ago(10), **changes}
    with pytest.raises(ValidationError) as caught:
        contract_dates_set(contract=debt.contract, actor=operator, **values)
    assert list(caught.value.message_dict) == [field]
    client.force_login(operator)
    url = reverse("contract_dates", args=[debt.contract_id])
    answer = client.post(url, {name: f"{day:%d/%m/%Y}" for name, day in values.items()})
    assert list(answer.context["form"].errors) == [field]
    debt.contract.refresh_from_db()
    assert debt.contract.suspended_on == ago(85)


def test_who_may(client: Client, debt: Receivable, attendant: User, outsider: User) -> None:
    url = reverse("contract_dates", args=[debt.contract_id])
    audit = factories.user(Role.AUDIT)
    for actor, seen, status in ((attendant, 403, 403), (audit, 200, 403), (outsider, 404, 404)):
        client.force_login(actor)
        assert client.get(url).status_code == seen
        assert client.post(url, {}).status_code == status
        with pytest.raises(NotAllowed):
            contract_dates_set(
                contract=debt.contract, actor=actor, suspended_on=None, ended_on=None
            )
    debt.contract.refresh_from_db()
    assert debt.contract.ended_on == ago(10)
