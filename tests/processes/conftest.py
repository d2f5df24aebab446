from __future__ import annotations

from collections.abc import Callable

import pytest

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.processes.running import forget_workers


@pytest.fixture
def integration(integration: Integration) -> Integration:
    forget_workers()
    return integration


@pytest.fixture
def ask(integration: Integration, branch: Branch, operator: User) -> Callable[[], Restriction]:
    """Ask for one more debt to be listed."""

    def one() -> Restriction:
        receivable = factories.receivable(factories.customer(branch))
        return restriction_request(receivable=receivable, actor=operator)

    return one
