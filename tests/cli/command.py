"""The real ``regua`` command in a process of its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.processes.running import COMMAND

ENGLISH = ("Traceback", "Error", "Usage", "Missing", "Invalid", "No such", "unexpected", 'File "')


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The one line that a failed command leaves, fit for a person."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert_portuguese(self.err)
        assert lines[0].endswith((".", "?", "--help", "regua migrate", "generate")), lines[0]
        return lines[0]


def regua(*arguments: str, env: dict[str, str], cwd: Path | None = None) -> Said:
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def assert_portuguese(text: str) -> None:
    for word in ENGLISH:
        assert word not in text, text
