"""Parâmetros de cobrança: the general ones, policies and their steps."""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.choices import Action, AutoList, Channel, ContactKind, Stage
from regua.dunning.models import (
    DunningParameters,
    DunningPolicy,
    DunningStep,
    MessageTemplate,
    PolicyChange,
)
from regua.dunning.policy_scope import standing, who, winner
from regua.dunning.policy_services import (
    dunning_default_create,
    dunning_parameter_changes,
    dunning_parameters_update,
    dunning_policy_create,
    dunning_policy_update,
    dunning_step_archive,
    dunning_step_save,
)
from regua.dunning.policy_timeline import NARROW, drawings
from regua.dunning.policy_warnings import early_listing
from regua.dunning.policy_wording import change_sentences, steps_summary
from regua.dunning.running import run_work
from regua.dunning.selectors import policy_for, steps_of
from regua.dunning.services import run_approve
from regua.organization.models import Branch, GeneralParameters
from regua.parties.models import CustomerGroup
from tests import factories
from tests.dunning.conftest import simulated
from tests.dunning.pages import at, said, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(db: None) -> User:
    """A finance manager of all branches."""
    return factories.user(Role.FINANCE_MANAGER)


def message(channel: Channel = Channel.EMAIL, name: str = "Texto") -> MessageTemplate:
    return MessageTemplate.objects.create(
        name=name,
        channel=channel,
        kind="collection",
        subject="Assunto" if channel is Channel.EMAIL else "",
        body="Olá",
    )


def fields(**changes: Any) -> dict[str, Any]:
    """A step that only marks its stage."""
    return {
        "name": "Passo",
        "stage": Stage.PENDENCY,
        "days": 10,
        "required": False,
        "action": Action.NONE,
        "channel": "",
        "template": None,
        "auto_list": "",
        "contact_kind": "",
        "next_action_days": None,
        **changes,
    }


LISTING = {"stage": Stage.LIST, "action": Action.LIST, "auto_list": AutoList.DEFAULT, "days": 90}


def typed(**changes: str) -> dict[str, str]:
    """The same step as a person sends it."""
    return {
        "name": "Passo",
        "days": "10",
        "side": "depois",
        "action": "none",
        "template": "",
        "stage": "IP",
        "contact_kind": "",
        "next_action_days": "",
        **changes,
    }


def a_policy(chief: User, name: str = "Geral", **values: Any) -> DunningPolicy:
    return dunning_policy_create(actor=chief, name=name, **values)


# --- General ------------------------------------------------------------------------------------


def test_general_parameters_and_who_changed_them(chief: User) -> None:
    dunning_parameters_update(actor=chief, active=True, run_at=time(6, 30))
    row = DunningParameters.current()
    assert (row.active, row.run_at, row.needs_approval) == (True, time(6, 30), True)
    dunning_parameters_update(actor=chief, active=True)
    kept = {(c.name, c.before, c.after, c.actor) for c in dunning_parameter_changes()}
    assert kept == {
        ("dunning.active", False, True, chief),
        ("dunning.run_at", "07:00", "06:30", chief),
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"opens_at": time(20)}, "closes_at"),
        ({"saturday_closes_at": time(7)}, "saturday_closes_at"),
    ],
)
def test_hours_that_cannot_be(chief: User, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        dunning_parameters_update(actor=chief, active=True, **values)
    assert field in refused.value.message_dict
    assert not DunningParameters.current().active
    assert not dunning_parameter_changes().exists()


def test_what_holds_for_all_asks_for_somebody_who_sees_all(
    branch: Branch, other_branch: Branch, operator: User, manager: User
) -> None:
    for nobody in (operator, manager, factories.user(Role.AUDIT)):
        with pytest.raises(NotAllowed):
            dunning_parameters_update(actor=nobody, active=True)
        with pytest.raises(NotAllowed):
            dunning_default_create(actor=nobody)
        answer = signed_in(nobody).post(at("parameters_dunning"), {"active": "sim"})
        assert answer.status_code == 403
    assert "não permite" in str(_refused(operator))
    assert "todas as filiais" in str(_refused(manager))
    assert not DunningParameters.objects.exists()


def _refused(actor: User) -> NotAllowed:
    with pytest.raises(NotAllowed) as error:
        dunning_parameters_update(actor=actor, active=True)
    return error.value


def test_with_one_branch_its_manager_sees_all(branch: Branch, manager: User) -> None:
    assert dunning_default_create(actor=manager).changes.get().actor == manager


GENERAL = {
    "active": "sim",
    "run_at": "6h30",
    "needs_approval": "nao",
    "message_inactive": "sim",
    "opens_at": "08:00",
    "closes_at": "18:00",
    "saturday_closes_at": "",
}


def test_the_general_tab(chief: User) -> None:
    client = signed_in(chief)
    done = client.post(at("parameters_dunning"), GENERAL, follow=True)
    assert "Parâmetros de cobrança gravados." in done.content.decode()
    row = DunningParameters.current()
    assert (row.active, row.run_at, row.saturday_closes_at) == (True, time(6, 30), None)
    page = said(chief, at("parameters_dunning"))
    assert "Aos sábados, até as: de 14:00 para vazio." in page


@pytest.mark.parametrize(
    "bad",
    [
        {"run_at": "25:00"},
        {"run_at": ""},
        {"active": "talvez"},
        {"opens_at": "19:00"},
        {"closes_at": "x\x00"},
        {"saturday_closes_at": "agora"},
    ],
)
def test_a_wrong_hour_changes_nothing(chief: User, bad: dict[str, str]) -> None:
    answer = signed_in(chief).post(at("parameters_dunning"), {**GENERAL, **bad})
    assert answer.status_code == 200
    assert "Nada foi gravado" in answer.content.decode()
    assert not DunningParameters.current().active


# --- Whose policy it is -------------------------------------------------------------------------


def test_the_most_specific_policy_holds(chief: User, branch: Branch, other_branch: Branch) -> None:
    group = CustomerGroup.objects.create(name="Atacado")
    general = a_policy(chief)
    here = a_policy(chief, "Centro", branch=branch)
    telecom = a_policy(chief, "Internet", contract_kind="telecom")
    grouped = a_policy(chief, "Grupo", group=group)
    everyone = list(DunningPolicy.objects.all())

    def wins(at_branch: Branch, of: int | None, kind: str) -> DunningPolicy | None:
        return winner(everyone, branch=at_branch.pk, group=of, kind=kind)

    assert wins(other_branch, None, "other") == general
    assert wins(branch, None, "other") == here
    assert wins(branch, None, "telecom") == telecom
    assert wins(branch, group.pk, "telecom") == grouped
    debt = factories.receivable(factories.customer(branch, group=group))
    assert policy_for(debt) == grouped

    rest = standing(general, everyone, chief)
    assert rest.holds
    assert rest.ahead == [grouped, telecom, here]
    assert who(telecom) == "Todas as filiais, contratos de telecomunicações"


def test_a_policy_that_holds_nowhere_says_so(
    chief: User, branch: Branch, other_branch: Branch
) -> None:
    general = a_policy(chief)
    for owner in (branch, other_branch):
        a_policy(chief, owner.name, branch=owner)
    page = said(chief, at("dunning_policy", general.pk))
    assert "Hoje esta régua não vale para nenhuma dívida" in page
    assert "Filial Centro: Centro" in page


def test_two_active_policies_for_the_same_are_refused(chief: User, branch: Branch) -> None:
    first = a_policy(chief, branch=branch)
    with pytest.raises(ValidationError, match="já vale para os mesmos"):
        a_policy(chief, "Outra", branch=branch)
    other = a_policy(chief, "Outra", branch=branch, active=False)
    with pytest.raises(ValidationError, match="já vale para os mesmos"):
        dunning_policy_update(policy=other, actor=chief, active=True)
    dunning_policy_update(policy=first, actor=chief, active=False)
    assert dunning_policy_update(policy=other, actor=chief, active=True).active
    with pytest.raises(ValidationError, match="Dê um nome"):
        dunning_policy_update(policy=other, actor=chief, name="  ")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told(branch: Branch) -> None:
    chief, start = factories.user(Role.FINANCE_MANAGER), Barrier(2)
    told: list[str] = []

    def create(name: str) -> None:
        try:
            start.wait(30)
            dunning_policy_create(actor=chief, name=name, branch=branch)
        except ValidationError as error:
            told.extend(error.messages)
        finally:
            connection.close()

    threads = [Thread(target=create, args=[name]) for name in ("Uma", "Outra")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    [made] = DunningPolicy.objects.all()
    [sentence] = told
    assert f"A régua {made.name} já vale para os mesmos" in sentence
    assert PolicyChange.objects.count() == 1


def test_a_branch_changes_only_its_own(
    branch: Branch, other_branch: Branch, chief: User, manager: User, operator: User
) -> None:
    general, theirs = a_policy(chief), a_policy(chief, "Deles", branch=other_branch)
    dunning_step_save(policy=general, actor=chief, **fields())
    mine = dunning_policy_create(actor=manager, name="Minha", branch=branch, copy_of=general)
    for policy in (general, theirs):
        with pytest.raises(NotAllowed):
            dunning_policy_update(policy=policy, actor=manager, name="Nossa")
        with pytest.raises(NotAllowed):
            dunning_step_save(policy=policy, actor=manager, **fields(days=30))
    with pytest.raises(NotAllowed):
        dunning_step_archive(step=general.steps.get(), actor=manager)
    with pytest.raises(NotAllowed):  # nor may it be given away
        dunning_policy_update(policy=mine, actor=manager, branch=other_branch)
    with pytest.raises(NotAllowed):
        dunning_policy_update(policy=mine, actor=manager, branch=None)
    with pytest.raises(NotAllowed):
        dunning_step_save(policy=mine, actor=operator, **fields(days=30))
    mine.refresh_from_db()
    assert (mine.branch, mine.steps.count(), general.steps.count()) == (branch, 1, 1)

    client = signed_in(manager)
    assert client.get(at("dunning_policy", general.pk)).status_code == 200
    assert client.get(at("dunning_policy", theirs.pk)).status_code == 404
    for name, pk in (("dunning_policy_edit", general.pk), ("dunning_step_new", general.pk)):
        assert client.get(at(name, pk)).status_code == 403
    assert client.post(at("dunning_step_remove", general.steps.get().pk)).status_code == 403
    attendant = signed_in(factories.user(Role.SERVICE, branch))
    for name in ("parameters_dunning", "dunning_policy_list", "dunning_switch_list"):
        assert attendant.get(at(name)).status_code == 403
    reader = signed_in(operator)
    page = reader.get(at("dunning_policy", mine.pk)).content.decode()
    assert "Acrescentar passo" not in page
    assert reader.get(at("dunning_policy_new")).status_code == 403
    assert reader.post(at("dunning_policy_default")).status_code == 403


def test_a_policy_written_on_screen(branch: Branch, chief: User, policy: DunningPolicy) -> None:
    client = signed_in(chief)
    new = at("dunning_policy_new")
    form = client.get(f"{new}?de={policy.pk}").context["form"]
    assert form.initial["copy_of"] == policy.pk
    sent = {"name": "Centro", "branch": str(branch.pk), "active": "sim", "copy_of": policy.pk}
    answer = client.post(new, sent)
    made = DunningPolicy.objects.get(name="Centro")
    assert answer["Location"] == at("dunning_policy", made.pk)
    assert [s.days for s in steps_of(made)] == [s.days for s in steps_of(policy)]
    assert "a partir de Régua padrão" in said(chief, at("dunning_policy", made.pk))
    client.post(at("dunning_policy_edit", made.pk), {"name": "Sede", "active": "nao"})
    made.refresh_from_db()
    assert (made.name, made.branch, made.active) == ("Sede", None, False)
    page = said(chief, at("dunning_policy", made.pk))
    assert "Nome: de Centro para Sede." in page
    assert "Filial: de Centro para todas." in page
    listed = said(chief, at("dunning_policy_list"))
    assert "5 passos: −3, 0, +5, +20 e +90 dias" in listed


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "a\x00"},
        {"branch": "999999"},
        {"branch": "x"},
        {"group": "1\x00"},
        {"contract_kind": "radio"},
        {"active": ""},
        {"copy_of": "99999999999999999999"},
    ],
)
def test_bad_policies_are_said_and_not_written(chief: User, bad: dict[str, str]) -> None:
    sent = {"name": "Nova", "active": "sim", **bad}
    answer = signed_in(chief).post(at("dunning_policy_new"), sent)
    assert answer.status_code == 200
    assert "Nada foi gravado" in answer.content.decode()
    assert not DunningPolicy.objects.exists()


@pytest.mark.parametrize("origin", ["x", "0", "9" * 5000, "²", "-1"])
def test_any_origin_is_answered(chief: User, origin: str) -> None:
    answer = signed_in(chief).get(at("dunning_policy_new"), {"de": origin})
    assert answer.status_code == 200
    assert answer.context["origin"] is None


def test_the_first_policy_comes_by_one_button(chief: User) -> None:
    assert "Criar a régua padrão" in said(chief, at("dunning_policy_list"))
    client = signed_in(chief)
    done = client.post(at("dunning_policy_default"), follow=True)
    assert "Régua padrão criada" in done.content.decode()
    assert DunningPolicy.objects.get().changes.get().actor == chief
    again = client.post(at("dunning_policy_default"), follow=True)
    assert "já vale para os mesmos" in again.content.decode()
    assert DunningPolicy.objects.count() == 1


# --- Steps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"days": 5}, "days"),
        ({"days": -61}, "days"),
        ({"days": 1801}, "days"),
        ({**LISTING, "days": 0}, "days"),
        ({**LISTING, "days": -1}, "days"),
        ({**LISTING, "auto_list": ""}, "auto_list"),
        ({"stage": Stage.RECEIVED}, "stage"),
        ({"stage": Stage.LIST}, "stage"),
        ({"auto_list": AutoList.YES}, "auto_list"),
        ({"action": "erase"}, "action"),
        ({"action": Action.MESSAGE, "channel": Channel.EMAIL}, "template"),
        ({"channel": Channel.EMAIL}, "template"),
        ({"contact_kind": ContactKind.PHONE}, "next_action_days"),
        ({"next_action_days": 3}, "contact_kind"),
        ({"contact_kind": "pigeon", "next_action_days": 3}, "contact_kind"),
        ({"contact_kind": ContactKind.PHONE, "next_action_days": 366}, "next_action_days"),
    ],
)
def test_a_step_that_cannot_be(chief: User, changes: dict[str, Any], field: str) -> None:
    policy = a_policy(chief)
    dunning_step_save(policy=policy, actor=chief, **fields(name="Antes", days=5))
    written = PolicyChange.objects.count()
    with pytest.raises(ValidationError) as refused:
        dunning_step_save(policy=policy, actor=chief, **fields(**changes))
    assert field in refused.value.message_dict
    assert (policy.steps.count(), PolicyChange.objects.count()) == (1, written)


def test_a_message_goes_by_its_own_channel(chief: User) -> None:
    policy, sms = a_policy(chief), message(Channel.SMS, "Aviso curto")
    with pytest.raises(ValidationError, match="Aviso curto é de SMS"):
        dunning_step_save(
            policy=policy,
            actor=chief,
            **fields(action=Action.MESSAGE, channel=Channel.EMAIL, template=sms),
        )
    old = message(name="Velha")
    old.replaced_by = sms
    old.save()
    with pytest.raises(ValidationError, match="Escolha a mensagem"):
        dunning_step_save(
            policy=policy,
            actor=chief,
            **fields(action=Action.MESSAGE, channel=Channel.EMAIL, template=old),
        )


def test_a_step_keeps_its_row_while_it_does_the_same(chief: User) -> None:
    policy = a_policy(chief)
    step = dunning_step_save(policy=policy, actor=chief, **fields())
    same = dunning_step_save(
        policy=policy,
        actor=chief,
        step=step,
        **fields(name="Ligar", contact_kind=ContactKind.PHONE, next_action_days=2),
    )
    assert same.pk == step.pk
    moved = dunning_step_save(policy=policy, actor=chief, step=same, **fields(days=12))
    assert moved.pk != step.pk
    step.refresh_from_db()
    assert step.archived_at is not None
    assert moved.origin == step, "whoever took it does not take it again"
    assert [s.days for s in steps_of(policy)] == [12]
    with pytest.raises(ValidationError, match="mudado ou retirado por outra pessoa"):
        dunning_step_save(policy=policy, actor=chief, step=step, **fields(days=15))
    with pytest.raises(ValidationError, match="mudado ou retirado por outra pessoa"):
        dunning_step_archive(step=step, actor=chief)
    again = dunning_step_save(policy=policy, actor=chief, step=moved, **fields(days=12))
    dunning_step_archive(step=again, actor=chief)
    assert steps_of(policy) == []
    told = [s for change in policy.changes.order_by("pk") for s in change_sentences(change)]
    assert told == [
        "Criou a régua, sem passos.",
        "Acrescentou o passo Passo, 10 dias depois do vencimento.",
        "Passo Passo: Nome: de Passo para Ligar.",
        "Passo Passo: Tipo de contato padrão: de nada para Telefone.",
        "Passo Passo: Dias para a próxima ação: de nada para 2.",
        "Passo Ligar: Nome: de Ligar para Passo.",
        "Passo Ligar: Dias para executar: de 10 dias depois do vencimento para 12 dias depois do "
        "vencimento.",
        "Passo Ligar: Tipo de contato padrão: de Telefone para nada.",
        "Passo Ligar: Dias para a próxima ação: de 2 para nada.",
        "Retirou o passo Passo, 12 dias depois do vencimento.",
    ]


def test_what_was_approved_is_not_changed_underneath(
    branch: Branch, policy: DunningPolicy, chief: User
) -> None:
    """A step that a simulated run would take does, once changed, nothing in that run."""
    factories.receivable(factories.customer(branch, email="maria@exemplo.test"), days_overdue=20)
    policy.steps.filter(required=True).update(required=False)
    run = simulated(branch)
    step = run.items.get().step
    client = signed_in(chief)
    done = client.post(
        at("dunning_step_edit", step.pk),
        typed(action="list", auto_list="yes", days="21", name=step.name),
        follow=True,
    )
    assert "será feito, e a próxima execução usa o novo" in done.content.decode()
    run_approve(run=run, actor=chief)
    run_work(run.pk)
    run.refresh_from_db()
    assert run.slices.get(number=1).done["steps"] == {}


def test_a_step_written_on_screen(chief: User, policy: DunningPolicy) -> None:
    client = signed_in(chief)
    template = MessageTemplate.objects.first()
    assert template
    new = at("dunning_step_new", policy.pk)
    sent = typed(
        name="Antes",
        days="7",
        side="antes",
        action="message",
        template=str(template.pk),
        stage="LP",
        auto_list="yes",  # what its action does not ask is not read
        contact_kind="whatsapp",
        next_action_days="0",
    )
    assert client.post(new, sent)["Location"] == at("dunning_policy", policy.pk)
    step = policy.steps.get(name="Antes")
    assert (step.days, step.channel, step.auto_list) == (-7, "email", "")
    page = said(chief, at("dunning_policy", policy.pk))
    assert "7 dias antes do vencimento" in page
    assert "WhatsApp, no mesmo dia" in page
    edit = at("dunning_step_edit", step.pk)
    assert client.get(edit).context["form"]["side"].initial == "antes"
    done = client.post(edit, {**sent, "side": "depois"}, follow=True).content.decode()
    assert "Quem já passou por ele 7 dias antes do vencimento não passa de novo." in done
    gone = client.get(edit, follow=True)
    assert gone.redirect_chain
    assert "foi mudado ou retirado" in gone.content.decode()
    now = policy.steps.get(name="Antes", archived_at=None)
    client.post(at("dunning_step_remove", now.pk))
    assert "Antes" not in [s.name for s in steps_of(policy)]


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"days": ""},
        {"days": "-3"},
        {"days": "1,5"},
        {"days": "9999999999999999999999"},
        {"days": "61", "side": "antes"},
        {"days": "5"},
        {"side": "meio"},
        {"action": ""},
        {"action": "voar"},
        {"action": "message"},
        {"action": "message", "template": "99999999"},
        {"action": "message", "template": "x\x00"},
        {"action": "list"},
        {"action": "list", "auto_list": "maybe"},
        {"action": "list", "auto_list": "yes", "days": "0"},
        {"stage": ""},
        {"stage": "NC"},
        {"stage": "RCA"},
        {"contact_kind": "phone"},
        {"contact_kind": "pombo", "next_action_days": "1"},
        {"next_action_days": "3"},
        {"contact_kind": "phone", "next_action_days": "400"},
        {"name": "a\x00b"},
    ],
)
def test_bad_steps_are_said_and_not_written(
    chief: User, policy: DunningPolicy, bad: dict[str, str]
) -> None:
    answer = signed_in(chief).post(at("dunning_step_new", policy.pk), typed(**bad))
    assert answer.status_code == 200
    assert "Nada foi gravado" in answer.content.decode()
    assert policy.steps.count() == 5


def test_listing_before_the_law_lets_is_told(chief: User, policy: DunningPolicy) -> None:
    assert early_listing(policy, steps_of(policy)) == []
    last = policy.steps.get(action=Action.LIST)
    early = dunning_step_save(
        policy=policy, actor=chief, step=last, **fields(**{**LISTING, "days": 79})
    )
    page = said(chief, at("dunning_policy", policy.pk))
    assert "até o dia 80 fica retida" in page
    policy.steps.filter(stage=Stage.NOTICE).update(stage=Stage.PENDENCY)
    assert "não tem um passo na etapa Aviso de cobrança" in said(
        chief, at("dunning_policy", policy.pk)
    )
    GeneralParameters.objects.create(pk=1, telecom_profile=False)
    assert early_listing(policy, [early]) == []
    GeneralParameters.objects.update(telecom_profile=True)
    policy.contract_kind = "other"
    assert early_listing(policy, [early]) == []


def test_messages_that_cannot_leave_are_told(
    branch: Branch, chief: User, policy: DunningPolicy
) -> None:
    page = at("dunning_policy", policy.pk)
    assert "Mensagens que não saem" not in said(chief, page)
    Branch.objects.update(number="")
    told = said(chief, page)
    assert told.count("Mensagens que não saem (Centro). Falta o endereço da filial") == 1
    policy.steps.filter(action=Action.MESSAGE).delete()
    assert "Mensagens que não saem" not in said(chief, page)


def test_the_drawing_keeps_steps_apart(chief: User, policy: DunningPolicy) -> None:
    wide, narrow = drawings(steps_of(policy))
    assert [mark.label for mark in wide.marks] == ["−3", "0", "+5", "+20", "+90"]
    for drawing in (wide, narrow):
        places = [mark.x for mark in drawing.marks]
        assert all(b - a >= 43 for a, b in pairwise(places))
        assert places[0] >= 26
        assert places[-1] <= drawing.width - 26
    many = [DunningStep(days=day, action="none", name="x") for day in range(1, 40)]
    assert drawings(many)[1].marks[-1].x <= NARROW
    assert drawings([DunningStep(days=0, action="none", name="x")])[0].marks[0].x == wide.width / 2
    assert drawings([]) == []
    assert steps_summary([]) == "Nenhum passo"
