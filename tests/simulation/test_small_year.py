"""A hundred days of a few customers, in a copy of the tests' own database."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

DAYS, CUSTOMERS = 100, 20


@pytest.fixture
def a_copy(transactional_db: None) -> Iterator[str]:
    """The URL of a copy that may be spoilt: migrated already, and empty."""
    original = str(connection.settings_dict["NAME"])
    copy = f"{original}_year"
    names = {"original": sql.Identifier(original), "copy": sql.Identifier(copy)}
    drop = sql.SQL("DROP DATABASE IF EXISTS {copy} WITH (FORCE)").format(**names)
    connection.close()
    server = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(server.geturl(), autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(  # what an earlier test left connected would forbid the copy
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [original]
        )
        admin.execute(sql.SQL("CREATE DATABASE {copy} TEMPLATE {original}").format(**names))
    try:
        yield server._replace(path=f"/{copy}").geturl()
    finally:
        with psycopg.connect(server.geturl(), autocommit=True) as admin:
            admin.execute(drop)


def test_a_small_year_is_lawful(a_copy: str) -> None:
    command = [sys.executable, "-m", "tests.simulation", "--database", a_copy]
    run = subprocess.run(
        [*command, "--n", str(CUSTOMERS), "--days", str(DAYS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    last = re.fullmatch(
        rf"year customers={CUSTOMERS} listings=(\d+) removals=(\d+)"
        " late=0 forbidden=0 unexplained=0",
        run.stdout.splitlines()[-1],
    )
    assert last is not None, said
    assert min(int(count) for count in last.groups()) >= 3, said
    assert re.search(r"requests refused [1-9]", said), said
