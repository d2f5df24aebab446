"""The clients in ``docs/api.md``, run as they are written, against a real server process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from regua.organization.models import Branch
from regua.parties.models import Lead
from regua.receivables.models import Payment
from tests import factories
from tests.api.conftest import Program
from tests.processes.running import running_web

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text(encoding="utf-8")


def client(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def run(*command: str, **environment: str) -> str:
    ended = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_documented_clients_work(erp: Program, branch: Branch) -> None:
    customer = factories.customer(branch)
    for _ in range(2):
        factories.receivable(customer)
    with running_web(60) as (_, url):
        given = {"REGUA_URL": url, "REGUA_TOKEN": erp.token, "REGUA_BRANCH": str(branch.pk)}

        python = client("python")
        assert len([line for line in python.splitlines() if line.strip()]) <= 20
        first, *findings = run(sys.executable, "-c", python, **given).splitlines()
        assert first == "received"
        assert any(line.startswith("pass ") for line in findings)
        assert Payment.objects.count() == 1

        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        said = run("sh", "-euc", client("sh"), **given)
        assert '"received"' in said
        assert Lead.objects.get().name == "Maria Exemplo"
