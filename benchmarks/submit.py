"""How fast a worker submits listings to a bureau that answers in 200 ms and allows 50 calls/s.

Real ``regua worker`` processes on a durable PostgreSQL, and a bureau that is a process of its own
and notes when each call came. The limit is the bureau's; ours is the rate from the first listing to
the last, the start included.

Bounds: one worker reaches 95 % of the limit, for at most 5 ms of CPU per submission, ours and
PostgreSQL's together; with two workers no second, wherever it begins, sees more calls than allowed.
"""

from __future__ import annotations

import os
import time
import uuid
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.processes.running import Running, running_worker, workers_alive

from benchmarks._bureau import Bureau, Tally, running_bureau
from benchmarks._product import product
from benchmarks.frame import Outcome, Size

LIMIT = 50
LATENCY = 0.2
REACHED = 0.95
OWN = 5.0
"""Milliseconds of CPU per submission."""


def run(size: Size) -> Outcome:
    count = 850 if size == "small" else 5_000
    quiet = {"REGUA_SYNC_INTERVAL": "86400", "REGUA_ALLOW_PRIVATE_BUREAU": "true"}
    with product(**quiet), running_bureau(LATENCY) as bureau:
        template = _installation(bureau)
        with running_worker() as worker:
            _until(lambda: workers_alive() == 1, worker)
            began = _cpu(worker.process.pid)
            one = _submit(template, count, bureau, worker)
            spent = (_cpu(worker.process.pid) - began) * 1000 / count
            with running_worker() as other:
                _until(lambda: workers_alive() == 2, other)
                both = _submit(template, count // 3, bureau, other)
    return _outcome(count, one, spent, both)


def _outcome(count: int, one: Tally, spent: float, both: Tally) -> Outcome:
    rate = (one.listings - 1) / one.seconds
    outcome = Outcome(ours=rate, limit=LIMIT, limit_name="calls allowed, per second")
    outcome.rows = [
        ("limit: calls the bureau allows", f"{LIMIT} /s"),
        (f"one worker, {count} submissions at {LATENCY * 1000:.0f} ms", f"{rate:.2f} /s"),
        ("most calls in any second, one worker", str(one.most_in_a_second)),
        ("most calls in any second, two workers", str(both.most_in_a_second)),
        ("two workers", f"{(both.listings - 1) / both.seconds:.2f} /s"),
        ("CPU per submission, worker and PostgreSQL", f"{spent:.2f} ms"),
    ]
    outcome.facts = {
        "own_ms": f"{spent:.2f}",
        "most_in_a_second": str(max(one.most_in_a_second, both.most_in_a_second)),
    }
    outcome.require(rate >= REACHED * LIMIT, f"{rate:.2f}/s, bound {REACHED * LIMIT:.2f}")
    outcome.require(spent <= OWN, f"{spent:.2f} ms of CPU per submission, bound {OWN}")
    for name, seen in (("one worker", one), ("two workers", both)):
        most = seen.most_in_a_second
        outcome.require(most <= LIMIT, f"{name}: {most} calls within a second, bound {LIMIT}")
    outcome.require(one.listings == count, f"{one.listings} listings came, {count} were sent")
    return outcome


def _installation(bureau: Bureau) -> Any:
    """An integration with the bureau, and a listing of which ``_submit`` makes many."""
    from django.db import connection
    from django.utils import timezone
    from tests import factories

    from regua.accounts.permissions import Role
    from regua.integrations.models import Integration, ReasonCode
    from regua.integrations.services import integration_create, integration_link
    from regua.restrictions.services import restriction_cancel, restriction_request

    branch = factories.branch()
    actor = factories.user(Role.ADMINISTRATOR)
    integration = integration_create(
        actor=actor,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url=bureau.url,
        client_id="b",
        client_secret="b",
        restriction_code="TI",
        calls_per_second=LIMIT,
    )
    integration_link(integration=integration, actor=actor)
    ReasonCode.objects.create(
        integration=integration, kind="restriction", code="TI", description="Serviço"
    )
    Integration.objects.update(last_sync_at=timezone.now() + timedelta(days=1))
    receivable = factories.receivable(factories.customer(branch))
    template = restriction_request(receivable=receivable, actor=actor)
    restriction_cancel(restriction=copy(template), actor=actor)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    return template


def _submit(template: Any, count: int, bureau: Bureau, worker: Running) -> Tally:
    """Ask for ``count`` listings at once, and wait until none is left."""
    from django.db import transaction

    from regua.integrations.outbox import ask_for_sender
    from regua.restrictions.models import Restriction
    from regua.restrictions.services import SENDER

    debts = [_like(template.receivable, our_number=uuid.uuid4().hex[:20]) for _ in range(count)]
    bureau.tally()
    with transaction.atomic():
        made = type(template.receivable).objects.bulk_create(debts)
        Restriction.objects.bulk_create(
            _like(
                template,
                receivable=debt,
                our_number=debt.our_number,
                idempotency_key=uuid.uuid4(),
                removal_key=uuid.uuid4(),
            )
            for debt in made
        )
        ask_for_sender(SENDER, template.integration_id)
    _until(lambda: not Restriction.objects.filter(due_at__isnull=False).exists(), worker)
    unsent = Restriction.objects.exclude(status__in=["sent", "cancelled"])
    if left := unsent.values_list("problem", flat=True)[:1]:
        raise RuntimeError(f"not sent: {left[0]}")
    return bureau.tally()


def _like(row: Any, **changes: Any) -> Any:
    """Another row with the same values."""
    made = copy(row)
    made._state = copy(row._state)
    made._state.adding, made.pk = True, None
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _until(condition: Any, worker: Running) -> None:
    while not condition():
        if worker.process.poll() is not None:
            raise RuntimeError(worker.log())
        time.sleep(0.2)


def _cpu(worker: int) -> float:
    """Seconds of CPU that the worker and PostgreSQL have used, the latter's ended backends too."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = _stat(cursor.fetchone()[0])[1]
    ticks = sum(_stat(worker)[11:13])
    for process in Path("/proc").glob("[0-9]*"):
        try:
            values = _stat(int(process.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(process.name) == postmaster:
            ticks += sum(values[11:15])  # its own and that of the children it has buried
        elif values[1] == postmaster:
            ticks += sum(values[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[int]:
    """The numbers of ``/proc/PID/stat`` after the name and the state: the parent is at 1."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, after_name[1:])]
