"""Changing *Parâmetros de cobrança*: the general ones, policies and their steps.

Who sees only some branches changes only what is theirs; what holds for all branches asks for
somebody who sees all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from regua.accounts.access import NotAllowed, require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import ENDED, STEP_STAGES, Action, AutoList, ContactKind, Stage
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import (
    DunningItem,
    DunningParameters,
    DunningPolicy,
    DunningStep,
    PolicyChange,
)
from regua.dunning.policy_scope import who
from regua.dunning.policy_wording import policy_values, step_values, when
from regua.integrations.services import constraint_of
from regua.organization.models import Branch, ParameterChange
from regua.receivables.models import Contract

PARAMETERS = (
    "active",
    "run_at",
    "needs_approval",
    "message_inactive",
    "opens_at",
    "closes_at",
    "saturday_closes_at",
)
CHANGE_PREFIX = "dunning."
"""How the history of parameters names ours."""
POLICY_FIELDS = ("name", "branch", "group", "contract_kind", "active")
_DOES = ("stage", "days", "required", "action", "channel", "template", "auto_list")
STEP_FIELDS = ("name", *_DOES, "contact_kind", "next_action_days")
FIRST_DAY, LAST_DAY, MOST_NEXT = -60, 1800, 365


def sees_all(actor: User) -> bool:
    """Whether nothing that holds for all branches is beyond what ``actor`` sees."""
    return actor.all_branches or not (
        Branch.objects.filter(active=True).exclude(pk__in=actor.branch_ids).exists()
    )


def may_change(policy: DunningPolicy, actor: User) -> bool:
    if not actor.can(Permission.MANAGE_DUNNING):
        return False
    return actor.sees_branch(policy.branch_id) if policy.branch_id else sees_all(actor)


def require_all(actor: User) -> None:
    """Raise ``NotAllowed`` unless ``actor`` may change what holds for all branches."""
    _require(actor, None)


def require_policy(policy: DunningPolicy, actor: User) -> None:
    """Raise ``NotAllowed`` unless ``actor`` may change the policy."""
    _require(actor, policy.branch_id)


def _require(actor: User, branch_id: int | None) -> None:
    require(actor, Permission.MANAGE_DUNNING, branch_id=branch_id)
    if branch_id is None and not sees_all(actor):
        raise NotAllowed(
            "Isto vale para todas as filiais, e você tem acesso só a algumas. Nada foi feito. "
            "Peça a quem vê todas ou crie uma régua só para a sua filial."
        )


# --- General -------------------------------------------------------------------------------------


def dunning_parameters_update(*, actor: User, **values: Any) -> DunningParameters:
    """Change general parameters (those of ``PARAMETERS``); each change is kept with its author.

    Raises ``ValidationError`` with a sentence per field; nothing is changed then.
    """
    _require(actor, None)
    unknown = set(values) - set(PARAMETERS)
    if unknown:
        raise TypeError(f"unexpected parameters: {sorted(unknown)}")
    with transaction.atomic():
        DunningParameters.objects.bulk_create([DunningParameters(pk=1)], ignore_conflicts=True)
        row = DunningParameters.objects.select_for_update().get(pk=1)
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        problems = {}
        if row.opens_at >= row.closes_at:
            problems["closes_at"] = "O fim do horário precisa ser depois do começo."
        if row.saturday_closes_at is not None and row.opens_at >= row.saturday_closes_at:
            problems["saturday_closes_at"] = (
                "O fim do horário aos sábados precisa ser depois do começo. Deixe vazio para não "
                "enviar aos sábados."
            )
        if problems:
            raise ValidationError(problems)
        row.save()
        ParameterChange.objects.bulk_create(
            ParameterChange(
                name=f"{CHANGE_PREFIX}{name}",
                before=_plain(before[name]),
                after=_plain(value),
                actor=actor,
            )
            for name, value in values.items()
            if value != before[name]
        )
    return row


def dunning_parameter_changes() -> QuerySet[ParameterChange]:
    """The newest first, with who made them."""
    names = [f"{CHANGE_PREFIX}{name}" for name in PARAMETERS]
    return ParameterChange.objects.filter(name__in=names).select_related("actor")


def _plain(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, time) else value


# --- Policies ------------------------------------------------------------------------------------


def dunning_policy_create(
    *, actor: User, copy_of: DunningPolicy | None = None, **fields: Any
) -> DunningPolicy:
    """A new policy, empty or with the steps of another. ``fields``: those of ``POLICY_FIELDS``.

    Raises ``ValidationError`` with a sentence per field.
    """
    policy = DunningPolicy()
    with transaction.atomic():
        _fill_policy(policy, actor, fields)
        steps = []
        if copy_of is not None:
            steps = list(copy_of.steps.filter(archived_at=None))
            for step in steps:
                step.pk, step.policy, step.origin = None, policy, None
            DunningStep.objects.bulk_create(steps)
        after = policy_values(policy) | {"steps": len(steps)}
        if copy_of is not None:
            after["copy_of"] = copy_of.name
        PolicyChange.objects.create(policy=policy, after=after, actor=actor)
    return policy


def dunning_policy_update(*, policy: DunningPolicy, actor: User, **fields: Any) -> DunningPolicy:
    """Change a policy's name, whom it is for, or whether it is active.

    Raises ``ValidationError`` with a sentence per field.
    """
    with _editing(policy, actor) as locked:
        before = policy_values(locked)
        _fill_policy(locked, actor, fields)
        after = policy_values(locked)
        if before != after:
            PolicyChange.objects.create(policy=locked, before=before, after=after, actor=actor)
    return locked


def dunning_default_create(*, actor: User) -> DunningPolicy:
    """*Criar a régua padrão*; the one there is if there is."""
    _require(actor, None)
    _check_free(DunningPolicy(active=True))
    return default_policy_create(actor=actor)


def _fill_policy(policy: DunningPolicy, actor: User, fields: dict[str, Any]) -> None:
    unknown = set(fields) - set(POLICY_FIELDS)
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(policy, name, value)
    _require(actor, policy.branch_id)
    policy.name = policy.name.strip()
    if not policy.name:
        raise ValidationError({"name": "Dê um nome à régua."})
    if policy.contract_kind not in ("", *Contract.Kind.values):
        raise ValidationError({"contract_kind": "Escolha um tipo de contrato da lista."})
    _check_free(policy)
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as error:
        if constraint_of(error) != "dunning_policy_once":
            raise
        _check_free(policy)  # somebody else has just saved the same
        raise


def _check_free(policy: DunningPolicy) -> None:
    if not policy.active:
        return
    same = DunningPolicy.objects.filter(
        active=True,
        branch=policy.branch,
        group=policy.group,
        contract_kind=policy.contract_kind,
    ).exclude(pk=policy.pk)
    other = same.select_related("branch", "group").first()
    if other is not None:
        raise ValidationError(
            f"A régua {other.name} já vale para os mesmos ({who(other)}), e só uma pode valer. "
            "Nada foi gravado. Mude para quem esta vale, ou desative uma das duas."
        )


@contextmanager
def _editing(policy: DunningPolicy, actor: User) -> Iterator[DunningPolicy]:
    """Hold a policy still while it or its steps are changed."""
    _require(actor, policy.branch_id)
    with transaction.atomic():
        locked = DunningPolicy.objects.select_for_update().get(pk=policy.pk)
        _require(actor, locked.branch_id)
        yield locked


# --- Steps ---------------------------------------------------------------------------------------


def dunning_step_save(
    *, policy: DunningPolicy, actor: User, step: DunningStep | None = None, **fields: Any
) -> DunningStep:
    """Add a step, or change one. ``fields`` are all of ``STEP_FIELDS``.

    A change of what the step does by itself makes a new row of it: a run that was simulated, and
    perhaps approved, with the old one does nothing that nobody saw. Whoever took the old row does
    not take the new one, unless its action is another. Raises ``ValidationError`` with a sentence
    per field.
    """
    if set(fields) != set(STEP_FIELDS):
        raise TypeError(f"not the fields of a step: {sorted(set(fields) ^ set(STEP_FIELDS))}")
    with _editing(policy, actor) as locked:
        current = _still_there(locked, step) if step is not None else None
        saved = DunningStep(policy=locked, **fields)
        if saved.action == Action.LIST:
            saved.stage = Stage.LIST
        _check_step(saved, replaces=current)
        before = step_values(current) if current else None
        if current is not None:
            if saved.action == current.action:
                saved.origin = current.origin or current
            if all(getattr(saved, name) == getattr(current, name) for name in _DOES):
                saved.pk, saved.origin = current.pk, current.origin
            else:
                _archive(current)
        saved.save()
        after = step_values(saved)
        if before != after:
            PolicyChange.objects.create(policy=locked, before=before, after=after, actor=actor)
    return saved


def dunning_step_archive(*, step: DunningStep, actor: User) -> None:
    """Take a step out of its policy; what was done by it stays.

    Raises ``ValidationError`` where somebody has done so already.
    """
    with _editing(step.policy, actor) as locked:
        current = _still_there(locked, step)
        _archive(current)
        PolicyChange.objects.create(policy=locked, before=step_values(current), actor=actor)


def awaited_by_a_run(step: DunningStep) -> bool:
    """Whether a run that is not over yet would take this step for somebody."""
    return DunningItem.objects.filter(step=step).exclude(run__state__in=ENDED).exists()


def _archive(step: DunningStep) -> None:
    step.archived_at = timezone.now()
    step.save(update_fields=["archived_at"])


def _still_there(policy: DunningPolicy, step: DunningStep) -> DunningStep:
    found = policy.steps.filter(pk=step.pk, archived_at=None).select_related("template").first()
    if found is None:
        raise ValidationError(
            "Este passo foi mudado ou retirado por outra pessoa. Nada mudou agora. Veja como a "
            "régua ficou."
        )
    return found


def _check_step(step: DunningStep, *, replaces: DunningStep | None) -> None:
    problems: dict[str, str] = {}
    step.name = step.name.strip()
    if not step.name:
        problems["name"] = "Dê um nome ao passo."
    if step.stage not in STEP_STAGES:
        problems["stage"] = "Escolha a etapa."
    elif step.stage == Stage.LIST and step.action != Action.LIST:
        problems["stage"] = "A etapa Negativar cliente é só de passos que negativam."
    if not FIRST_DAY <= step.days <= LAST_DAY:
        problems["days"] = "Escreva de 60 dias antes até 1.800 dias depois do vencimento."
    elif step.action == Action.LIST and step.days <= 0:
        problems["days"] = "Só se negativa uma dívida vencida: escreva pelo menos 1 dia depois."
    else:
        same = step.policy.steps.filter(archived_at=None, days=step.days).first()
        if same is not None and same != replaces:
            problems["days"] = (
                f"O passo {same.name} já acontece {when(step.days)}. Dois passos não podem cair "
                "no mesmo dia: escolha outro."
            )
    if step.action not in Action.values:
        problems["action"] = "Escolha o que acontece por si."
    problems |= _check_halves(step)
    if problems:
        raise ValidationError(problems)


def _check_halves(step: DunningStep) -> dict[str, str]:
    problems: dict[str, str] = {}
    if step.action == Action.MESSAGE:
        if step.template is None or step.template.replaced_by_id is not None:
            problems["template"] = "Escolha a mensagem que será enviada."
        elif step.channel != step.template.channel:
            problems["template"] = (
                f"A mensagem {step.template.name} é de {step.template.get_channel_display()}, e o "
                "canal do passo é outro. Escolha uma mensagem do mesmo canal."
            )
    elif step.template is not None or step.channel:
        problems["template"] = "Só um passo que envia mensagem tem mensagem e canal."
    if step.action == Action.LIST and step.auto_list not in AutoList.values:
        problems["auto_list"] = "Escolha Sim, Padrão ou Não."
    elif step.action != Action.LIST and step.auto_list:
        problems["auto_list"] = "Só um passo que negativa tem esta resposta."
    if step.contact_kind not in ("", *ContactKind.values):
        problems["contact_kind"] = "Escolha o tipo de contato da lista."
    elif step.contact_kind and step.next_action_days is None:
        problems["next_action_days"] = "Escreva quantos dias depois do passo a pessoa age."
    elif not step.contact_kind and step.next_action_days is not None:
        problems["contact_kind"] = "Escolha como a pessoa entra em contato, ou apague os dias."
    if step.next_action_days is not None and not 0 <= step.next_action_days <= MOST_NEXT:
        problems["next_action_days"] = f"Escreva de 0 a {MOST_NEXT} dias."
    return problems
