"""A throw-away PostgreSQL for the whole run, started before Django reads its settings.

Loaded with ``-p tests.database``. ``DATABASE_URL`` set beforehand is used as it is;
``REGUA_POSTGRES_BIN`` chooses the version, else the newest that is to be had: the wheel's.
"""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import pytest

from regua.project.boot import generate_secrets
from regua.project.postgres import temporary_cluster
from regua.project.postgres_binaries import all_binaries

FIXTURES = {"db", "transactional_db", "django_db_setup"}


def _start() -> None:
    for name in [name for name in os.environ if name.startswith("REGUA_")]:
        if not name.startswith("REGUA_POSTGRES"):
            del os.environ[name]
    os.environ |= generate_secrets()
    os.environ["REGUA_BUREAU_TIMEOUT"] = "2"
    os.environ["REGUA_SENDER_LEASE"] = "3"
    os.environ["REGUA_RETRY_BASE"] = "0.05"
    os.environ["REGUA_SYNC_INTERVAL"] = "1"
    if os.environ.get("DATABASE_URL"):
        return
    stack = ExitStack()
    atexit.register(stack.close)
    chosen = os.environ.get("REGUA_POSTGRES_BIN")
    newest = max(all_binaries(), key=lambda found: found.major).folder
    cluster = stack.enter_context(temporary_cluster(bin_dir=None if chosen else newest))
    os.environ["DATABASE_URL"] = cluster.ensure_database("regua")


if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit what their controller started
    _start()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, so that another version can be tried with ``-m database``."""
    for item in items:
        needs = FIXTURES & set(getattr(item, "fixturenames", ()))
        if needs or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)
