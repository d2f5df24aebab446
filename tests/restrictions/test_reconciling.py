"""Both ledgers disagree in every way there is; they are compared, mended, and agree.

Against the real sandbox over real HTTP; the workers' functions are called in this process.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.contract import ListingRequest
from regua.integrations import gateway
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from regua.restrictions import reconciling
from regua.restrictions.choices import Source, Status
from regua.restrictions.corrections import correction_request
from regua.restrictions.history import debtor_snapshot
from regua.restrictions.ledger_choices import DifferenceKind, Remedy, RunState
from regua.restrictions.ledger_selectors import last_agreed_at
from regua.restrictions.models import Difference, LedgerLine, Reconciliation, Restriction
from regua.restrictions.reconciling import reconciliation_ask, reconciliation_run
from regua.restrictions.remedies import remedies_drain, remedy_ask
from regua.restrictions.sender import listing_request, restrictions_drain
from regua.restrictions.services import restriction_request
from regua.restrictions.sync import restrictions_sync
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
K = DifferenceKind


def compare(integration: Integration, actor: User) -> Reconciliation:
    reconciliation_ask(integration=integration, actor=actor)
    run = reconciliation_run(integration.pk)
    assert run is not None
    assert run.state == RunState.DONE, run.problem
    assert not LedgerLine.objects.exists(), "lines that name people were left"
    return run


def found(run: Reconciliation) -> list[tuple[str, str]]:
    return sorted(Difference.objects.filter(run=run).values_list("kind", "protocol"))


def remedy(run: Reconciliation, kind: DifferenceKind, what: Remedy, actor: User) -> Difference:
    ids = [row.pk for row in run.differences.filter(kind=kind)]
    assert remedy_ask(integration=run.integration, actor=actor, ids=ids, remedy=what) == len(ids)
    assert remedies_drain(run.integration_id) == len(ids)
    return run.differences.filter(kind=kind).get()


@pytest.fixture
def active(
    integration: Integration, branch: Branch, operator: User
) -> Callable[[int], list[Restriction]]:
    """So many listings of ours that both ledgers agree are active."""

    def make(number: int) -> list[Restriction]:
        rows = [
            restriction_request(
                receivable=factories.receivable(factories.customer(branch)), actor=operator
            )
            for _ in range(number)
        ]
        restrictions_drain(integration.pk)
        deadline = time.monotonic() + 20
        mine = Restriction.objects.filter(pk__in=[row.pk for row in rows])
        while mine.filter(status=Status.ACTIVE).count() < number:
            assert time.monotonic() < deadline
            restrictions_sync(integration=integration)
        return list(mine.order_by("pk"))

    return make


def list_elsewhere(
    integration: Integration, receivable: Receivable, sandbox: Sandbox, **changes: Any
) -> str:
    """Somebody lists a debt at the bureau without us; the protocol."""
    unsaved = Restriction(
        integration=integration,
        branch=receivable.branch,
        idempotency_key=uuid.uuid4(),
        restriction_code="TI",
        contract_number=receivable.contract.number,
        our_number=receivable.our_number,
        amount=receivable.amount,
        due_date=receivable.due_date,
        debtor=debtor_snapshot(receivable.customer),
    )
    request = listing_request(unsaved, creditor_document=receivable.branch.document)
    fields = {name: getattr(request, name) for name in ListingRequest.__dataclass_fields__}
    with gateway.line(integration, purpose="test") as client:
        sent = client.list_debt(
            ListingRequest(**{**fields, **changes}), idempotency_key=str(uuid.uuid4())
        )
    sandbox.force(sent.protocol, "ATIVA")
    return sent.protocol


def test_ledgers_that_agree(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
) -> None:
    active(3)
    run = compare(integration, operator)
    assert found(run) == []
    assert (run.read, run.ours) == (3, 3)
    assert last_agreed_at(integration) == run.finished_at


def test_listed_only_there_is_adopted(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    debt = factories.receivable(factories.customer(branch))
    protocol = list_elsewhere(integration, debt, sandbox)
    run = compare(integration, operator)
    assert found(run) == [(K.ONLY_THEIRS, protocol)]
    row = run.differences.get()
    assert row.receivable_id == debt.pk
    assert debt.customer.document not in row.document
    assert row.document.strip("*") != ""

    done = remedy(run, K.ONLY_THEIRS, Remedy.ADOPT, operator)
    assert done.done_at, done.result
    adopted = Restriction.objects.get()
    assert (adopted.status, adopted.protocol, adopted.receivable_id) == (
        Status.ACTIVE,
        protocol,
        debt.pk,
    )
    event = adopted.events.get()
    assert (event.source, event.actor) == (Source.RECONCILE, operator)
    assert done.restriction_id == adopted.pk
    assert found(compare(integration, operator)) == []
    # It is a listing like any other: the bureau's news reach it.
    sandbox.force(protocol, "BAIXADA", codigo_baixa="96")
    restrictions_sync(integration=integration)
    adopted.refresh_from_db()
    assert adopted.status == Status.REMOVED


def test_listed_only_there_is_adopted_and_taken_off(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    debt = factories.receivable(factories.customer(branch))
    protocol = list_elsewhere(integration, debt, sandbox)
    run = compare(integration, operator)
    done = remedy(run, K.ONLY_THEIRS, Remedy.ADOPT_REMOVE, operator)
    assert done.done_at, done.result
    assert Restriction.objects.get().status == Status.REMOVAL_QUEUED
    assert found(compare(integration, operator)) == [], "on its way, no difference"
    restrictions_drain(integration.pk)
    assert sandbox.ledger()[0]["protocolo"] == protocol
    assert sandbox.ledger()[0]["situacao"] in ("BAIXA_RECEBIDA", "BAIXADA")


def test_listed_only_there_for_no_debt_of_ours_is_marked_as_seen(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    debt = factories.receivable(factories.customer(branch))
    protocol = list_elsewhere(integration, debt, sandbox, contract="DEOUTROSISTEMA")
    run = compare(integration, operator)
    ids = [run.differences.get().pk]
    adopt = remedy_ask(integration=integration, actor=operator, ids=ids, remedy=Remedy.ADOPT)
    assert adopt == 0, "there is nothing to adopt it for"
    assert remedy(run, K.ONLY_THEIRS, Remedy.REVIEW, operator).done_at
    assert found(compare(integration, operator)) == []
    # Seen as it was; not as it becomes.
    sandbox.force(protocol, "COMUNICADO_ENVIADO")
    assert found(compare(integration, operator)) == [(K.ONLY_THEIRS, protocol)]


def test_ended_here_and_listed_there_is_adopted_anew(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
) -> None:
    (ours,) = active(1)
    Restriction.objects.filter(pk=ours.pk).update(
        status=Status.REMOVED, removed_on=timezone.localdate()
    )
    run = compare(integration, operator)
    assert found(run) == [(K.ONLY_THEIRS, ours.protocol)]
    done = remedy(run, K.ONLY_THEIRS, Remedy.ADOPT, operator)
    assert done.done_at, done.result
    adopted = Restriction.objects.exclude(pk=ours.pk).get()
    assert (adopted.protocol, adopted.status) == (ours.protocol, Status.ACTIVE)
    assert f"nº {adopted.pk}" in ours.events.order_by("id").last().text
    assert found(compare(integration, operator)) == []


@pytest.mark.parametrize("what", [Remedy.CLOSE, Remedy.RELIST])
def test_known_only_here_is_ended_or_listed_again(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    sandbox: Sandbox,
    what: Remedy,
) -> None:
    ours, other = active(2)
    sandbox.reset()  # the bureau forgets both
    remember(integration, other, sandbox)
    run = compare(integration, operator)
    assert found(run) == [(K.ONLY_OURS, ours.protocol)]
    done = remedy(run, K.ONLY_OURS, what, operator)
    assert done.done_at, done.result
    ours.refresh_from_db()
    assert ours.status == Status.REMOVED
    last = ours.events.order_by("id").last()
    assert (last.source, last.actor) == (Source.RECONCILE, operator)
    if what is Remedy.RELIST:
        assert Restriction.objects.filter(receivable=ours.receivable).count() == 2
        restrictions_drain(integration.pk)
    assert found(compare(integration, operator)) == []


def remember(integration: Integration, ours: Restriction, sandbox: Sandbox) -> None:
    """Have the bureau list again what it forgot; ours follows its new protocol."""
    protocol = list_elsewhere(integration, ours.receivable, sandbox)
    line = next(line for line in sandbox.ledger() if line["protocolo"] == protocol)
    Restriction.objects.filter(pk=ours.pk).update(
        protocol=protocol, bureau_version=max(ours.bureau_version, line["versao"])
    )
    while line["versao"] < ours.bureau_version:
        line = sandbox.force(protocol, "ATIVA")


def test_another_status_there_is_accepted(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    sandbox: Sandbox,
) -> None:
    (ours,) = active(1)
    line = sandbox.force(ours.protocol, "BAIXADA", codigo_baixa="96")
    # We believe to know this very version, and yet show another status.
    Restriction.objects.filter(pk=ours.pk).update(bureau_version=line["versao"])
    run = compare(integration, operator)
    assert found(run) == [(K.STATUS, ours.protocol)]
    done = remedy(run, K.STATUS, Remedy.ACCEPT, operator)
    assert done.done_at, done.result
    ours.refresh_from_db()
    assert ours.status == Status.REMOVED
    assert ours.events.filter(source=Source.RECONCILE, actor=operator).exists()
    assert found(compare(integration, operator)) == []


def test_a_status_that_cannot_be_taken_over_is_marked_as_seen(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    sandbox: Sandbox,
) -> None:
    (ours,) = active(1)
    line = sandbox.force(ours.protocol, "COMUNICADO_ENVIADO")
    Restriction.objects.filter(pk=ours.pk).update(bureau_version=line["versao"])
    run = compare(integration, operator)
    ids = [run.differences.get().pk]
    assert not remedy_ask(integration=integration, actor=operator, ids=ids, remedy=Remedy.ACCEPT)
    remedy(run, K.STATUS, Remedy.REVIEW, operator)
    assert found(compare(integration, operator)) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (K.AMOUNT, {"amount": Decimal("999.10")}),
        (K.DUE_DATE, {"due_date": timezone.localdate()}),
    ],
)
def test_other_facts_there_are_taken_off(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    kind: DifferenceKind,
    change: dict[str, Any],
) -> None:
    ours, _ = active(2)
    Restriction.objects.filter(pk=ours.pk).update(**change)
    run = compare(integration, operator)
    assert found(run) == [(kind, ours.protocol)]
    # Data correction has no code of its own until somebody maps one.
    integration.reason_codes.filter(code="19").update(reason="data_correction")
    done = remedy(run, kind, Remedy.CORRECT, operator)
    assert done.done_at, done.result
    ours.refresh_from_db()
    assert ours.status == Status.REMOVAL_QUEUED
    restrictions_drain(integration.pk)
    assert found(compare(integration, operator)) == []


def test_a_correction_that_raises_the_amount_waits_for_another_person(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
) -> None:
    (ours,) = active(1)
    GeneralParameters.objects.create(pk=1, approval_amount=Decimal("150.00"))
    Receivable.objects.filter(pk=ours.receivable_id).update(amount=200, open_amount=200)
    Restriction.objects.filter(pk=ours.pk).update(amount=Decimal("120.00"))
    done = remedy(compare(integration, operator), K.AMOUNT, Remedy.CORRECT, operator)
    assert "espera a aprovação de outra pessoa" in done.result
    ours.refresh_from_db()
    assert ours.status == Status.ACTIVE
    assert ours.replacements.get().awaits_approval


def test_closing_one_lets_the_correction_that_waits_for_it_go(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
) -> None:
    (ours,) = active(1)
    payment_record(
        receivable=ours.receivable,
        actor=operator,
        amount=Decimal("100.00"),
        paid_on=ours.receivable.due_date,
    )
    waiting = correction_request(restriction=ours, actor=operator, kind="partial_payment")
    # The bureau took the removal and then lost the whole record.
    Restriction.objects.filter(pk=ours.pk).update(
        status=Status.REMOVAL_SENT, due_at=None, protocol="NPERDIDO"
    )
    run = compare(integration, operator)
    done = remedy(run, K.ONLY_OURS, Remedy.RELIST, operator)
    assert f"nº {waiting.pk}" in done.result
    waiting.refresh_from_db()
    assert (waiting.status, waiting.principal) == (Status.QUEUED, Decimal("29.90"))


def test_what_is_under_way_or_newer_here_is_no_difference(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
) -> None:
    flying, newer, settled = active(3)
    sandbox.add_faults(
        {"kind": "lost_answer", "method": "POST", "path": "/v1/negativacoes", "times": 1}
    )
    lost = restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )
    restrictions_drain(integration.pk)
    lost.refresh_from_db()
    assert lost.unknown, "the bureau has it, we cannot tell"
    Restriction.objects.filter(pk=newer.pk).update(bureau_version=10_000, amount=1)
    Restriction.objects.filter(pk=flying.pk).update(
        status=Status.REMOVAL_QUEUED, removal_code="01", due_at=timezone.now()
    )
    Restriction.objects.filter(pk=settled.pk).update(amount=2)
    assert found(compare(integration, operator)) == [(K.AMOUNT, settled.protocol)]


def test_a_remedy_looks_again_before_it_acts(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
) -> None:
    debt = factories.receivable(factories.customer(branch))
    protocol = list_elsewhere(integration, debt, sandbox)
    run = compare(integration, operator)
    sandbox.force(protocol, "BAIXADA", codigo_baixa="01")
    done = remedy(run, K.ONLY_THEIRS, Remedy.ADOPT, operator)
    assert "já não tem" in done.result
    assert not Restriction.objects.exists()


def test_a_bureau_that_fails_gives_the_remedies_back(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    for _ in range(3):
        list_elsewhere(integration, factories.receivable(factories.customer(branch)), sandbox)
    run = compare(integration, operator)
    ids = list(run.differences.values_list("pk", flat=True))
    remedy_ask(integration=integration, actor=operator, ids=ids, remedy=Remedy.ADOPT)
    sandbox.add_faults({"kind": "status", "status": 503, "method": "GET", "path": "/v1/"})
    assert remedies_drain(integration.pk) == 0
    rows = list(run.differences.all())
    assert all(row.remedy == "" and "Nada foi feito" in row.result for row in rows)
    sandbox.clear_faults()
    assert remedy_ask(integration=integration, actor=operator, ids=ids, remedy=Remedy.ADOPT) == 3
    assert remedies_drain(integration.pk) == 3
    assert Restriction.objects.filter(status=Status.ACTIVE).count() == 3


def test_a_run_that_fails_or_dies_goes_on_where_it_was(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    active(9)
    monkeypatch.setattr(reconciling, "PAGE", 3)
    reconciliation_ask(integration=integration, actor=operator)
    sandbox.add_faults(
        {"kind": "status", "status": 503, "path": "/v1/negativacoes", "skip": 1, "times": 9}
    )
    run = reconciliation_run(integration.pk)
    assert run is not None
    assert (run.state, run.failures) == (RunState.READING, 1)
    assert "problema interno" in run.problem
    staged = LedgerLine.objects.count()
    assert 0 < staged < 9
    sandbox.clear_faults()
    again = reconciliation_run(integration.pk)
    assert again is not None
    assert (again.pk, again.state, again.problem) == (run.pk, RunState.DONE, "")
    assert (again.read, found(again)) == (9, [])


def test_a_contract_that_is_pending_ends_the_run_with_a_sentence(
    integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults({"kind": "status", "status": 402, "path": "/v1/negativacoes"})
    reconciliation_ask(integration=integration, actor=operator)
    run = reconciliation_run(integration.pk)
    assert run is not None
    assert run.state == RunState.FAILED
    assert "saldo" in run.problem


def test_two_presses_make_one_run_and_two_workers_too(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    operator: User,
    sandbox: Sandbox,
) -> None:
    active(2)
    first = reconciliation_ask(integration=integration, actor=operator)
    assert reconciliation_ask(integration=integration, actor=operator) == first
    sandbox.add_faults({"kind": "latency", "seconds": 0.5, "path": "/v1/negativacoes", "times": 1})
    outcomes: list[Reconciliation | None] = []
    with workers(2, lambda: outcomes.append(reconciliation_run(integration.pk))):
        pass
    assert [run for run in outcomes if run] == [first]
    assert Reconciliation.objects.count() == 1


def test_a_sender_at_work_meanwhile_makes_no_difference(
    integration: Integration,
    active: Callable[[int], list[Restriction]],
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    active(6)
    monkeypatch.setattr(reconciling, "PAGE", 2)
    debts = [factories.receivable(factories.customer(branch)) for _ in range(10)]
    sandbox.add_faults({"kind": "latency", "seconds": 0.05, "method": "GET", "path": "/v1/"})

    def send() -> None:
        for debt in debts:
            restriction_request(receivable=debt, actor=operator)
            restrictions_drain(integration.pk)

    with workers(1, send):
        runs = [compare(integration, operator) for _ in range(3)]
    assert Restriction.objects.filter(status=Status.QUEUED).count() == 0
    assert [found(run) for run in runs] == [[], [], []]


@contextmanager
def workers(number: int, work: Callable[[], object]) -> Iterator[None]:
    failures: list[BaseException] = []

    def one() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            gateway.hang_up()
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_rights(
    integration: Integration,
    branch: Branch,
    attendant: User,
    outsider: User,
    operator: User,
    sandbox: Sandbox,
) -> None:
    for person in (attendant, outsider):
        with pytest.raises(PermissionDenied):
            reconciliation_ask(integration=integration, actor=person)
    list_elsewhere(integration, factories.receivable(factories.customer(branch)), sandbox)
    run = compare(integration, operator)
    for person in (attendant, outsider):
        with pytest.raises(PermissionDenied):
            remedy_ask(
                integration=integration,
                actor=person,
                ids=[run.differences.get().pk],
                remedy=Remedy.ADOPT,
            )
    assert run.differences.get().remedy == ""
