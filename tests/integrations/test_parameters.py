"""*Parâmetros gerais*: who may, what is refused, what is kept of each change."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.parameters import parameters_update
from regua.organization.models import GeneralParameters, ParameterChange
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("parameters_general")
TYPED = {"credit_analysis": "sim", "inquiry_interval_days": "30", "report_retention_days": "1825"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_three_actors(manager: User, operator: User, outsider: User) -> None:
    for stranger in (operator, outsider):
        assert signed_in(stranger).get(PAGE).status_code == 403
        assert signed_in(stranger).post(PAGE, TYPED).status_code == 403
        with pytest.raises(NotAllowed, match="alterar os parâmetros gerais"):
            parameters_update(actor=stranger, inquiry_interval_days=30)
    audit = factories.user(Role.AUDIT)
    page = signed_in(audit).get(PAGE).content.decode()
    assert "Intervalo de dias para consultar o mesmo CPF/CNPJ" in page
    assert "Salvar" not in page
    assert signed_in(audit).post(PAGE, TYPED).status_code == 403
    assert GeneralParameters.current().inquiry_interval_days is None

    assert "Salvar" in signed_in(manager).get(PAGE).content.decode()
    assert signed_in(manager).post(PAGE, TYPED).status_code == 302
    assert GeneralParameters.current().inquiry_interval_days == 30


@pytest.mark.parametrize("field", ["inquiry_interval_days", "report_retention_days"])
@pytest.mark.parametrize("bad", ["0", "-1", "texto", "99999", "1,5", "9" * 5000, "1e3", "30\x00"])
def test_bad_input_is_said_and_changes_nothing(field: str, bad: str, manager: User) -> None:
    answer = signed_in(manager).post(PAGE, TYPED | {"credit_analysis": "nao", field: bad})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert GeneralParameters.current().credit_analysis
    assert not ParameterChange.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"report_retention_days": ""},
        {"credit_analysis": ""},
        {"credit_analysis": "talvez"},
    ],
)
def test_what_must_be_there(bad: dict[str, str], manager: User) -> None:
    answer = signed_in(manager).post(PAGE, TYPED | bad)
    assert list(answer.context["form"].errors) == list(bad)
    assert not ParameterChange.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"inquiry_interval_days": 0},
        {"inquiry_interval_days": 99999},
        {"report_retention_days": 0},
        {"report_retention_days": None},
    ],
)
def test_the_service_refuses_it_too(bad: dict[str, int | None], manager: User) -> None:
    with pytest.raises(ValidationError) as caught:
        parameters_update(actor=manager, credit_analysis=False, **bad)
    assert list(caught.value.message_dict) == list(bad)
    assert GeneralParameters.current().credit_analysis


def test_each_change_is_kept_with_who_made_it(manager: User, administrator: User) -> None:
    signed_in(manager).post(PAGE, TYPED)
    signed_in(manager).post(PAGE, TYPED)  # changes nothing
    signed_in(administrator).post(PAGE, TYPED | {"credit_analysis": "nao"})
    signed_in(administrator).post(PAGE, TYPED | {"inquiry_interval_days": ""})
    kept = [(c.name, c.before, c.after, c.actor) for c in ParameterChange.objects.order_by("id")]
    assert kept == [
        ("inquiry_interval_days", None, 30, manager),
        ("credit_analysis", True, False, administrator),
        ("credit_analysis", False, True, administrator),
        ("inquiry_interval_days", 30, None, administrator),
    ]
    page = signed_in(manager).get(PAGE).content.decode()
    for said in ("Últimas mudanças", administrator.name, "30 dias", "vazio", "Não"):
        assert said in page


def test_two_first_changes_at_once_are_both_kept(manager: User, administrator: User) -> None:
    start = Barrier(2)

    def save(actor: User, values: dict[str, int]) -> None:
        try:
            start.wait()
            parameters_update(actor=actor, **values)
        finally:
            connection.close()

    threads = [
        Thread(target=save, args=[manager, {"inquiry_interval_days": 30}]),
        Thread(target=save, args=[administrator, {"report_retention_days": 90}]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    current = GeneralParameters.current()
    assert (current.inquiry_interval_days, current.report_retention_days) == (30, 90)
    assert ParameterChange.objects.count() == 2
