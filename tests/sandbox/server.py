"""Start the sandbox bureau as the separate process it is, and hold its controls."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import httpx2

READY = "sandbox pronto em "
FAST = {"day_seconds": 0.02, "tick_seconds": 0.02}
"""Ten days of term pass in a fifth of a second."""


class Sandbox:
    """A running sandbox: its address and what its control API can do."""

    def __init__(self, url: str, process: subprocess.Popen[str], log: IO[str]) -> None:
        self.url = url
        self.process = process
        self.client_id = "regua-demo"
        self.client_secret = "segredo-demo"
        self._log = log
        self._control = httpx2.Client(base_url=url + "/_sandbox", timeout=60)

    def control(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        response = self._control.request(method, path, json=body, params=params)
        response.raise_for_status()
        return response.json()

    def add_faults(self, *rules: dict[str, Any]) -> Any:
        return self.control("POST", "/falhas", list(rules))

    def faults(self) -> Any:
        return self.control("GET", "/falhas")

    def clear_faults(self) -> None:
        self.control("DELETE", "/falhas")

    def ledger(self, **params: str) -> Any:
        return self.control("GET", "/livro", **params)

    def charges(self, **params: str) -> Any:
        return self.control("GET", "/cobrancas", **params)

    def deliveries(self, **params: str) -> Any:
        return self.control("GET", "/entregas", **params)

    def calls(self) -> dict[str, int]:
        """Calls per route since the last reset."""
        counted: dict[str, int] = self.control("GET", "/chamadas")["chamadas"]
        return counted

    def advance(self, days: int) -> Any:
        return self.control("POST", "/relogio", {"avancar_dias": days})

    def force(self, protocol: str, situation: str, **more: Any) -> Any:
        body = {"situacao": situation, **more}
        return self.control("POST", f"/negativacoes/{protocol}/situacao", body)

    def open_account(self, client_id: str, client_secret: str) -> None:
        self.control("POST", "/contas", {"client_id": client_id, "client_secret": client_secret})

    def set_webhook(self, url: str | None, client_id: str = "regua-demo") -> None:
        self.control("POST", f"/contas/{client_id}/webhook", {"url": url})

    def set_standing(self, standing: str, client_id: str = "regua-demo") -> None:
        self.control("POST", f"/contas/{client_id}/situacao", {"situacao": standing})

    def revoke_tokens(self, client_id: str = "regua-demo") -> None:
        self.control("POST", f"/contas/{client_id}/revogar")

    def withdraw(self, *codes: str) -> None:
        """Products and codes that the bureau's lists leave out from now on; none: all are back."""
        self.control("POST", "/catalogo", {"retirados": list(codes)})

    def reset(self) -> None:
        self.control("POST", "/zerar")

    def log(self) -> str:
        """What the process wrote to its error output."""
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> int:
        """End it as a supervisor would; its exit code."""
        self._control.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(timeout=10)


@contextmanager
def running_sandbox(**options: Any) -> Iterator[Sandbox]:
    """`python -m regua.sandbox` with these options (`day_seconds=0.02`, `control=False`, ...)."""
    command = [sys.executable, "-m", "regua.sandbox"]
    for name, value in options.items():
        if name == "control":
            command += [] if value else ["--no-control"]
        elif value is not None:
            command.append(f"--{name.replace('_', '-')}={value}")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        giving_up = threading.Timer(30, process.kill)
        giving_up.start()
        line = process.stdout.readline()
        giving_up.cancel()
        process.stdout.close()
        if not line.startswith(READY):
            process.kill()
            process.wait()
            log.seek(0)
            raise RuntimeError(f"the sandbox did not start: {log.read()}")
        sandbox = Sandbox(line.removeprefix(READY).strip(), process, log)
        try:
            yield sandbox
        finally:
            sandbox.stop()


def wait_until(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """The first true value of the condition; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("waited in vain")
