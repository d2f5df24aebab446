"""Which switch keeps a branch from listing by itself: every one is off once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.choices import Action
from regua.dunning.models import (
    DunningParameters,
    DunningPolicy,
    DunningStep,
)
from regua.dunning.policy_switches import branch_switches
from regua.integrations.choices import Environment
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch, GeneralParameters
from tests import factories
from tests.dunning.pages import at, said, signed_in

pytestmark = pytest.mark.django_db


def general_off() -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"credit_analysis": False})


def daily_off() -> None:
    DunningParameters.objects.update(active=False)


SWITCHES: dict[str, Any] = {
    "switch.general": general_off,
    "switch.integration": lambda: (
        ReasonCode.objects.all().delete(),
        Integration.objects.all().delete(),
    ),
    "switch.link": lambda: Integration.objects.update(linked_at=None),
    "switch.environment": lambda: Integration.objects.update(environment=Environment.STAGING),
    "switch.automatic": lambda: Integration.objects.update(automatic=False),
    "switch.codes": lambda: Integration.objects.update(codes_synced_at=None),
    "switch.restriction_code": lambda: Integration.objects.update(restriction_code=""),
    "switch.company_restriction_code": lambda: Integration.objects.update(
        company_restriction_code=""
    ),
    "switch.removal_code": lambda: ReasonCode.objects.filter(code="01").delete(),
    "switch.step": lambda: DunningStep.objects.filter(action=Action.LIST).update(auto_list="no"),
    "switch.daily": daily_off,
}
"""Each switch, and how it is turned off."""


@pytest.fixture
def all_on(policy: DunningPolicy, branch: Branch) -> Branch:
    DunningParameters.objects.create(pk=1, active=True)
    return branch


def test_with_every_switch_on_nothing_is_off(all_on: Branch, administrator: User) -> None:
    found = branch_switches(all_on, administrator)
    assert {switch.code for switch in found} == set(SWITCHES)
    assert not [switch.code for switch in found if switch.off]
    page = said(administrator, at("dunning_switches", all_on.pk))
    assert "Todas as chaves estão ligadas." in page
    assert "Desligada" not in page


@pytest.mark.parametrize("code", SWITCHES)
def test_every_switch_off_once(
    code: str, all_on: Branch, policy: DunningPolicy, administrator: User
) -> None:
    SWITCHES[code]()
    found = {switch.code: switch for switch in branch_switches(all_on, administrator)}
    assert [switch.code for switch in found.values() if switch.off] == [code]
    off = found[code]
    page = said(administrator, at("dunning_switches", all_on.pk))
    assert "uma chave está desligada" in page
    assert page.count("Desligada") == 1
    assert re.search(rf"{re.escape(off.name)} {re.escape(off.text)} Desligada", page)
    assert off.url
    assert signed_in(administrator).get(off.url).status_code == 200
    # The policy's page says the same beside its listing step, and leads there.
    answer = signed_in(administrator).get(at("dunning_policy", policy.pk)).content.decode()
    assert f"Falta ligar: {off.name}" in answer
    assert f'href="{off.url}"' in answer


def test_without_a_listing_step_that_is_the_switch(
    all_on: Branch, policy: DunningPolicy, administrator: User
) -> None:
    policy.steps.filter(action=Action.LIST).delete()
    [off] = [switch for switch in branch_switches(all_on, administrator) if switch.off]
    assert "tem um passo que negativa" in off.text


def test_who_cannot_turn_it_is_not_led_there(all_on: Branch, operator: User) -> None:
    Integration.objects.update(automatic=False)
    [off] = [switch for switch in branch_switches(all_on, operator) if switch.off]
    assert off.url == ""
    page = said(operator, at("dunning_switches", all_on.pk))
    assert "Incluir/Remover automaticamente está em Não. Peça a quem administra." in page
    other = factories.branch("Litoral")
    assert signed_in(operator).get(at("dunning_switches", other.pk)).status_code == 404
    admin = factories.user(Role.ADMINISTRATOR)
    listed = said(admin, at("dunning_switch_list"))
    assert "Litoral Desligada" in listed
