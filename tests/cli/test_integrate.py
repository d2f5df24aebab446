"""``integrar``: an integration from a script, and the second one that a branch may not have."""

from __future__ import annotations

import pytest

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests.cli.command import regua
from tests.processes.running import environment
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_branch_gets_one_integration(
    branch: Branch, administrator: User, operator: User, sandbox: Sandbox
) -> None:
    command = ["integrar", "--endereco", sandbox.url, "--client-id", sandbox.client_id]
    secret = {"REGUA_CLIENT_SECRET": sandbox.client_secret}
    refused = regua(*command, env=environment(REGUA_USUARIO=operator.email, **secret))
    assert (refused.code, "não permite" in refused.sentence()) == (1, True)
    assert not Integration.objects.exists()

    made = regua(
        *command,
        "--codigo-restricao",
        "TI",
        env=environment(REGUA_USUARIO=administrator.email, **secret),
    )
    assert made.code == 0, made.err
    integration = Integration.objects.get()
    assert integration.linked_at is not None
    assert integration.restriction_code == "TI"
    assert integration.reason_codes.filter(code="TI").exists()
    assert sandbox.client_secret not in made.out + made.err

    again = regua(*command, env=environment(REGUA_USUARIO=administrator.email, **secret))
    assert again.code == 1
    assert f"já tem a integração nº {integration.pk}" in again.sentence()
    assert Integration.objects.count() == 1
