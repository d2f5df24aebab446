"""The stub IXC as a process, and rows for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from tests.connectors.stub import READY, TOKEN

ROOT = Path(__file__).parents[2]


class StubIxc:
    def __init__(self, url: str) -> None:
        self.url = url
        self.token = TOKEN
        self._control = httpx2.Client(base_url=f"{url}/_stub", timeout=30)

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        """Rows as of now; ``ultima_atualizacao`` is this moment unless a row says otherwise."""
        stamped = [{"ultima_atualizacao": stamp(), **row} for row in rows]
        self._control.post("/rows", json={"put": {table: stamped}}).raise_for_status()

    def faults(self, *faults: dict[str, Any]) -> None:
        self._control.post("/faults", json=list(faults)).raise_for_status()

    def reset(self) -> None:
        self._control.post("/reset", json={}).raise_for_status()
        self.put("uf", {"id": 26, "sigla": "SP", "nome": "São Paulo"})
        self.put("cidade", {"id": 5270, "nome": "São Paulo", "uf": 26})

    def close(self) -> None:
        self._control.close()

    def calls(self, resource: str = "") -> list[dict[str, Any]]:
        every = self._control.get("/calls").json()
        return [call for call in every if resource in ("", call["resource"])]


def stamp() -> str:
    return f"{datetime.now(ZoneInfo('America/Sao_Paulo')):%Y-%m-%d %H:%M:%S}"


@pytest.fixture(scope="session")
def _stub_process() -> Iterator[StubIxc]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.connectors.stub"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    giving_up = threading.Timer(30, process.kill)
    giving_up.start()
    line = process.stdout.readline()
    giving_up.cancel()
    assert line.startswith(READY), "the stub did not start"
    stub = StubIxc(line.removeprefix(READY).strip())
    yield stub
    stub.close()
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture
def ixc(_stub_process: StubIxc) -> StubIxc:
    _stub_process.reset()
    return _stub_process
