"""``regua demo``: the whole product on one machine, and nothing of it left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest

from regua.cli.demo.data import PASSWORD, PEOPLE
from regua.project.postgres import Cluster
from tests.cli.command import assert_portuguese, regua
from tests.cli.test_usage import clean
from tests.processes.running import COMMAND, eventually


@pytest.fixture
def home() -> Iterator[Path]:
    """A data directory that the account which runs PostgreSQL can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="rd", dir="/var/tmp"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    yield folder
    for pid in processes_of(folder):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    # Ours are reaped, too: after a failed test they would be another test's warning.
    while Demo.started:
        Demo.started.pop().wait()
    shutil.rmtree(folder, ignore_errors=True)


def processes_of(folder: Path) -> dict[int, str]:
    """The live processes whose command line or environment names ``folder``, by id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if os.fsencode(folder) in command + b"\0" + (entry / "environ").read_bytes():
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
    return found


class Demo:
    """A running ``regua demo``."""

    started: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.output = home / "said.txt"
        self.began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "demo", "--port", "18400"],
                env=clean(REGUA_DATA_DIR=str(home), TERM="dumb", **settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(self.process)

    def said(self) -> str:
        return self.output.read_text()

    def ready(self) -> float:
        """Wait until it welcomes people; how long that took."""

        def settled() -> bool:
            return "Ctrl-C encerra tudo." in self.said() or self.process.poll() is not None

        eventually(settled, 90)
        assert self.process.poll() is None, self.said()
        return time.monotonic() - self.began

    @property
    def url(self) -> str:
        found = re.search(r"Régua pronta em (http://127\.0\.0\.1:\d+)", self.said())
        assert found is not None, self.said()
        return found[1]

    def wait(self) -> int:
        return self.process.wait(40)


def answer(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url, timeout=5) as response:
        assert response.status == 200
        found: dict[str, object] = json.load(response)
    return found


def ask(home: Path, statement: str) -> str:
    """The one value that a statement gives in the demo's own database."""
    url = Cluster(home / "demo" / "postgres").url("regua")
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return str(row[0])


def test_the_story_told_once_leaves_nothing_behind(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="rt", dir="/var/tmp") as temporary:
        if os.geteuid() == 0:
            Path(temporary).chmod(0o711)
        started = time.monotonic()
        said = regua(
            "demo",
            "--once",
            env=clean(
                HOME=str(tmp_path),
                TMPDIR=temporary,
                # A real installation's settings lie about: the demo must not touch its database.
                DATABASE_URL="postgresql://regua@127.0.0.1:9/producao",
                REGUA_SECRET_KEY="da-producao",
            ),
            cwd=tmp_path,
        )
        sys.stdout.write(f"demo --once: {time.monotonic() - started:.1f} s\n")
        assert (said.code, said.err) == (0, ""), said
        assert_portuguese(said.out)
        assert said.out.rstrip().endswith("Os dois lados dizem o mesmo, do começo ao fim.")
        for step in range(1, 6):
            assert f"\n{step}. " in said.out
        assert re.search(r"situação +Baixada +BAIXADA", said.out)
        assert list(Path(temporary).iterdir()) == []
        assert list(tmp_path.iterdir()) == []
        assert processes_of(Path(temporary)) == {}


def test_the_demo_runs_until_told_to_stop_and_keeps_its_data(home: Path) -> None:
    # A password file of a real installation is no business of the demo's.
    (home / "url").write_text("postgresql://regua@127.0.0.1:9/producao")
    first = Demo(home, DATABASE_URL_FILE=str(home / "url"))
    sys.stdout.write(f"first start of the demo: {first.ready():.1f} s\n")
    assert answer(f"{first.url}/saude/pronto") == {"situacao": "pronto", "trabalho_de_fundo": 1}
    assert_portuguese(first.said())
    for email, _, role, _ in PEOPLE:
        assert re.search(rf"{re.escape(email)} +{role.label} +{PASSWORD}\n", first.said())
    names = " ".join(processes_of(home).values())
    for part in (" demo", " sandbox ", " worker", " web ", "postgres"):
        assert part in names
    # Something to do is there from the start: one to approve, one paid and still listed.
    begun = "SELECT string_agg(status, ',') FILTER (WHERE status = 'draft') || count(*) FROM "
    assert ask(home, begun + "restrictions_restriction") == "draft2"
    assert ask(home, "SELECT count(*) FROM restrictions_removalduty WHERE ended_at IS NULL") == "1"
    customer = ask(home, "UPDATE parties_customer SET name = 'Lembrança' WHERE id = 1 RETURNING id")
    stop(first, signal.SIGINT)

    second = Demo(home)
    sys.stdout.write(f"second start of the demo: {second.ready():.1f} s\n")
    assert ask(home, f"SELECT name FROM parties_customer WHERE id = {customer}") == "Lembrança"
    assert ask(home, "SELECT count(*) FROM integrations_integration") == "1"
    assert ask(home, "SELECT string_agg(status, ',') FROM inquiries_creditpolicy") == "active"
    assert ask(home, "SELECT monthly FROM inquiries_inquirybudget") == "500.00"
    assert ask(home, begun + "restrictions_restriction") == "draft2"
    assert answer(f"{second.url}/saude/pronto")["situacao"] == "pronto"
    stop(second, signal.SIGTERM, signal.SIGINT, signal.SIGTERM)  # somebody impatient

    for victim in (" web ", " worker"):
        another = Demo(home)
        another.ready()
        [pid] = [
            pid
            for pid, command in processes_of(home).items()
            if f"regua.cli{victim}" in command + " " and parent_of(pid) == another.process.pid
        ]
        os.kill(pid, signal.SIGKILL)
        assert another.wait() == 1
        assert f"O processo “{victim.strip()}” terminou sozinho" in another.said()
        assert "Traceback" not in another.said()
        assert_nothing_runs(home)

    for part in ("postgres", " web "):  # while PostgreSQL starts, while the processes do
        early = Demo(home)
        eventually(lambda part=part: part in " ".join(processes_of(home).values()))
        early.process.send_signal(signal.SIGINT)
        assert early.wait() in (0, 130)
        assert "Traceback" not in early.said(), early.said()
        assert_nothing_runs(home)


def stop(demo: Demo, *orders: signal.Signals) -> None:
    url = demo.url
    for order in orders:
        demo.process.send_signal(order)
        time.sleep(0.2)
    assert demo.wait() == 0
    assert demo.said().rstrip().endswith("Encerrado. Os dados ficam para a próxima vez.")
    assert "Traceback" not in demo.said()
    assert_nothing_runs(demo.home)
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}/saude/vivo", timeout=2)


def assert_nothing_runs(home: Path) -> None:
    assert processes_of(home) == {}


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
