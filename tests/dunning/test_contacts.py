"""The worklist: who is on it, what a contact leads to, and two people at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.calendar import business_day_after
from regua.dunning import jobs, worklist
from regua.dunning.choices import ContactKind, ContactResult, Stage
from regua.dunning.contacts import (
    LONGEST_PROMISE,
    WAITS,
    contact_record,
    promise_withdraw,
    task_assign,
    task_open,
    task_take,
    worklist_renew,
)
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import (
    DunningContact,
    DunningEntry,
    DunningParameters,
    DunningPolicy,
    DunningTask,
)
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Impediment, Receivable
from regua.receivables.services import payment_record
from regua.restrictions.midlife import decide_by
from tests import factories
from tests.dunning.conftest import executed

pytestmark = pytest.mark.django_db

R = ContactResult


@pytest.fixture
def debtor(branch: Branch) -> Customer:
    customer = factories.customer(branch, email="maria@exemplo.test")
    factories.receivable(customer, days_overdue=30)
    return customer


def record(customer: Customer, actor: User, result: str, **fields: Any) -> DunningContact:
    fields.setdefault("kind", ContactKind.PHONE)
    return contact_record(customer=customer, actor=actor, result=result, **fields)


def put(customer: Customer, *, days_ago: int = 0, to: User | None = None) -> DunningTask:
    return DunningTask.objects.create(
        customer=customer,
        branch=customer.branch,
        kind=ContactKind.PHONE,
        due_on=timezone.localdate() - timedelta(days=days_ago),
        assigned_to=to,
    )


def opened(customer: Customer) -> DunningTask:
    return DunningTask.objects.get(customer=customer, done_at=None)


def counts() -> tuple[int, int]:
    return DunningContact.objects.count(), DunningTask.objects.count()


# --- What a contact leads to --------------------------------------------------------------------


@pytest.mark.parametrize("result", list(WAITS))
def test_each_result_leads_to_its_next_day(debtor: Customer, operator: User, result: str) -> None:
    task = put(debtor)
    contact = record(debtor, operator, result, note="Falei com ela.")
    task.refresh_from_db()
    assert task.done_at is not None
    assert contact.task == task
    following = opened(debtor)
    today = timezone.localdate()
    assert following.due_on == business_day_after(today, WAITS[ContactResult(result)])
    assert following.due_on == contact.next_on
    assert following.assigned_to == operator
    assert following.kind == (ContactKind.EMAIL if result == R.WRONG_NUMBER else ContactKind.PHONE)


def test_the_next_day_is_the_persons_where_they_say_so(debtor: Customer, operator: User) -> None:
    day = timezone.localdate() + timedelta(days=12)
    assert record(debtor, operator, R.CALL_BACK, next_on=day).next_on == day
    assert opened(debtor).due_on == day


def test_it_stays_with_whom_it_was(debtor: Customer, operator: User, branch: Branch) -> None:
    keeper = factories.user(Role.COLLECTIONS, branch)
    put(debtor, to=keeper)
    record(debtor, operator, R.NO_ANSWER)
    assert opened(debtor).assigned_to == keeper


def test_a_promise_comes_back_the_day_after_it(debtor: Customer, operator: User) -> None:
    day = timezone.localdate() + timedelta(days=4)
    ignored = day + timedelta(days=30)
    contact = record(debtor, operator, R.PROMISE, promised_on=day, next_on=ignored)
    assert contact.promised_amount == Decimal("129.90"), "all that is overdue"
    assert opened(debtor).due_on == day + timedelta(days=1)


def test_a_contest_is_opened_for_the_debt_that_is_chosen(debtor: Customer, operator: User) -> None:
    debt = debtor.receivables.get()
    record(debtor, operator, R.DISPUTE, note="Diz que cancelou em março.", receivable=debt)
    contest = Impediment.objects.get(receivable=debt)
    assert contest.kind == Impediment.Kind.CONTEST
    assert contest.text == "Diz que cancelou em março."
    assert opened(debtor).due_on == decide_by(contest) + timedelta(days=1)
    with pytest.raises(ValidationError, match="já tem uma contestação"):
        record(debtor, operator, R.DISPUTE, note="De novo.", receivable=debt)
    assert counts() == (1, 1)


def test_the_right_number_is_kept_and_called_today(debtor: Customer, operator: User) -> None:
    record(debtor, operator, R.WRONG_NUMBER, mobile="11912345678")
    debtor.refresh_from_db()
    assert debtor.mobile == "11912345678"
    assert (opened(debtor).due_on, opened(debtor).kind) == (timezone.localdate(), "phone")


def test_who_owes_nothing_is_not_called_again(branch: Branch, operator: User) -> None:
    customer = factories.customer(branch)
    factories.receivable(customer, status="received", open_amount=0)
    put(customer)
    assert record(customer, operator, R.PAID).next_on is None
    assert not DunningTask.objects.filter(done_at=None).exists()


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"result": R.PROMISE}, "promised_on"),
        ({"result": R.PROMISE, "promised_on": -1}, "promised_on"),
        ({"result": R.PROMISE, "promised_on": LONGEST_PROMISE + 1}, "promised_on"),
        ({"result": R.PROMISE, "promised_on": 1, "promised_amount": Decimal(0)}, "promised_amount"),
        (
            {"result": R.PROMISE, "promised_on": 1, "promised_amount": Decimal(10) ** 12},
            "promised_amount",
        ),
        ({"result": R.CALL_BACK, "next_on": -1}, "next_on"),
        ({"result": R.CALL_BACK, "next_on": 366}, "next_on"),
        ({"result": "nada"}, "result"),
        ({"result": R.PAID, "kind": "fumaça"}, "kind"),
    ],
)
def test_what_cannot_be_is_refused_whole(
    debtor: Customer, operator: User, fields: dict[str, Any], where: str
) -> None:
    put(debtor)
    today = timezone.localdate()
    given = {
        name: today + timedelta(days=value) if name.endswith("_on") else value
        for name, value in fields.items()
    }
    with pytest.raises(ValidationError) as refused:
        record(debtor, operator, **given)
    assert list(refused.value.message_dict) == [where]
    assert counts() == (0, 1)
    assert opened(debtor)


def test_anothers_debt_is_not_contested(debtor: Customer, operator: User) -> None:
    other = factories.receivable(factories.customer(debtor.branch))
    with pytest.raises(ValidationError, match="outro cliente"):
        record(debtor, operator, R.DISPUTE, note="Não é meu.", receivable=other)
    assert not Impediment.objects.exists()


def test_only_who_may_and_only_there(
    debtor: Customer, operator: User, outsider: User, attendant: User
) -> None:
    task = put(debtor)
    contact = DunningContact.objects.create(
        customer=debtor,
        kind="phone",
        result="promise",
        promised_on=timezone.localdate(),
        actor=operator,
    )
    auditor = factories.user(Role.AUDIT)
    for person in (outsider, attendant, auditor):
        with pytest.raises(NotAllowed):
            record(debtor, person, R.NO_ANSWER)
        with pytest.raises(NotAllowed):
            promise_withdraw(contact=contact, actor=person)
        with pytest.raises(NotAllowed):
            task_assign(task=task, actor=person, to=person, seen=None)
        with pytest.raises(NotAllowed):
            task_open(
                customer=debtor, actor=person, kind="phone", due_on=timezone.localdate(), to=None
            )
    assert task_take(actor=outsider, branch_ids=[debtor.branch_id]) is None
    assert counts() == (1, 1)


# --- Twice and at once --------------------------------------------------------------------------


def test_a_second_click_writes_nothing(debtor: Customer, operator: User) -> None:
    put(debtor)
    record(debtor, operator, R.NO_ANSWER, after=0)
    with pytest.raises(ValidationError, match="contato mais novo"):
        record(debtor, operator, R.NO_ANSWER, after=0)
    assert counts() == (1, 2)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What each gave, or the error it raised."""
    barrier = Barrier(len(jobs))
    found: list[Any] = [None] * len(jobs)

    def run(place: int) -> None:
        barrier.wait()
        try:
            found[place] = jobs[place]()
        except ValidationError as error:
            found[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_operators_never_get_the_same(branch: Branch, operator: User) -> None:
    other = factories.user(Role.COLLECTIONS, branch)
    for days in range(12):
        customer = factories.customer(branch)
        factories.receivable(customer)
        put(customer, days_ago=days)

    def take(person: User) -> list[int]:
        taken = []
        while task := task_take(actor=person, branch_ids=[branch.pk]):
            taken.append(task.pk)
        return taken

    mine, theirs, more = at_once(
        lambda: take(operator), lambda: take(other), lambda: take(operator)
    )
    everything = [*mine, *theirs, *more]
    assert len(everything) == len(set(everything)) == 12


@pytest.mark.django_db(transaction=True)
def test_two_contacts_at_once_become_one(debtor: Customer, operator: User) -> None:
    put(debtor)
    found = at_once(*(lambda: record(debtor, operator, R.NO_ANSWER, after=0),) * 4)
    assert sorted(isinstance(one, ValidationError) for one in found) == [False, True, True, True]
    assert counts() == (1, 2)


@pytest.mark.django_db(transaction=True)
def test_a_run_at_the_same_time_leaves_one_open_task(
    branch: Branch, policy: DunningPolicy, debtor: Customer, operator: User
) -> None:
    executed(branch)
    assert opened(debtor).step is not None
    day = timezone.localdate() + timedelta(days=30)
    at_once(
        lambda: record(debtor, operator, R.CALL_BACK, next_on=day),
        lambda: executed(branch, timezone.localdate() + timedelta(days=15)),
    )
    assert opened(debtor).due_on == day, "the person's day, not the step's"


# --- Whose it is --------------------------------------------------------------------------------


def test_the_most_urgent_free_one_is_taken(
    branch: Branch, operator: User, other_branch: Branch
) -> None:
    debtors = [factories.customer(branch) for _ in range(4)]
    for customer in debtors:
        factories.receivable(customer)
    late, later, taken, future = debtors
    put(late, days_ago=5)
    put(later, days_ago=1)
    put(taken, days_ago=9, to=factories.user(Role.COLLECTIONS, branch))
    put(future, days_ago=-1)
    elsewhere = factories.customer(other_branch)
    factories.receivable(elsewhere)
    put(elsewhere, days_ago=30)
    branches = [branch.pk, other_branch.pk]
    got = [task_take(actor=operator, branch_ids=branches) for _ in range(3)]
    assert [task.customer if task else None for task in got] == [late, later, None]
    assert opened(late).assigned_to == operator
    manager = factories.user(Role.FINANCE_MANAGER)
    found = task_take(actor=manager, branch_ids=branches)
    assert found is not None
    assert found.customer == elsewhere


def test_who_need_not_be_called_is_passed_over(branch: Branch, operator: User) -> None:
    paid, contested, dead, owing = (factories.customer(branch) for _ in range(4))
    factories.receivable(paid, status="received", open_amount=0)
    factories.receivable(contested, disputed=True)
    factories.receivable(dead)
    Customer.objects.filter(pk=dead.pk).update(deceased_on=date(2026, 1, 2))
    factories.receivable(owing)
    for days, customer in enumerate((owing, dead, contested, paid)):
        put(customer, days_ago=days)
    found = task_take(actor=operator, branch_ids=[branch.pk])
    assert found is not None
    assert found.customer == owing
    assert opened(contested).due_on == timezone.localdate() + timedelta(days=1)
    assert opened(contested).assigned_to is None
    assert set(DunningTask.objects.filter(done_at=None).values_list("customer", flat=True)) == {
        contested.pk,
        owing.pk,
    }


def test_it_is_given_on_only_as_it_was_seen(
    debtor: Customer, operator: User, outsider: User, branch: Branch
) -> None:
    task = put(debtor)
    other = factories.user(Role.COLLECTIONS, branch, name="Célia")
    task_assign(task=task, actor=operator, to=other, seen=None)
    task_assign(task=task, actor=operator, to=other, seen=None)  # a second click
    with pytest.raises(ValidationError, match="agora está com Célia"):
        task_assign(task=task, actor=operator, to=operator, seen=None)
    with pytest.raises(ValidationError, match="não registra contatos desta filial"):
        task_assign(task=task, actor=operator, to=outsider, seen=other.pk)
    task_assign(task=task, actor=operator, to=None, seen=other.pk)
    assert opened(debtor).assigned_to is None
    record(debtor, operator, R.NO_ANSWER)
    with pytest.raises(ValidationError, match="já foi feito"):
        task_assign(task=task, actor=operator, to=operator, seen=None)


def test_by_hand_once_and_only_who_owes(debtor: Customer, operator: User, branch: Branch) -> None:
    today = timezone.localdate()
    values: dict[str, Any] = {"actor": operator, "kind": "visit", "due_on": today, "to": None}
    assert task_open(customer=debtor, **values).assigned_to is None
    with pytest.raises(ValidationError, match="já está na rotina"):
        task_open(customer=debtor, **values)
    with pytest.raises(ValidationError, match="nada vencido"):
        task_open(customer=factories.customer(branch), **values)
    with pytest.raises(ValidationError, match="entre hoje"):
        task_open(customer=debtor, **(values | {"due_on": today - timedelta(days=1)}))


# --- Promises and the régua ---------------------------------------------------------------------


def stages(customer: Customer) -> list[str]:
    entries = DunningEntry.objects.filter(receivable__customer=customer)
    return [entry.stage for entry in entries.order_by("pk")]


def test_a_promise_suspends_the_steps_until_its_day_and_not_after(
    branch: Branch, policy: DunningPolicy, operator: User
) -> None:
    customer = factories.customer(branch, email="maria@exemplo.test")
    factories.receivable(customer, days_overdue=5)
    today = timezone.localdate()
    until = today + timedelta(days=3)
    record(customer, operator, R.PROMISE, promised_on=until)
    executed(branch, today)
    executed(branch, until)
    assert stages(customer) == []
    executed(branch, until + timedelta(days=1))
    assert stages(customer) == [Stage.NOTICE]


def test_a_withdrawn_promise_suspends_nothing(
    branch: Branch, policy: DunningPolicy, operator: User
) -> None:
    customer = factories.customer(branch, email="maria@exemplo.test")
    factories.receivable(customer, days_overdue=5)
    today = timezone.localdate()
    contact = record(customer, operator, R.PROMISE, promised_on=today + timedelta(days=9))
    promise_withdraw(contact=contact, actor=operator)
    assert opened(customer).due_on == today
    with pytest.raises(ValidationError, match="já foi desfeita"):
        promise_withdraw(contact=contact, actor=operator)
    executed(branch, today)
    assert stages(customer) == [Stage.NOTICE]


@pytest.mark.parametrize("result", [R.PROMISE, R.REFUSED])
def test_a_new_promise_or_a_refusal_ends_the_one_that_ran(
    debtor: Customer, operator: User, result: str
) -> None:
    today = timezone.localdate()
    first = record(debtor, operator, R.PROMISE, promised_on=today + timedelta(days=20))
    day = today + timedelta(days=2) if result == R.PROMISE else None
    record(debtor, operator, result, promised_on=day)
    first.refresh_from_db()
    assert first.withdrawn_at is not None


def test_a_broken_promise_comes_back_and_a_kept_one_does_not(
    branch: Branch, operator: User, manager: User
) -> None:
    today = timezone.localdate()
    broken, kept = (factories.customer(branch) for _ in range(2))
    for customer in (broken, kept):
        factories.receivable(customer)
        record(customer, operator, R.PROMISE, promised_on=today)
    payment_record(
        receivable=kept.receivables.get(), actor=manager, amount=Decimal("129.90"), paid_on=today
    )
    worklist_renew(today)
    assert opened(broken).due_on == today + timedelta(days=1), "not before its day has passed"
    DunningTask.objects.filter(customer=broken).update(done_at=timezone.now())
    tomorrow = today + timedelta(days=1)
    assert worklist_renew(tomorrow) == 1
    assert worklist_renew(tomorrow) == 0
    assert (opened(broken).due_on, opened(broken).assigned_to) == (tomorrow, operator)
    assert not DunningTask.objects.filter(customer=kept, done_at=None).exists()


def test_the_hourly_job_keeps_the_worklist(branch: Branch, operator: User) -> None:
    gone = factories.user(Role.COLLECTIONS, branch, is_active=False)
    paid, renegotiated, reminded, owing = (factories.customer(branch) for _ in range(4))
    factories.receivable(paid, status="received", open_amount=0)
    factories.receivable(paid, days_overdue=-20)
    factories.receivable(renegotiated, renegotiated=True)
    factories.receivable(owing)
    factories.receivable(reminded, days_overdue=-3)
    for customer in (paid, renegotiated, owing):
        put(customer, to=gone)
    task = put(reminded, to=operator)
    task.step = default_policy_create().steps.get(days=-3)
    task.save()
    jobs.worklist.func(timestamp=0)
    left = DunningTask.objects.filter(done_at=None).order_by("pk")
    assert [(task.customer, task.assigned_to) for task in left] == [
        (owing, None),
        (reminded, operator),
    ]


# --- Reading ------------------------------------------------------------------------------------


def test_what_operators_achieved(branch: Branch, operator: User, manager: User) -> None:
    today = timezone.localdate()
    kept, broken, running = (factories.customer(branch) for _ in range(3))
    for customer, day in ((kept, 1), (broken, 2), (running, 3)):
        factories.receivable(customer)
        record(customer, operator, R.PROMISE, promised_on=today + timedelta(days=day))
    yesterday = today - timedelta(days=1)
    DunningContact.objects.filter(customer=broken).update(
        promised_on=yesterday, at=timezone.now() - timedelta(days=1)
    )
    payment_record(
        receivable=kept.receivables.get(), actor=manager, amount=Decimal("129.90"), paid_on=today
    )
    record(running, manager, R.NO_ANSWER)
    rows = worklist.achieved(
        manager,
        since=yesterday,
        until=today,
        branch_ids=[branch.pk],
    )
    assert [(row.name, row.results) for row in rows] == [
        (operator.name, {"promise": 3}),
        (manager.name, {"no_answer": 1}),
    ]
    assert (rows[0].kept, rows[0].broken, rows[0].running) == (1, 1, 1)
    assert rows[0].promised == Decimal("389.70")


def test_the_left_bar_counts_what_is_due_and_mine_or_nobodys(
    branch: Branch, operator: User, other_branch: Branch, attendant: User
) -> None:
    other = factories.user(Role.COLLECTIONS, branch)
    for days, to in ((0, operator), (3, None), (0, other), (-1, operator)):
        put(factories.customer(branch), days_ago=days, to=to)
    put(factories.customer(other_branch))
    assert worklist.waiting_for(operator) == 2
    assert worklist.waiting_for(attendant) == 0


# --- The pages ----------------------------------------------------------------------------------


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_nothing_of_another_branch_is_seen_or_done(debtor: Customer, outsider: User) -> None:
    task = put(debtor)
    client = signed_in(outsider)
    assert debtor.name not in client.get(reverse("dunning_worklist") + "?quem=todas").text
    for name, pk in (("dunning_contact", debtor.pk), ("customer_dunning", debtor.pk)):
        assert client.get(reverse(name, args=[pk])).status_code == 404
        assert client.post(reverse(name, args=[pk])).status_code == 404
    assert client.post(reverse("dunning_task_assign", args=[task.pk])).status_code == 404
    assert counts() == (0, 1)


def test_who_may_not_see_it_is_told(debtor: Customer, attendant: User) -> None:
    client = signed_in(attendant)
    for url in (
        reverse("dunning_worklist"),
        reverse("dunning_worklist_results"),
        reverse("dunning_contact", args=[debtor.pk]),
        reverse("customer_dunning", args=[debtor.pk]),
    ):
        assert client.get(url).status_code == 403


def test_an_auditor_reads_and_records_nothing(debtor: Customer) -> None:
    put(debtor)
    client = signed_in(factories.user(Role.AUDIT))
    assert debtor.name in client.get(reverse("dunning_worklist")).text
    page = client.get(reverse("dunning_contact", args=[debtor.pk]))
    assert "O que aconteceu?" not in page.text
    assert client.post(reverse("dunning_contact", args=[debtor.pk])).status_code == 403
    assert client.post(reverse("dunning_worklist_next")).status_code == 403
    assert counts() == (0, 1)


def test_what_is_typed_wrongly_is_said_and_kept(debtor: Customer, operator: User) -> None:
    task = put(debtor)
    client = signed_in(operator)
    url = reverse("dunning_contact", args=[debtor.pk])
    good = {"kind": "phone", "result": "no_answer", "after": "0"}
    for wrong in (
        {"result": ""},
        {"result": "x" * 300},
        {"kind": "\x00"},
        {"after": "99999999999999999999999"},
        {"after": "um"},
        {"result": "promise"},
        {"result": "promise", "promised_on": "31/02/2026"},
        {"result": "promise", "promised_on": "01/01/0001"},
        {"result": "promise", "promised_on": "31/12/9999", "promised_amount": "1e9"},
        {"result": "dispute", "receivable": "99999999999999999999"},
        {"result": "wrong_number", "mobile": "123"},
        {"note": "\x00"},
        {"note": "x" * 2001},
        {"next_on": "ontem"},
    ):
        answer = client.post(url, good | wrong)
        assert answer.status_code == 200
        assert "Nada foi gravado" in answer.text, wrong
    for data in ({}, {"para": "9" * 30}, {"para": "x", "com": "²"}, {"com": "9" * 30}):
        client.post(reverse("dunning_task_assign", args=[task.pk]), data)
    for query in ("?quem=x", "?cursor=x", "?quem=todas&cursor=%00"):
        assert client.get(reverse("dunning_worklist") + query).status_code == 200
    for query in ("?de=x", "?de=01/01/0001", "?ate=31/12/9999", "?de=31/12/2999&ate=01/01/2000"):
        assert client.get(reverse("dunning_worklist_results") + query).status_code == 200
    assert counts() == (0, 1)
    assert opened(debtor).assigned_to is None
    answer = client.post(url, good | {"depois": "proxima"})
    assert answer["Location"] == reverse("dunning_worklist")
    assert counts() == (1, 2)


def test_outside_the_hours_the_page_warns_and_forbids_nothing(
    debtor: Customer, operator: User
) -> None:
    early = timezone.localtime().hour < 12
    opens, closes = (time(22), time(23)) if early else (time(0), time(0, 1))
    DunningParameters.objects.create(
        pk=1, opens_at=opens, closes_at=closes, saturday_closes_at=closes
    )
    client = signed_in(operator)
    url = reverse("dunning_contact", args=[debtor.pk])
    assert "fora do horário de cobrança" in client.get(url).text
    client.post(url, {"kind": "phone", "result": "no_answer", "after": "0"})
    assert counts() == (1, 1)


def test_a_longer_list_asks_no_more_of_the_database(branch: Branch, operator: User) -> None:
    factories.branch("Outra")
    person = factories.user(Role.COLLECTIONS)
    client = signed_in(person)
    asked = []
    for many in (1, 6):
        for _ in range(many):
            customer = factories.customer(branch)
            factories.receivable(customer)
            record(customer, person, R.NO_ANSWER)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("dunning_worklist"))
        asked.append(len(queries))
    assert page.text.count("data-arrow>") == 7
    assert asked[0] == asked[1]


def test_the_page_of_who_has_paid_takes_them_off(debtor: Customer, operator: User) -> None:
    put(debtor, to=operator)
    Receivable.objects.filter(customer=debtor).update(status="received", open_amount=0)
    client = signed_in(operator)
    assert debtor.name not in client.get(reverse("dunning_worklist")).text
    assert not DunningTask.objects.filter(done_at=None).exists()
    assert "Nada vencido" in client.get(reverse("dunning_contact", args=[debtor.pk])).text
