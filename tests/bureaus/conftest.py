from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from regua.bureaus.conformance.doubles import MemoryJournal, MemoryTokenStore
from regua.bureaus.connection import Connection
from regua.bureaus.contract import BureauClient, Environment
from regua.bureaus.providers.credito_na_medida import provider

from .scripted_server import ScriptedServer, scripted_server


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def tokens() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def connect(
    server: ScriptedServer, journal: MemoryJournal, tokens: MemoryTokenStore
) -> Iterator[Callable[..., BureauClient]]:
    clients: list[BureauClient] = []

    def connect(*, base_url: str | None = None, timeout: float = 5.0) -> BureauClient:
        connection = Connection(
            base_url=server.url if base_url is None else base_url,
            client_id="regua-teste",
            client_secret="segredo-muito-secreto",
            environment=Environment.STAGING,
            tokens=tokens,
            journal=journal,
            timeout=timeout,
        )
        clients.append(provider.connect(connection))
        return clients[-1]

    yield connect
    for client in clients:
        client.__exit__(None, None, None)
