"""Child processes that never outlive the demo."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STOP_PATIENCE = 15.0


class ProcessFailed(Exception):
    """A child ended before it should; the text has its last lines."""


class Child:
    """One ``regua`` process with its log."""

    def __init__(self, name: str, arguments: list[str], *, log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "regua.cli", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # the terminal's Ctrl-C is ours to pass on, in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def check(self) -> None:
        """Raise ``ProcessFailed`` if it has ended."""
        code = self.process.poll()
        if code is not None:
            with suppress(OSError):
                tail = self.log.read_text(errors="replace").splitlines()[-8:]
            raise ProcessFailed(
                f"O processo “{self.name}” terminou sozinho (código {code}). O registro completo "
                f"está em {self.log}.\n" + "\n".join(tail)
            )

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait(self) -> None:
        try:
            self.process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        with suppress(ProcessLookupError, PermissionError):
            # The web server has processes of its own, which its sudden death leaves behind.
            os.killpg(self.process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


def stop_all(children: list[Child]) -> None:
    """Stop them, whatever happens meanwhile: a second Ctrl-C must not leave half of it running."""
    for impatience in (signal.SIGINT, signal.SIGTERM):
        signal.signal(impatience, signal.SIG_IGN)
    for child in reversed(children):
        child.stop()
    for child in reversed(children):
        child.wait()


def free_port(preferred: int = 0) -> int:
    """``preferred`` or the next port that nobody listens on."""
    for candidate in range(preferred, preferred + 50) if preferred else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProcessFailed(f"Nenhuma porta livre a partir de {preferred}.")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return bool(response.status == 200)
    except OSError:
        return False


def works(url: str) -> bool:
    """The screens answer and a worker has told that it lives (``project.health.ready``)."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310
            return bool(json.load(response)["trabalho_de_fundo"])
    except OSError:
        return False


def wait_until(ready: Callable[[], bool], *, children: list[Child], patience: float = 60.0) -> None:
    """Wait for ``ready``, but no longer than the children live."""
    deadline = time.monotonic() + patience
    while not ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            logs = ", ".join(str(child.log) for child in children)
            raise ProcessFailed(
                f"Demorou demais para ficar pronto. Os registros dizem mais: {logs}."
            )
        time.sleep(0.05)


def environment_for_demo(data_dir: Path, **settings: str) -> None:
    """Point this process and its children at the demo's own data, never at a real database."""
    for name in list(os.environ):
        ours = name.startswith(("REGUA_", "DATABASE_URL"))
        if ours and name not in ("REGUA_POSTGRES_BIN", "REGUA_POSTGRES_USER"):
            del os.environ[name]
    os.environ["REGUA_DATA_DIR"] = str(data_dir)
    os.environ.update(settings)
