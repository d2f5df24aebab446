"""What one inquiry costs us: the whole path against a bare call of the same client, same stub.

Ours is the intent with its job, the claim, the call with its log, the sealed report and the
settlement, on a durable PostgreSQL. The limit is the adapter alone, with a token in memory and no
log. They take turns, so that both see the same machine. The sandbox bureau is a process of its own.

Bounds: at most 4 ms above the bare call, median; every inquiry answered; one token for 50 callers
at once.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random
from typing import Any

from tests.sandbox.server import Sandbox, running_sandbox

from benchmarks._product import product
from benchmarks.frame import Outcome, Size

CALLERS = 50
ABOVE = 4.0
"""Milliseconds that one inquiry may cost above the bare call."""


def run(size: Size) -> Outcome:
    count = 300 if size == "small" else 3_000
    with product(), running_sandbox(day_seconds=3600) as sandbox:
        return _measure(sandbox, count)


def _measure(sandbox: Sandbox, count: int) -> Outcome:
    from regua.documents import generate
    from regua.inquiries.models import Inquiry
    from regua.inquiries.services import inquiries_drain, inquiry_request

    integration, actor = _installation(sandbox)
    random = Random(1)
    documents = [
        d for d in (generate.cpf(random).value for _ in range(3 * count + 20)) if d[6:9] > "020"
    ]  # nobody with a special behaviour

    tokens = _token_fetches(sandbox, integration)
    ours: list[float] = []
    bare: list[float] = []
    with _bare_client(sandbox) as client:
        from regua.bureaus.contract import InquiryRequest

        for turn in range(count + 10):
            document = documents[turn]
            _take_job()
            begun = time.perf_counter()
            inquiry_request(actor=actor, branch=integration.branch, document=document)
            inquiries_drain(integration.pk)
            middle = time.perf_counter()
            client.inquire(
                InquiryRequest(document=documents[-1 - turn], product="PF-BASICA", reference="x"),
                idempotency_key=f"bare-{turn}",
            )
            ended = time.perf_counter()
            if turn >= 10:  # the first ones warm both up
                ours.append((middle - begun) * 1000)
                bare.append((ended - middle) * 1000)
    mine, limit = statistics.median(ours), statistics.median(bare)
    above = statistics.median(a - b for a, b in zip(ours, bare, strict=True))
    outcome = Outcome(ours=mine, limit=limit, limit_name="bare call, ms", lower_is_better=True)
    outcome.rows = [
        ("limit: the adapter alone", f"{limit:.2f} ms"),
        ("one inquiry, whole path", f"{mine:.2f} ms"),
        ("above the bare call, median", f"{above:.2f} ms"),
        ("above it, 95th percentile", f"{_p95(ours) - _p95(bare):.2f} ms"),
        (f"tokens fetched by {CALLERS} callers at once", str(tokens)),
    ]
    outcome.facts = {"above_ms": f"{above:.2f}", "tokens": str(tokens)}
    outcome.require(above <= ABOVE, f"{above:.2f} ms above the bare call, bound {ABOVE}")
    outcome.require(tokens == 1, f"{tokens} tokens fetched, bound 1")
    answered = Inquiry.objects.filter(status="answered").count()
    outcome.require(answered == count + 10, f"{answered} answered of {count + 10}")
    return outcome


def _installation(sandbox: Sandbox) -> tuple[Any, Any]:
    from tests import factories

    from regua.accounts.permissions import Role
    from regua.inquiries.budget import budget_set
    from regua.inquiries.policy.services import policy_activate, policy_draft
    from regua.integrations.services import catalogue_sync, integration_create, integration_link

    branch = factories.branch()
    actor = factories.user(Role.ADMINISTRATOR)
    integration = integration_create(
        actor=actor,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        calls_per_second=1000,
    )
    integration_link(integration=integration, actor=actor)
    catalogue_sync(integration=integration, actor=actor)
    # As a branch that decides and saves: every answer is decided, every cost is kept in bounds.
    policy_activate(policy=policy_draft(branch=branch, actor=actor), actor=actor)
    budget_set(branch=branch, actor=actor, monthly=Decimal(1_000_000))
    return integration, actor


def _take_job() -> None:
    """What a worker would have done: no job waits, so that the next inquiry writes its own."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def _token_fetches(sandbox: Sandbox, integration: Any) -> int:
    """How many tokens 50 threads fetch that all find none."""
    from django.db import connection

    from regua.integrations import gateway
    from regua.integrations.models import Integration

    Integration.objects.update(token_sealed="", token_expires_at=None)
    sandbox.control("DELETE", "/chamadas")
    start = threading.Barrier(CALLERS)

    def call() -> None:
        start.wait()
        with gateway.line(integration, purpose="benchmark") as client:
            client.products()
        gateway.hang_up()
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(n for route, n in sandbox.calls().items() if "oauth" in route)


class _Memory:
    """A token store and journal that cost nothing."""

    def __init__(self) -> None:
        self.token: Any = None

    def get(self) -> Any:
        return self.token

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield

    def save(self, token: Any) -> None:
        self.token = token

    def invalidate(self, _token: Any) -> None:
        self.token = None

    def begin(self, _call: Any) -> None:
        return None

    def end(self, _handle: Any, _outcome: Any) -> None:
        return None


def _bare_client(sandbox: Sandbox) -> Any:
    from regua.bureaus import registry
    from regua.bureaus.connection import Connection
    from regua.bureaus.contract import Environment

    memory = _Memory()
    return registry.get("credito_na_medida").connect(
        Connection(
            base_url=sandbox.url,
            client_id=sandbox.client_id,
            client_secret=sandbox.client_secret,
            environment=Environment.PRODUCTION,
            tokens=memory,
            journal=memory,
        )
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
