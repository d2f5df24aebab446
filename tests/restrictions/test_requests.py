"""Who may list and remove what, and every reason why not, without a bureau in sight."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import restrictions_visible
from regua.restrictions.services import removal_request, restriction_cancel, restriction_request
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owed(branch: Branch, integration: Integration) -> Receivable:
    return factories.receivable(factories.customer(branch))


def test_three_actors(
    owed: Receivable, manager: User, operator: User, attendant: User, outsider: User
) -> None:
    for nobody in (outsider, attendant):
        with pytest.raises(NotAllowed):
            restriction_request(receivable=owed, actor=nobody)
    row = restriction_request(receivable=owed, actor=operator)
    for nobody in (outsider, attendant):
        with pytest.raises(NotAllowed):
            restriction_cancel(restriction=row, actor=nobody)
        with pytest.raises(NotAllowed):
            removal_request(restriction=row, actor=nobody, reason="paid")
        assert not restrictions_visible(nobody).exists()
    assert restrictions_visible(manager).get() == row


def test_the_intent_and_its_sender_are_one_transaction(owed: Receivable, operator: User) -> None:
    row = restriction_request(receivable=owed, actor=operator)
    job = ProcrastinateJob.objects.get(task_name="restrictions.send", status="todo")
    assert job.args == {"integration_id": row.integration_id}
    assert job.queueing_lock == f"restrictions.send:{row.integration_id}"


def test_a_second_request_adds_no_second_job(
    owed: Receivable, branch: Branch, operator: User
) -> None:
    restriction_request(receivable=owed, actor=operator)
    another = factories.receivable(factories.customer(branch))
    restriction_request(receivable=another, actor=operator)
    assert ProcrastinateJob.objects.filter(task_name="restrictions.send").count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": "received", "open_amount": 0}, "não está em aberto"),
        ({"status": "cancelled"}, "não está em aberto"),
        ({"due_date": date(2999, 1, 1)}, "ainda não venceu"),
        ({"renegotiated": True}, "renegociado"),
        ({"disputed": True}, "contesta"),
        ({"awaiting_confirmation": True}, "aguardando confirmação"),
        ({"due_date": date(2015, 1, 1)}, "cinco anos"),
    ],
)
def test_debts_that_may_not_be_listed(
    change: dict[str, Any], sentence: str, owed: Receivable, operator: User
) -> None:
    Receivable.objects.filter(pk=owed.pk).update(**change)
    with pytest.raises(ValidationError, match=sentence):
        restriction_request(receivable=owed, actor=operator)
    assert not Restriction.objects.exists()
    assert not ProcrastinateJob.objects.filter(task_name="restrictions.send").exists()


def test_five_years_count_from_the_day_after_the_due_date(owed: Receivable, operator: User) -> None:
    today = timezone.localdate()
    limit = today.replace(year=today.year - 5) - timedelta(days=1)
    Receivable.objects.filter(pk=owed.pk).update(due_date=limit)
    with pytest.raises(ValidationError, match="cinco anos"):
        restriction_request(receivable=owed, actor=operator)
    Receivable.objects.filter(pk=owed.pk).update(due_date=limit + timedelta(days=1))
    with pytest.raises(ValidationError) as refused:
        restriction_request(receivable=owed, actor=operator)
    assert not any("mais de cinco anos" in sentence for sentence in refused.value.messages)


def test_the_bureau_takes_debts_up_to_four_years_and_eleven_months(
    owed: Receivable, operator: User
) -> None:
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::date - interval '59 months')::date", [today])
        (oldest,) = cursor.fetchone()
    Receivable.objects.filter(pk=owed.pk).update(due_date=oldest - timedelta(days=2))
    with pytest.raises(ValidationError, match="4 anos e 11 meses"):
        restriction_request(receivable=owed, actor=operator)
    Receivable.objects.filter(pk=owed.pk).update(due_date=oldest + timedelta(days=1))
    assert restriction_request(receivable=owed, actor=operator)


def test_every_missing_field_is_told_at_once(
    branch: Branch, owed: Receivable, operator: User
) -> None:
    customer = owed.customer
    customer.sex = customer.mobile = customer.complement = ""
    customer.birth_date = None
    customer.save()
    with pytest.raises(ValidationError) as caught:
        restriction_request(receivable=owed, actor=operator)
    assert len(caught.value.messages) == 4


def test_sex_and_birth_are_asked_of_people_only(
    integration: Integration, branch: Branch, operator: User
) -> None:
    company = factories.customer(branch, company=True)
    row = restriction_request(receivable=factories.receivable(company), actor=operator)
    assert (row.restriction_code, row.debtor["sex"]) == ("NF", None)


def test_a_minor_is_never_listed(integration: Integration, branch: Branch, operator: User) -> None:
    born = timezone.localdate() - timedelta(days=17 * 365)
    young = factories.customer(branch, birth_date=born)
    with pytest.raises(ValidationError, match="menor de 18"):
        restriction_request(receivable=factories.receivable(young), actor=operator)


def test_a_listed_debt_names_its_listing(owed: Receivable, operator: User) -> None:
    row = restriction_request(receivable=owed, actor=operator)
    with pytest.raises(ValidationError, match=f"negativação nº {row.pk}"):
        restriction_request(receivable=owed, actor=operator)


def test_two_people_at_once_make_one_listing(
    owed: Receivable, operator: User, manager: User
) -> None:
    start = Barrier(2)
    outcomes: list[object] = []

    def click(actor: User) -> None:
        try:
            start.wait()
            outcomes.append(restriction_request(receivable=owed, actor=actor))
        except ValidationError as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [Thread(target=click, args=[actor]) for actor in (operator, manager)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "NotListable",
        "Restriction",
    ]
    assert Restriction.objects.count() == 1


def test_a_branch_without_integration_says_where_to_make_one(
    other_branch: Branch, outsider: User
) -> None:
    debt = factories.receivable(factories.customer(other_branch))
    with pytest.raises(ValidationError, match="Integrações de Análise de Crédito"):
        restriction_request(receivable=debt, actor=outsider)


def test_an_unlinked_integration_says_where_to_link_it(
    integration: Integration, owed: Receivable, operator: User
) -> None:
    Integration.objects.update(linked_at=None)
    with pytest.raises(ValidationError, match="aba Integrações"):
        restriction_request(receivable=owed, actor=operator)


def test_a_code_the_bureau_dropped_is_not_used(
    integration: Integration, owed: Receivable, operator: User
) -> None:
    integration.reason_codes.filter(code="TI").update(gone_at=timezone.now())
    with pytest.raises(ValidationError, match="código de restrição"):
        restriction_request(receivable=owed, actor=operator)


def test_removal_needs_a_listing_at_the_bureau(owed: Receivable, operator: User) -> None:
    row = restriction_request(receivable=owed, actor=operator)
    with pytest.raises(ValidationError, match="Cancele o pedido"):
        removal_request(restriction=row, actor=operator, reason="paid")
    Restriction.objects.filter(pk=row.pk).update(
        status=Status.SENT, protocol="P", due_at=None, unknown=False
    )
    row.refresh_from_db()
    with pytest.raises(ValidationError, match="motivo"):
        removal_request(restriction=row, actor=operator, reason="porque sim")
    assert removal_request(restriction=row, actor=operator, reason="paid").removal_code == "01"
    with pytest.raises(ValidationError, match="já foi pedida"):
        removal_request(restriction=row, actor=operator, reason="paid")
