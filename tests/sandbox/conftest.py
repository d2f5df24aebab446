from __future__ import annotations

from collections.abc import Iterator

import pytest

from .creditor import Creditor
from .server import FAST, Sandbox, running_sandbox


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with running_sandbox(**FAST, webhook_retry_seconds=0.02, seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A bureau that remembers nothing of the test before."""
    _sandbox.reset()
    yield _sandbox
    _sandbox.set_webhook(None)


@pytest.fixture
def creditor(sandbox: Sandbox) -> Iterator[Creditor]:
    creditor = Creditor(sandbox)
    yield creditor
    creditor.close()
