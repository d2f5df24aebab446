"""Chaos at a small size, as a process of its own: it crashes its PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COUNT = 60
PATIENCE = 1500
"""Seconds. It takes half a minute; where the work comes to a stop the run says so by itself."""


def test_both_ledgers_agree_after_everything_went_wrong() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--n", str(COUNT)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert run.stdout.splitlines()[-1] == (
        f"chaos n={COUNT} doubled=0 lost=0 stuck=0 disagree=0"
    ), said
    assert "PostgreSQL crashed 2 times" in said, said
    assert "ended by themselves 0" in said, said
