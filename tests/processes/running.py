"""Real ``regua`` processes against the test's own database, to be watched, stopped and killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import httpx2
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

COMMAND = [sys.executable, "-m", "regua.cli"]
DISPATCH = 5.0
"""Seconds between two rounds of the dispatchers, which wake what a killed sender left."""


def database_url() -> str:
    """The address of the database that this test uses."""
    parts = conninfo_to_dict(settings.CONFIG.database_url.get_secret_value())
    parts["dbname"] = connection.settings_dict["NAME"]
    return "postgresql:///?" + urlencode({key: value for key, value in parts.items() if value})


def environment(**settings: str) -> dict[str, str]:
    """The environment of the test run, on the test's database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return kept | {"DATABASE_URL": database_url()} | settings


class Running:
    """One ``regua`` process; what it wrote is in ``log()``."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment(**settings),
            start_new_session=True,
        )

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode()

    def kill(self) -> None:
        """SIGKILL to it and whatever it started: as pulling the plug."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """End it as a supervisor would; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        finally:
            self.kill()

    def close(self) -> None:
        self.kill()
        self._log.close()


@contextmanager
def running(*arguments: str, **settings: str) -> Iterator[Running]:
    """A ``regua`` process for as long as the block lasts, killed at its end if need be."""
    process = Running(*arguments, **settings)
    try:
        yield process
    except BaseException:
        sys.stderr.write(f"--- regua {' '.join(arguments)} said:\n{process.log()}")
        raise
    finally:
        process.close()


@contextmanager
def running_worker(**settings: str) -> Iterator[Running]:
    with running("worker", **settings) as process:
        yield process


@contextmanager
def running_web(seconds: float = 25.0) -> Iterator[tuple[Running, str]]:
    """The web server and its address, once it answers within so many seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with running("web", "--port", str(port), "--threads", "2") as process:
        eventually(lambda: process.process.poll() is not None or answers(url), seconds)
        assert process.process.poll() is None, process.log()
        yield process, url


def answers(url: str) -> bool:
    try:
        return httpx2.get(url + "/saude/pronto", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def eventually(condition: Callable[[], Any], seconds: float = 25.0) -> Any:
    """The first true value of the condition; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} seconds in vain")


def workers_alive() -> int:
    """Workers that have announced themselves to the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return int(cursor.fetchone()[0])


def forget_workers() -> None:
    """Workers that earlier tests killed are not to be counted."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_workers CASCADE")
