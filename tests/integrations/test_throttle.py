"""The turn of every call: the limit, the bureau's Retry-After and the breaker, shared by all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.errors import BureauError, TryLater
from regua.inquiries.budget import budget_set, standing
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiries_drain, inquiries_give_up, inquiry_request
from regua.integrations import gateway, outbox, senders, throttle
from regua.integrations.models import BureauCall, Integration, Throttle
from regua.integrations.services import connection_test, integration_update
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

DOWN = {"path": "/v1/", "kind": "status", "status": 503}


def call(integration: Integration, **more: Any) -> None:
    with gateway.line(integration, purpose="test", **more) as client:
        client.products()


def row(integration: Integration) -> Throttle:
    return Throttle.objects.get(integration=integration)


def break_down(integration: Integration, sandbox: Sandbox) -> None:
    """Open the breaker: the bureau fails, and the pause is a long one."""
    sandbox.add_faults(DOWN)
    for _ in range(throttle.FAILURES):
        with pytest.raises(TryLater, match="HTTP 503"):
            call(integration)
    assert row(integration).open_until is not None
    Throttle.objects.update(open_until=timezone.now() + timedelta(minutes=5))


def let_try(sandbox: Sandbox) -> None:
    """The pause is over, and the bureau is well again."""
    sandbox.clear_faults()
    Throttle.objects.update(open_until=timezone.now() - timedelta(seconds=1))


def all_calls(sandbox: Sandbox) -> int:
    return sum(sandbox.calls().values())


def at_once(number: int, work: Callable[[], Any]) -> list[BaseException]:
    """``work`` in so many threads that begin together; what they raised."""
    start = threading.Barrier(number)
    raised: list[BaseException] = []

    def one() -> None:
        try:
            start.wait()
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            gateway.hang_up()
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


# --- the limit ------------------------------------------------------------------------------------


def test_slots_are_evenly_apart_and_nothing_is_saved_up(integration: Integration) -> None:
    Throttle.objects.update(next_at=timezone.now() - timedelta(hours=1))
    apart = 1 / (2 * throttle.PACE)
    waits = [throttle._take(integration.pk, 2, forced=False) for _ in range(2)]
    first, second = (wait for wait, _ in waits if waits)  # type: ignore[misc]
    assert first <= 0, "an idle line is free at once"
    assert 0 < second <= apart
    [slot] = Throttle.objects.values_list("next_at", flat=True)
    assert slot - timezone.now() > timedelta(seconds=apart), "an idle hour gave no second call"


def test_callers_together_keep_to_the_limit(integration: Integration, sandbox: Sandbox) -> None:
    Integration.objects.update(calls_per_second=20)
    integration.refresh_from_db()
    before, began = all_calls(sandbox), time.monotonic()
    assert at_once(8, lambda: [call(integration) for _ in range(3)]) == []
    took = time.monotonic() - began
    made = all_calls(sandbox) - before
    assert made == 24
    assert took >= (made - 1) / 20, "more calls left than the limit allows"


def test_a_token_fetch_has_its_turn_too(integration: Integration, sandbox: Sandbox) -> None:
    Integration.objects.update(token_sealed="", token_expires_at=None)
    before, slot = all_calls(sandbox), row(integration).next_at
    integration.refresh_from_db()
    integration.calls_per_second = 4
    call(integration)
    assert all_calls(sandbox) - before == 2
    moved = row(integration).next_at - slot
    assert moved >= timedelta(seconds=2 / 4), "two calls, two slots"


def test_too_many_before_one_and_it_does_not_wait(integration: Integration) -> None:
    Throttle.objects.update(next_at=timezone.now() + timedelta(minutes=1))
    calls = BureauCall.objects.count()
    with pytest.raises(throttle.Held, match=r"1\.000 chamadas por segundo"):
        call(integration)
    assert BureauCall.objects.count() == calls, "what did not leave is in no log"


# --- Retry-After ----------------------------------------------------------------------------------


def test_nobody_calls_before_the_bureau_said(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"path": "/v1/produtos", "kind": "status", "status": 429, "retry_after": 300, "times": 1}
    )
    with pytest.raises(TryLater, match="esperar"):
        call(integration)
    debt = factories.receivable(factories.customer(branch))
    listing = restriction_request(receivable=debt, actor=operator)
    inquiry = inquiry_request(actor=operator, branch=branch, document=factories.ordinary_document())
    before = all_calls(sandbox)
    raised = at_once(4, lambda: call(integration))
    assert [type(error) for error in raised] == [throttle.Held] * 4
    assert "pediu para não ser chamado antes de" in str(raised[0])
    with pytest.raises(throttle.Held):  # a person's test waits as well
        call(integration, forced=True)
    assert restrictions_drain(integration.pk) == inquiries_drain(integration.pk) == 0
    assert all_calls(sandbox) == before
    for waiting in (listing, inquiry):
        waiting.refresh_from_db()
        assert (waiting.status, waiting.attempts, waiting.unknown) == ("queued", 0, False)
    assert outbox.integrations_due(Restriction) == []

    client = Client()
    client.force_login(operator)
    for page in (
        reverse("restriction_detail", args=[listing.pk]),
        reverse("restriction_list"),
        reverse("inquiry_detail", args=[inquiry.pk]),
    ):
        assert "O birô pediu para não ser chamado antes de" in client.get(page).content.decode()

    Throttle.objects.update(hold_until=timezone.now())
    assert outbox.integrations_due(Restriction) == [integration.pk]
    assert restrictions_drain(integration.pk) == inquiries_drain(integration.pk) == 1
    listing.refresh_from_db()
    assert listing.status == Status.SENT


def test_the_later_of_two_times_holds(integration: Integration, sandbox: Sandbox) -> None:
    throttle.told_to_wait(integration.pk, 600)
    until = row(integration).hold_until
    throttle.told_to_wait(integration.pk, 1)
    assert row(integration).hold_until == until


# --- the breaker ----------------------------------------------------------------------------------


def test_while_it_is_open_nothing_leaves_and_no_attempt_is_burnt(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    debt = factories.receivable(factories.customer(branch))
    listing = restriction_request(receivable=debt, actor=operator)
    inquiry = inquiry_request(actor=operator, branch=branch, document=factories.ordinary_document())
    before = all_calls(sandbox)
    assert restrictions_drain(integration.pk) == inquiries_drain(integration.pk) == 0
    with pytest.raises(throttle.Held, match="não está respondendo desde"):
        call(integration)
    assert all_calls(sandbox) == before
    for waiting in (listing, inquiry):
        waiting.refresh_from_db()
        assert (waiting.status, waiting.attempts, waiting.unknown) == ("queued", 0, False)

    client = Client()
    client.force_login(operator)
    page = client.get(reverse("restriction_detail", args=[listing.pk])).content.decode()
    assert "O birô não está respondendo desde" in page
    assert "tentamos de novo às" in page
    assert "o pedido espera na fila" in page
    page = client.get(reverse("inquiry_detail", args=[inquiry.pk])).content.decode()
    assert "O birô não está respondendo desde" in page
    assert "Nada foi cobrado." in page

    let_try(sandbox)
    assert restrictions_drain(integration.pk) == 1
    listing.refresh_from_db()
    assert (listing.status, listing.attempts) == (Status.SENT, 1)


def test_one_call_tries_and_its_answer_lets_all_others_go(
    integration: Integration, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    let_try(sandbox)
    sandbox.add_faults({"path": "/v1/produtos", "kind": "latency", "seconds": 1})
    before = all_calls(sandbox)
    raised = at_once(8, lambda: call(integration))
    assert [type(error) for error in raised] == [throttle.Held] * 7
    assert all_calls(sandbox) - before == 1
    closed = row(integration)
    assert (closed.failures, closed.failing_since, closed.open_until) == (0, None, None)
    sandbox.clear_faults()
    assert at_once(4, lambda: call(integration)) == []


def test_each_failed_try_doubles_the_pause(integration: Integration, sandbox: Sandbox) -> None:
    sandbox.add_faults(DOWN)
    pauses = []
    for _ in range(throttle.FAILURES + 2):
        Throttle.objects.filter(open_until__isnull=False).update(open_until=timezone.now())
        with pytest.raises(BureauError, match="HTTP 503"):
            call(integration)
        state = row(integration)
        pauses.append(2**state.openings if state.open_until else 0)
    assert pauses == [0, 0, 0, 0, 2, 4, 8]
    assert row(integration).failures == throttle.FAILURES + 2


def test_a_try_that_dies_leaves_the_next_one_to_another(
    integration: Integration, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    let_try(sandbox)
    assert throttle.turn(integration.pk, 1000) is True  # and its process is killed
    with pytest.raises(throttle.Held):
        call(integration)
    Throttle.objects.update(open_until=timezone.now() - timedelta(seconds=1))
    call(integration)
    assert row(integration).open_until is None


def test_a_token_alone_does_not_close_the_breaker(
    integration: Integration, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    Throttle.objects.update(open_until=timezone.now())
    Integration.objects.update(token_sealed="", token_expires_at=None)
    integration.refresh_from_db()
    before = all_calls(sandbox)
    with pytest.raises(BureauError, match="HTTP 503"):
        call(integration)
    assert all_calls(sandbox) - before == 2, "the token, and the call that it was for"
    state = row(integration)
    assert (state.failures, state.openings) == (throttle.FAILURES + 1, 2)


def test_refusals_are_answers(integration: Integration, sandbox: Sandbox) -> None:
    for status in (400, 404, 409, 422, 429) * 2:
        sandbox.add_faults({"path": "/v1/", "kind": "status", "status": status, "times": 1})
        with pytest.raises(BureauError):
            call(integration)
    assert row(integration).failures == 0


def test_failures_count_only_in_a_row(integration: Integration, sandbox: Sandbox) -> None:
    for _ in range(3):
        sandbox.add_faults(DOWN | {"times": throttle.FAILURES - 1})
        for _ in range(throttle.FAILURES - 1):
            with pytest.raises(BureauError):
                call(integration)
        call(integration)
    state = row(integration)
    assert (state.failures, state.openings, state.open_until) == (0, 0, None)


@pytest.mark.parametrize("kind", ["drop", "timeout"])
def test_no_answer_is_the_bureaus_failure(
    integration: Integration, sandbox: Sandbox, kind: str
) -> None:
    sandbox.add_faults({"path": "/v1/", "kind": kind, "times": 1, "seconds": 4})
    with pytest.raises(BureauError):
        call(integration)
    assert row(integration).failures == 1


def test_a_refused_connection_is_the_bureaus_failure(integration: Integration) -> None:
    Integration.objects.update(base_url="http://127.0.0.1:9")
    integration.refresh_from_db()
    with pytest.raises(TryLater):
        call(integration)
    assert row(integration).failures == 1


def test_a_person_may_try_an_open_breaker(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    until = row(integration).open_until
    assert "problema" in connection_test(integration=integration, actor=administrator).problem
    assert row(integration).open_until == until, "impatience does not lengthen the pause"
    sandbox.clear_faults()
    assert connection_test(integration=integration, actor=administrator).problem == ""
    assert row(integration).open_until is None


def test_whoever_mends_the_integration_need_not_wait(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    break_down(integration, sandbox)
    sandbox.clear_faults()
    integration_update(integration=integration, actor=administrator, base_url=sandbox.url)
    call(integration)
    assert row(integration).open_until is None


def test_a_claim_overtaken_by_the_breaker_is_given_back(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    inquiry_request(actor=operator, branch=branch, document=factories.ordinary_document())

    def overtaken(claim: outbox.Claim[Inquiry]) -> None:
        assert claim.row.unknown
        throttle.told_to_wait(integration.pk, 60)
        call(integration)

    senders.drain(Inquiry, integration.pk, overtaken)
    [inquiry] = Inquiry.objects.all()
    assert (inquiry.status, inquiry.attempts, inquiry.unknown) == ("queued", 0, False)
    assert inquiry.due_at is not None
    assert inquiry.due_at <= timezone.now()


def test_a_question_that_could_not_be_asked_in_ten_minutes_is_given_up_for_nothing(
    integration: Integration, branch: Branch, manager: User, sandbox: Sandbox
) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal(100))
    inquiry = inquiry_request(actor=manager, branch=branch, document=factories.ordinary_document())
    throttle.told_to_wait(integration.pk, 3600)
    inquiries_give_up()
    inquiry.refresh_from_db()
    assert inquiry.status == "queued", "it may wait a while"
    Inquiry.objects.update(requested_at=timezone.now() - timedelta(minutes=11))
    inquiries_give_up()
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.charge_unsure, inquiry.due_at) == ("refused", False, None)
    assert "Nada foi consultado nem cobrado" in inquiry.problem
    assert standing(branch).spent == 0


# --- the senders ----------------------------------------------------------------------------------


def test_a_sender_makes_room_for_a_job_that_waits(integration: Integration) -> None:
    turn = senders.Turn("restrictions.send:1")

    def look() -> bool:
        turn._next_look = 0
        return turn.is_over()

    assert not look()
    outbox.ask_for_sender("restrictions.send", 1)
    assert not look()
    assert not look(), "its own next turn is no reason"
    outbox.ask_for_sender("inquiries.send", integration.pk)
    assert not look(), "a worker may be about to take it"
    assert look()


def test_a_thread_that_breaks_stops_the_crew_and_is_told(
    integration: Integration, branch: Branch, operator: User
) -> None:
    for _ in range(3):
        inquiry_request(actor=operator, branch=branch, document=factories.ordinary_document())
    main = threading.get_ident()
    crew = senders.Crew()

    def handle(claim: outbox.Claim[Inquiry]) -> None:
        if threading.get_ident() != main:
            raise SystemExit("the helper is gone")
        crew.hire()
        while not crew.failure:
            time.sleep(0.01)

    with pytest.raises(SystemExit, match="the helper is gone"):
        senders.drain(Inquiry, integration.pk, handle, crew=crew)
    assert Inquiry.objects.filter(attempts=0).count() == 1


# --- on screen ------------------------------------------------------------------------------------


def test_the_state_panel_tells_the_limit_and_the_breaker(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    client = Client()
    client.force_login(administrator)
    address = reverse("integration_detail", args=[integration.pk])
    page = client.get(address).content.decode()
    assert "1.000 chamadas por segundo" in page
    assert "Disjuntor" in page
    assert "As chamadas a este birô esperam" not in page
    break_down(integration, sandbox)
    page = client.get(address).content.decode()
    assert "As chamadas a este birô esperam" in page
    assert "O birô não está respondendo desde" in page


@pytest.mark.parametrize(
    ("typed", "kept", "said"),
    [
        ("25", 25, ""),
        ("1.000", 1000, ""),
        ("", 10, ""),
        ("0", 1000, "O menor limite é 1"),
        ("-3", 1000, "O menor limite é 1"),
        ("1001", 1000, "O maior limite é 1.000"),
        ("99999999999999999999", 1000, "O maior limite é 1.000"),
        ("2,5", 1000, "número inteiro de 1 a 1.000"),
        ("dez", 1000, "número inteiro de 1 a 1.000"),
    ],
)
def test_the_limit_is_a_field_of_the_form(
    integration: Integration, administrator: User, typed: str, kept: int, said: str
) -> None:
    client = Client()
    client.force_login(administrator)
    address = reverse("integration_detail", args=[integration.pk])
    answer = client.post(
        address,
        {
            "environment": "production",
            "base_url": integration.base_url,
            "client_id": "regua-demo",
            "automatic": "nao",
            "calls_per_second": typed,
        },
    )
    integration.refresh_from_db()
    assert integration.calls_per_second == kept
    assert (answer.status_code == 302) is not bool(said)
    assert said in answer.content.decode()
