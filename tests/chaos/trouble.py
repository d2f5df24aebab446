"""What goes wrong: faults of the bureau, sudden deaths of workers, crashes of PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from regua.project.postgres import Cluster
from tests.processes.running import Running
from tests.sandbox.server import Sandbox

_LOST, _BROKEN, _BUSY, _SLOW = "answer lost", "5xx", "429", "time-out"
WANTED = {_LOST: 0.20, _BROKEN: 0.10, _BUSY: 0.05, _SLOW: 0.05}
"""The least share of all calls that change something at the bureau."""
_MARGIN = 1.25
"""Chance must not undercut those shares."""


def _faults(share: float) -> list[tuple[str, float, dict[str, Any]]]:
    """Name, share of all calls and rule of each fault; the shares are reached to ``share``."""
    broken = _MARGIN * WANTED[_BROKEN] / 4
    slow = _MARGIN * WANTED[_SLOW] / 2
    found: list[tuple[str, float, dict[str, Any]]] = [
        (_LOST, _MARGIN * WANTED[_LOST], {"kind": "lost_answer"}),
        (_BROKEN, broken, {"kind": "status", "status": 503, "done": True}),
        (_BROKEN, broken, {"kind": "status", "status": 500, "done": True}),
        (_BROKEN, broken, {"kind": "status", "status": 502}),
        (_BROKEN, broken, {"kind": "status", "status": 500}),
        (_BUSY, _MARGIN * WANTED[_BUSY], {"kind": "status", "status": 429, "retry_after": 1}),
        (_SLOW, slow, {"kind": "timeout", "done": True}),
        (_SLOW, slow, {"kind": "timeout"}),
        ("garbled answer", 0.01, {"kind": "garbled"}),
        ("call cut before it was heard", 0.01, {"kind": "drop"}),
    ]
    return [(name, wanted * share, rule) for name, wanted, rule in found]


class Faults:
    """The rules given to the sandbox, and how often each was met."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._names: list[tuple[str, str]] = []
        rules: list[dict[str, Any]] = []
        for group, method, path, share in (
            ("writes", "POST", "/v1/", 1.0),
            ("reads", "GET", "/v1/", 1.0),
            ("tokens", "POST", "/oauth/", 0.5),
        ):
            left = 1.0
            for name, wanted, rule in _faults(share):
                # A rule is only asked when those before it have let the call pass.
                rules.append({**rule, "method": method, "path": path, "probability": wanted / left})
                self._names.append((group, name))
                left -= wanted
        rules += [
            {"kind": "webhook_duplicate", "probability": 0.2},
            {"kind": "webhook_delay", "probability": 0.1, "seconds": 3},
            {"kind": "webhook_disorder", "probability": 0.2},
        ]
        self._names += [("webhooks", rule["kind"].removeprefix("webhook_")) for rule in rules[-3:]]
        sandbox.add_faults(*rules)

    def lift(self) -> None:
        """Take the faults away and keep what they did."""
        self.met: dict[str, Counter[str]] = {}
        self.calls: Counter[str] = Counter()
        for (group, name), rule in zip(self._names, self._sandbox.faults(), strict=True):
            self.met.setdefault(group, Counter())[name] += rule["hits"]
            self.calls[group] = max(self.calls[group], rule["seen"])
        self._sandbox.clear_faults()


class Workers:
    """Two workers that somebody starts again whenever they are gone."""

    def __init__(self, logs: Path | None) -> None:
        self._logs = logs
        self._running: list[Running] = []
        self._lock = threading.Lock()
        self.killed = 0
        self.turned_away = 0
        """Those that found no PostgreSQL when they started."""
        self.ended = 0
        """Those that ended by themselves otherwise: none should."""
        self.said: Counter[str] = Counter()
        """The kinds of error they logged."""

    def keep(self, count: int = 2) -> None:
        with self._lock:
            for worker in [w for w in self._running if w.process.poll() is not None]:
                turned_away = "O PostgreSQL não respondeu" in worker.log()
                self.turned_away += turned_away
                self.ended += not turned_away
                self._bury(worker)
            while len(self._running) < count:
                self._running.append(Running("worker", "--concurrency", "4"))

    def kill(self, random: Random) -> None:
        with self._lock:
            worker = random.choice(self._running)
            if worker.process.poll() is None:
                self.killed += 1
                worker.kill()
                self._bury(worker)

    def stop(self) -> None:
        with self._lock:
            for worker in [*self._running]:
                with suppress(subprocess.TimeoutExpired):  # killed, then
                    worker.stop()
                self._bury(worker)

    def _bury(self, worker: Running) -> None:
        self._running.remove(worker)
        log = worker.log()
        for line in log.splitlines():
            if line[:1].isalpha() and ("Error: " in line or "Exception: " in line):
                self.said[line.partition(": ")[0]] += 1
        if self._logs:
            name = f"worker-{worker.process.pid}.log"
            self._logs.joinpath(name).write_text(log, encoding="utf-8")
        worker.close()


class Monkey(threading.Thread):
    """Kills a worker every few seconds, revokes tokens, crashes PostgreSQL at two moments."""

    CRASH_AT = (0.3, 0.65)

    def __init__(
        self,
        *,
        cluster: Cluster,
        sandbox: Sandbox,
        accounts: list[str],
        workers: Workers,
        progress: Callable[[], float],
        seed: int,
    ) -> None:
        super().__init__(name="monkey", daemon=True)
        self._cluster = cluster
        self._sandbox = sandbox
        self._accounts = accounts
        self._workers = workers
        self._progress = progress
        self._random = Random(seed)
        self._over = threading.Event()
        self.crashes = 0
        self.revoked = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._rage()
        except BaseException as error:
            self.failure = error

    def _rage(self) -> None:
        kill_at = revoke_at = time.monotonic() + 3
        while not self._over.wait(0.2):
            now = time.monotonic()
            if now > kill_at:
                self._workers.kill(self._random)
                kill_at = now + self._random.uniform(3, 8)
            self._workers.keep()
            if now > revoke_at:
                # Of another account than last time: twice at once looks like wrong credentials,
                # which are for a person to mend and only tried again after a quarter of an hour.
                account = self._random.choice(self._accounts[:-1])
                self._accounts.remove(account)
                self._accounts.append(account)
                self._sandbox.revoke_tokens(account)
                self.revoked += 1
                revoke_at = now + self._random.uniform(1, 4)
            if self.crashes < len(self.CRASH_AT) and self._progress() > self.CRASH_AT[self.crashes]:
                self._crash()

    def _crash(self) -> None:
        """By PostgreSQL's immediate stop: nothing is written back, the next start recovers."""
        pid = self._cluster.home.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        self.crashes += 1
        while self._cluster.running():
            time.sleep(0.05)
        time.sleep(self._random.uniform(0.2, 3))
        self._cluster.start()

    def calm(self) -> None:
        """Let it finish what it is at, and no more."""
        self._over.set()
        with suppress(RuntimeError):
            self.join()
