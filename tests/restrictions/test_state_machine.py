"""The life of a listing against a model of it: any order of what people, senders, the bureau and
lost answers can do, alone and two at once, over real HTTP."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from regua.accounts.models import User
from regua.bureaus.contract import ListingRecord
from regua.integrations import gateway
from regua.integrations.models import BureauCall, Integration, Throttle
from regua.integrations.services import catalogue_sync, integration_create, integration_link
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from regua.restrictions.choices import AT_BUREAU, FINAL, FROM_BUREAU, MOVES, Source, Status
from regua.restrictions.models import Restriction
from regua.restrictions.news import record_apply
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_cancel, restriction_request
from regua.restrictions.sync import restrictions_sync
from tests import factories
from tests.sandbox.server import Sandbox, running_sandbox

OURS = {
    "RECEBIDA": Status.SENT,
    "COMUNICADO_ENVIADO": Status.NOTIFIED,
    "ATIVA": Status.ACTIVE,
    "BAIXA_RECEBIDA": Status.REMOVAL_SENT,
    "BAIXADA": Status.REMOVED,
    "REJEITADA": Status.REFUSED,
}
"""Our status for the bureau's, written again here: the model shares nothing with what it tests."""
NEXT_AT_BUREAU = {
    "RECEBIDA": ["COMUNICADO_ENVIADO", "REJEITADA", "BAIXADA"],
    "COMUNICADO_ENVIADO": ["ATIVA", "REJEITADA", "BAIXADA"],
    "ATIVA": ["BAIXADA"],
    "BAIXA_RECEBIDA": ["BAIXADA"],
}
GONE = ("BAIXADA", "REJEITADA")
FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "lost": {"kind": "lost_answer"},
    "failed_after": {"kind": "status", "status": 503, "done": True},
    "failed_before": {"kind": "status", "status": 503},
    "busy": {"kind": "status", "status": 429, "retry_after": 1},
}
LEAVES_DOUBT = ("lost", "failed_after", "failed_before")
DONE_ALL_THE_SAME = ("none", "lost", "failed_after")


class Life(RuleBasedStateMachine):
    """One debt. ``ours`` is what our ledger must say, ``theirs`` what the bureau's does."""

    integration: ClassVar[Integration]
    operator: ClassVar[User]
    sandbox: ClassVar[Sandbox]

    def __init__(self) -> None:
        super().__init__()
        self.debt = factories.receivable(factories.customer(self.integration.branch))
        self.row: Restriction | None = None
        self.ours: Status | None = None
        self.theirs: str | None = None
        self.sure = True
        self.known = 0
        self.told: list[ListingRecord] = []
        """Everything the bureau ever said of the present listing, in its order."""

    # What people do

    @initialize()
    def begin(self) -> None:
        self.ask()

    @rule()
    def ask(self) -> None:
        allowed = (self.ours is None or self.ours in FINAL) and self.owed
        with _refused_unless(allowed):
            self.row = restriction_request(receivable=self.debt, actor=self.operator)
        if not allowed:
            return
        self.ours, self.theirs = Status.QUEUED, None
        self.sure, self.known, self.told = True, 0, []

    @precondition(lambda self: self.row)
    @rule()
    def withdraw(self) -> None:
        allowed = self.ours is Status.QUEUED and self.sure
        with _refused_unless(allowed):
            restriction_cancel(restriction=self.listing, actor=self.operator)
        if allowed:
            self.ours = Status.CANCELLED

    @precondition(lambda self: self.row)
    @rule()
    def ask_off(self) -> None:
        allowed = self.ours in AT_BUREAU
        with _refused_unless(allowed):
            removal_request(restriction=self.listing, actor=self.operator, reason="paid")
        if allowed:
            self.ours = Status.REMOVAL_QUEUED

    @precondition(lambda self: self.owed)
    @rule()
    def pay(self) -> None:
        payment_record(
            receivable=self.debt,
            actor=self.operator,
            amount=self.debt.open_amount,
            paid_on=timezone.localdate(),
        )

    # What the sender does

    @precondition(lambda self: self.row)
    @rule(fault=st.sampled_from(list(FAULTS)))
    def send(self, fault: str) -> None:
        self._send(fault)

    @precondition(lambda self: self.row and self.sure is False)
    @rule(fault=st.sampled_from(list(FAULTS)))
    def look_up(self, fault: str) -> None:
        self._send(fault)

    def _send(self, fault: str) -> None:
        self._drain(fault)
        if self.ours is Status.QUEUED:
            self._after_listing(fault)
        elif self.ours is Status.REMOVAL_QUEUED:
            self._after_removal(fault)
        self._hear()

    def _after_listing(self, fault: str) -> None:
        if not self.sure and self.theirs:
            self._learn()
        elif not self.owed:
            self.ours, self.sure = Status.CANCELLED, True
        else:
            if fault in DONE_ALL_THE_SAME:
                self.theirs = "RECEBIDA"
            if fault == "none":
                self.ours, self.sure = Status.SENT, True
            elif fault in LEAVES_DOUBT:
                self.sure = False

    def _after_removal(self, fault: str) -> None:
        assert self.theirs
        if not self.sure and self.theirs in ("BAIXA_RECEBIDA", "BAIXADA"):
            self._learn()
            return
        if fault in DONE_ALL_THE_SAME:
            taken = self.theirs not in GONE
            if taken:
                self.theirs = "BAIXA_RECEBIDA"
            if fault == "none" and taken:
                self.ours, self.sure = Status.REMOVAL_SENT, True
            elif fault == "none":
                self._learn()
        if fault in LEAVES_DOUBT:
            self.sure = False

    # What the bureau does, and how we hear of it

    @precondition(lambda self: self.theirs in NEXT_AT_BUREAU)
    @rule(choice=st.integers(0, 2))
    def bureau_moves(self, choice: int) -> None:
        assert self.theirs
        steps = NEXT_AT_BUREAU[self.theirs]
        self.theirs = steps[choice % len(steps)]
        more = {"codigo_baixa": "97"} if self.theirs == "BAIXADA" else {}
        self.sandbox.force(self._line()["protocolo"], self.theirs, **more)
        self._hear()

    @rule()
    def synchronise(self) -> None:
        self._sync()
        if self.theirs:
            self._learn()

    @precondition(lambda self: self.told)
    @rule(choice=st.integers(0, 30))
    def late_or_doubled_news(self, choice: int) -> None:
        record = self.told[choice % len(self.told)]
        news = record_apply(self.listing.pk, record, source=Source.WEBHOOK)
        assert news == (record.version > self.known)
        if news:
            self._learn(record)

    # Two at once: not a rule, because who wins is nobody's to say

    def at_once(self, pair: tuple[str, str]) -> None:
        acts: dict[str, Callable[[], object]] = {
            "drain": lambda: restrictions_drain(self.integration.pk),
            "drain_losing": lambda: restrictions_drain(self.integration.pk),
            "sync": self._sync,
            "off": lambda: removal_request(
                restriction=self.listing, actor=self.operator, reason="paid"
            ),
            "withdraw": lambda: restriction_cancel(restriction=self.listing, actor=self.operator),
            "ask": lambda: restriction_request(receivable=self.debt, actor=self.operator),
        }
        self._due()
        if "drain_losing" in pair:
            self._fault("lost")
        _at_once([acts[name] for name in pair])
        self._calm()

    def must_agree(self) -> None:
        """Once settled, both ledgers say the same of every listing of the debt."""
        for _ in range(3):
            self._drain("none")
            self._sync()
        rows = {str(row.idempotency_key): row for row in self.debt.restrictions.all()}
        lines = [x for x in self.sandbox.ledger() if x["nosso_numero"] == self.debt.our_number]
        for line in lines:
            row = rows.pop(line["referencia"])
            assert (row.status, row.unknown) == (OURS[line["situacao"]], False)
        assert {row.status for row in rows.values()} <= {Status.CANCELLED}
        assert sum(x["situacao"] not in GONE for x in lines) <= 1
        for row in self.debt.restrictions.all():
            _check_history(row)

    # What must hold after every step

    @invariant()
    def our_ledger_is_the_models(self) -> None:
        if self.row is None:
            return
        row = self.listing
        assert (row.status, row.unknown) == (self.ours, not self.sure)
        assert row.bureau_version == self.known

    @invariant()
    def the_bureau_has_it_once(self) -> None:
        if self.row is None:
            return
        lines = self._lines()
        assert [line["situacao"] for line in lines] == ([self.theirs] if self.theirs else [])
        debt = [x for x in self.sandbox.ledger() if x["nosso_numero"] == self.debt.our_number]
        assert sum(x["situacao"] not in GONE for x in debt) <= 1

    @invariant()
    def its_history_is_one_legal_walk(self) -> None:
        if self.row is None:
            return
        assert _check_history(self.row) == self.ours

    # Helpers

    @property
    def owed(self) -> bool:
        return Receivable.objects.get(pk=self.debt.pk).is_owed

    @property
    def listing(self) -> Restriction:
        assert self.row is not None
        return Restriction.objects.get(pk=self.row.pk)

    def teardown(self) -> None:
        """Out of the way of the next debt, which is to meet its faults alone."""
        later = timezone.now() + timedelta(days=1)
        self.debt.restrictions.filter(due_at__isnull=False).update(due_at=later)

    def _due(self) -> None:
        """As if whatever waits had waited long enough, and the last call been long ago."""
        self.debt.restrictions.filter(due_at__isnull=False).update(due_at=timezone.now())
        subjects = [f"restriction:{row.pk}" for row in self.debt.restrictions.all()]
        BureauCall.objects.filter(subject__in=subjects).update(
            started_at=timezone.now() - timedelta(hours=1)
        )

    def _drain(self, fault: str) -> None:
        self._due()
        self._fault(fault)
        restrictions_drain(self.integration.pk)
        self._calm()

    def _calm(self) -> None:
        """Faults are over, and what they did to the limit and the breaker that all share, too."""
        self.sandbox.clear_faults()
        Throttle.objects.update(
            hold_until=None, failures=0, failing_since=None, openings=0, open_until=None
        )

    def _fault(self, fault: str) -> None:
        if FAULTS[fault]:
            where = {"method": "POST", "path": "/v1/negativacoes", "times": 1}
            self.sandbox.add_faults({**FAULTS[fault], **where})

    def _sync(self) -> None:
        restrictions_sync(integration=Integration.objects.get(pk=self.integration.pk))

    def _lines(self) -> list[dict[str, Any]]:
        key = str(self.listing.idempotency_key)
        return [line for line in self.sandbox.ledger() if line["referencia"] == key]

    def _line(self) -> dict[str, Any]:
        [line] = self._lines()
        return line

    def _hear(self) -> None:
        """Keep what the bureau says now, to be told again later."""
        if self.theirs:
            protocol = self._line()["protocolo"]
            with gateway.line(self.integration, purpose="sync") as client:
                record = client.listing(protocol)
            if not self.told or record.version > self.told[-1].version:
                self.told.append(record)

    def _learn(self, record: ListingRecord | None = None) -> None:
        """The model's own news: only newer, only forward."""
        if record is None:
            version, target = int(self._line()["versao"]), OURS[str(self.theirs)]
        else:
            version, target = record.version, FROM_BUREAU[record.status]
        if version <= self.known:
            return
        self.known = version
        standing = target in (Status.SENT, Status.NOTIFIED, Status.ACTIVE)
        if self.ours is target or (self.ours is Status.REMOVAL_QUEUED and standing):
            return
        assert self.ours
        if target in MOVES[self.ours]:
            self.ours, self.sure = target, True


def _check_history(row: Restriction) -> str:
    """The events are one walk of legal moves; the status where it ends."""
    status = ""
    for event in row.events.order_by("pk"):
        if event.status_before:
            assert event.status_before == status
        if status and event.status != status:
            assert event.status in MOVES[Status(status)]
        status = event.status
    return status


def _refused_unless(allowed: bool) -> AbstractContextManager[object]:
    """What the model allows must pass, what it does not must be refused with a sentence."""
    return nullcontext() if allowed else pytest.raises(ValidationError)


def _at_once(acts: list[Callable[[], object]]) -> None:
    """Each in a thread; what the rules forbid at that moment is refused with a sentence."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            gate.wait()
            act()
        except ValidationError:
            pass
        except BaseException as error:
            wrong.append(error)
        finally:
            gateway.hang_up()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


@pytest.fixture(scope="module")
def still() -> Iterator[Sandbox]:
    """A bureau where nothing happens by itself: the model says when."""
    with running_sandbox(day_seconds=86400, moment_seconds=86400) as sandbox:
        yield sandbox


@pytest.fixture
def life(
    transactional_db: None,
    branch: Branch,
    operator: User,
    administrator: User,
    still: Sandbox,
    settings: Any,
) -> type[Life]:
    # What failed waits until the model says that it has waited long enough.
    settings.CONFIG = settings.CONFIG.model_copy(update={"retry_base": 600, "sender_lease": 600})
    still.reset()
    still.clear_faults()
    created = integration_create(
        actor=administrator,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url=still.url,
        client_id=still.client_id,
        client_secret=still.client_secret,
        restriction_code="TI",
        removal_code="01",
    )
    integration_link(integration=created, actor=administrator)
    catalogue_sync(integration=created, actor=administrator)
    created.refresh_from_db()
    Life.integration, Life.operator, Life.sandbox = created, operator, still
    return Life


def test_a_listing_lives_as_its_model(life: type[Life]) -> None:
    run_state_machine_as_test(
        life,
        settings=hypothesis_settings(
            max_examples=int(os.environ.get("REGUA_LIVES", "20")),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.parametrize("before", ["queued", "in doubt", "sent", "removal queued"])
def test_two_at_once_leave_both_ledgers_alike(life: type[Life], before: str) -> None:
    acts = ["drain", "drain_losing", "sync", "off", "withdraw", "ask"]
    for pair in combinations_with_replacement(acts, 2):
        one = life()
        one.ask()
        if before == "in doubt":
            one.send("lost")
        elif before != "queued":
            one.send("none")
        if before == "removal queued":
            one.ask_off()
        one.at_once(pair)
        one.must_agree()
        one.teardown()


def test_a_debt_paid_in_doubt_is_not_asked_again(life: type[Life]) -> None:
    one = life()
    one.ask()
    one.send("failed_before")
    one.pay()
    one.send("none")
    assert (one.listing.status, one.listing.unknown) == (Status.CANCELLED, False)
    one.the_bureau_has_it_once()
