"""The whole of it: build, let chaos rage, let it settle, compare."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from regua.integrations.models import BureauCall, Integration
from regua.project.postgres import Cluster
from regua.restrictions.choices import FINAL, Status
from regua.restrictions.models import Restriction
from tests.chaos import stage as staging
from tests.chaos.ledgers import Findings, compare
from tests.chaos.people import People, surely
from tests.chaos.stage import Stage, Wish
from tests.chaos.trouble import WANTED, Faults, Monkey, Workers
from tests.processes.running import running_web
from tests.sandbox.server import Sandbox, running_sandbox

ENOUGH = 0.97
"""Chaos rages until this share of the work is done; the rest finds a calm bureau."""
PATIENCE = 120.0
"""Seconds without progress, where all has long been due, until the work counts as stuck."""
LONGEST_WAIT = 1200.0
"""The same where something is due later: a sender may wait a quarter of an hour."""


class Stalled(Exception):
    """Nothing moves any more."""


def run(cluster: Cluster, *, count: int, seed: int, logs: Path | None) -> int:
    say(f"n={count} seed={seed}")
    if logs:
        logs.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    options = {"day_seconds": 0.05, "tick_seconds": 0.05, "surprises": 0.06, "seed": seed}
    with running_sandbox(**options) as sandbox, running_web(300) as (web, url):
        stage = staging.build(sandbox, count=count, seed=seed)
        for integration in Integration.objects.all():
            address = f"{url}/webhooks/biro/{integration.webhook_id}"
            sandbox.set_webhook(address, stage.accounts[integration.pk])
        sandbox.control("DELETE", "/chamadas")
        say(f"{count} debts of {len(stage.accounts)} branches")
        findings = _rage_and_settle(cluster, sandbox, stage, seed=seed, logs=logs)
        if logs:
            (logs / "web.log").write_text(web.log(), encoding="utf-8")
            (logs / "sandbox.log").write_text(sandbox.log(), encoding="utf-8")
    for name in ("doubled", "lost", "stuck", "disagree"):
        for sentence in getattr(findings, name)[:20]:
            say(f"{name}: {sentence}")
    print(findings.summary(count), flush=True)
    return 0 if findings.clean else 1


def _rage_and_settle(
    cluster: Cluster, sandbox: Sandbox, stage: Stage, *, seed: int, logs: Path | None
) -> Findings:
    began = time.monotonic()
    watch = Watch(stage)
    people, workers = People(stage), Workers(logs)
    monkey = Monkey(
        cluster=cluster,
        sandbox=sandbox,
        accounts=[*stage.accounts.values()],
        workers=workers,
        progress=lambda: watch.share,
        seed=seed,
    )
    faults = Faults(sandbox)

    def ledgers() -> Findings:
        theirs = {pk: sandbox.ledger(client_id=name) for pk, name in stage.accounts.items()}
        return surely(lambda: compare(people.asked, theirs, people.is_unwanted))

    findings = Findings()
    try:
        people.start()
        monkey.start()
        with _stalling():
            for _ in watch.until(lambda: watch.share >= ENOUGH and people.all_asked):
                _reraise(people.failure, monkey.failure)
        monkey.calm()
        faults.lift()
        raged = time.monotonic() - began
        say(f"the faults are lifted after {raged:.0f} s")
        with _stalling():
            for _ in watch.until(lambda: watch.rests and ledgers().clean):
                _reraise(people.failure, monkey.failure)
                workers.keep()
        people.leave()
        findings = ledgers()
    finally:
        monkey.calm()
        workers.stop()
    settled = time.monotonic() - began - raged
    _tell(faults, workers, monkey, people, sandbox)
    say(f"raged {raged:.0f} s, settled in {settled:.0f} s")
    return findings


def _reraise(*failures: BaseException | None) -> None:
    for failure in failures:
        if failure is not None:
            raise failure


@contextmanager
def _stalling() -> Iterator[None]:
    """What stands still is compared as it stands: the findings say what is wrong."""
    try:
        yield
    except Stalled as standstill:
        say(str(standstill))


class Watch:
    """How far the work has come, and whether it still moves."""

    def __init__(self, stage: Stage) -> None:
        self._expected = len(stage.wishes) + sum(w is not Wish.KEEP for w in stage.wishes.values())
        self.share = 0.0
        self.rests = False
        """Nothing waits for a sender."""

    def until(self, done: Callable[[], bool]) -> Iterator[None]:
        """Give the caller a turn now and then until it is done. Raises ``Stalled``."""
        seen: object = None
        moved = said = time.monotonic()
        while True:
            now = time.monotonic()
            state, due_in = surely(self._look)
            if state != seen:
                seen, moved = state, now
            stands = now - moved
            if stands > LONGEST_WAIT or (stands > PATIENCE and due_in < -PATIENCE):
                raise Stalled(f"nothing has moved for {stands:.0f} s")
            if now - said > 15:
                said = now
                say(f"{self.share:.0%} " + " ".join(f"{k}={n}" for k, n in self._counts.items()))
            yield
            if done():
                return
            time.sleep(1)

    def _look(self) -> tuple[object, float]:
        rows = Restriction.objects.all()
        self._counts = dict(rows.values_list("status").annotate(n=Count("pk")).order_by("status"))
        more = rows.aggregate(
            versions=Sum("bureau_version"),
            unknown=Count("pk", filter=Q(unknown=True)),
            due=Max("due_at"),
        )
        finished = sum(self._counts.get(s, 0) for s in (*FINAL, Status.REMOVAL_SENT))
        arrived = sum(self._counts.values()) - self._counts.get(Status.QUEUED, 0)
        self.share = (arrived + finished) / self._expected
        due = more.pop("due")
        self.rests = due is None
        due_in = (due - timezone.now()).total_seconds() if due else -PATIENCE - 1
        return (self._counts, more), due_in


def _tell(
    faults: Faults, workers: Workers, monkey: Monkey, people: People, sandbox: Sandbox
) -> None:
    for group, met in faults.met.items():
        calls = faults.calls[group]
        shares = ", ".join(f"{name} {n} ({n / max(calls, 1):.1%})" for name, n in met.items())
        say(f"{calls} {group}: {shares}")
    for name, least in WANTED.items():
        share = faults.met["writes"][name] / max(faults.calls["writes"], 1)
        if share < least:
            say(f"only {share:.1%} of the writes met “{name}”, meant were {least:.0%}")
    say(
        f"workers killed {workers.killed}, started without PostgreSQL {workers.turned_away},"
        f" ended by themselves {workers.ended};"
        f" tokens revoked {monkey.revoked}; PostgreSQL crashed {monkey.crashes} times"
    )
    say("people: " + ", ".join(f"{name} {n}" for name, n in people.done.items()))
    outcomes = BureauCall.objects.values_list("method", "outcome", "http_status")
    calls = Counter({row[:3]: row[3] for row in outcomes.annotate(n=Count("pk")).order_by()})
    say("calls: " + ", ".join(f"{' '.join(map(str, k))} {n}" for k, n in calls.most_common()))
    statuses = Restriction.objects.values_list("status").annotate(n=Count("pk"))
    say("listings: " + ", ".join(f"{status} {n}" for status, n in statuses.order_by("status")))
    if workers.said:
        say("errors that the workers logged: " + str(dict(workers.said.most_common())))


_began = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _began:7.1f} s  {text}", flush=True)
