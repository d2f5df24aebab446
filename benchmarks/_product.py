"""The product on a PostgreSQL of its own, durable as in production."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regua.project.boot import booted


@contextmanager
def product(**settings: str) -> Iterator[None]:
    """Boot Régua, migrated and empty, in a temporary directory."""
    home = Path(tempfile.mkdtemp(prefix="regua-bench-"))
    if os.geteuid() == 0:
        home.chmod(0o711)
    for name in [n for n in os.environ if n == "DATABASE_URL" or n.startswith("REGUA_")]:
        if not name.startswith("REGUA_POSTGRES"):
            del os.environ[name]
    os.environ |= {"REGUA_DATA_DIR": str(home), **settings}
    try:
        with booted():
            from django.core.management import call_command

            call_command("migrate", interactive=False, verbosity=0)
            yield
    finally:
        shutil.rmtree(home, ignore_errors=True)
