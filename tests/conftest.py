"""What every test may use: three actors, two branches, and a real sandbox bureau."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.integrations.services import catalogue_sync, integration_create, integration_link
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import FAST, Sandbox, running_sandbox


@pytest.fixture
def branch(db: None) -> Branch:
    return factories.branch("Centro")


@pytest.fixture
def other_branch(db: None) -> Branch:
    return factories.branch("Litoral")


@pytest.fixture
def manager(branch: Branch) -> User:
    """The branch's finance manager."""
    return factories.user(Role.FINANCE_MANAGER, branch)


@pytest.fixture
def operator(branch: Branch) -> User:
    """The branch's collections analyst."""
    return factories.user(Role.COLLECTIONS, branch)


@pytest.fixture
def attendant(branch: Branch) -> User:
    return factories.user(Role.SERVICE, branch)


@pytest.fixture
def outsider(other_branch: Branch) -> User:
    """Another branch's collections analyst."""
    return factories.user(Role.COLLECTIONS, other_branch)


@pytest.fixture
def administrator(db: None) -> User:
    return factories.user(Role.ADMINISTRATOR)


@pytest.fixture(scope="session")
def _sandbox_process() -> Iterator[Sandbox]:
    with ExitStack() as stack:
        yield stack.enter_context(running_sandbox(**FAST))


@pytest.fixture
def sandbox(_sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """The sandbox bureau as new: no ledger, no faults, valid credentials."""
    _sandbox_process.reset()
    _sandbox_process.clear_faults()
    yield _sandbox_process
    _sandbox_process.clear_faults()


@pytest.fixture
def integration(
    transactional_db: None, sandbox: Sandbox, branch: Branch, administrator: User
) -> Integration:
    """The branch's integration with the sandbox: linked, its catalogue synchronised."""
    with connection.cursor() as cursor:  # Django flushes only the tables it manages
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    created = integration_create(
        actor=administrator,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        webhook_secret="webhook-demo",
        calls_per_second=1000,
        restriction_code="TI",
        company_restriction_code="NF",
        removal_code="01",
    )
    integration_link(integration=created, actor=administrator)
    catalogue_sync(integration=created, actor=administrator)
    return created
