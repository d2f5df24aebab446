"""Steps of a policy, and what was changed in it, as sentences."""

from __future__ import annotations

from typing import Any

from regua.dunning.choices import Action, AutoList, Channel, ContactKind, Stage
from regua.dunning.models import DunningPolicy, DunningStep, PolicyChange
from regua.receivables.models import Contract

_LABELS = {
    "name": "Nome",
    "branch": "Filial",
    "group": "Grupo de clientes",
    "contract_kind": "Tipo de contrato",
    "active": "Ativa",
    "stage": "Etapa",
    "days": "Dias para executar",
    "required": "Não pode ser pulado",
    "action": "Ação automática",
    "channel": "Canal",
    "template": "Mensagem",
    "auto_list": "Negativar automaticamente",
    "contact_kind": "Tipo de contato padrão",
    "next_action_days": "Dias para a próxima ação",
}
_CHOICES: dict[str, Any] = {
    "stage": Stage,
    "action": Action,
    "channel": Channel,
    "auto_list": AutoList,
    "contact_kind": ContactKind,
    "contract_kind": Contract.Kind,
}
_NOTHING = {"branch": "todas", "group": "todos", "contract_kind": "todos"}


def days_counted(number: int) -> str:
    return "1 dia" if number == 1 else f"{number} dias"


def when(days: int) -> str:
    """``3 dias antes do vencimento``."""
    if days == 0:
        return "no dia do vencimento"
    side = "depois" if days > 0 else "antes"
    return f"{days_counted(abs(days))} {side} do vencimento"


def signed(days: int) -> str:
    """``−3``, ``0``, ``+20``, with a true minus."""
    return str(days) if days == 0 else f"+{days}" if days > 0 else f"\N{MINUS SIGN}{-days}"


def action(step: DunningStep) -> str:
    """The automatic half."""
    match step.action:
        case Action.MESSAGE:
            name = step.template.name if step.template else ""
            return f"Envia {step.get_channel_display()}: {name}"
        case Action.LIST if step.auto_list == AutoList.NO:
            return "Não negativa: a dívida fica retida até alguém decidir"
        case Action.LIST:
            return "Negativa o cliente no birô"
        case _:
            return "Só marca a etapa"


def contact(step: DunningStep) -> str:
    """The manual half; empty where nobody has to do anything."""
    if not step.contact_kind:
        return ""
    days = step.next_action_days or 0
    later = f"{days_counted(days)} depois" if days else "no mesmo dia"
    return f"{step.get_contact_kind_display()}, {later}"


def steps_summary(steps: list[DunningStep]) -> str:
    """``5 passos: −3, 0, +5, +20 e +90 dias``."""
    if not steps:
        return "Nenhum passo"
    days = [signed(step.days) for step in steps]
    listed = " e ".join(filter(None, [", ".join(days[:-1]), days[-1]]))
    return f"{'1 passo' if len(steps) == 1 else f'{len(steps)} passos'}: {listed} dias"


def policy_values(policy: DunningPolicy) -> dict[str, Any]:
    """What the history keeps of a policy: names as they were, codes as they are."""
    return {
        "name": policy.name,
        "branch": policy.branch.name if policy.branch else None,
        "group": policy.group.name if policy.group else None,
        "contract_kind": policy.contract_kind or None,
        "active": policy.active,
    }


def step_values(step: DunningStep) -> dict[str, Any]:
    return {
        "step": step.name,
        "name": step.name,
        "days": step.days,
        "stage": step.stage,
        "required": step.required,
        "action": step.action,
        "channel": step.channel or None,
        "template": step.template.name if step.template else None,
        "auto_list": step.auto_list or None,
        "contact_kind": step.contact_kind or None,
        "next_action_days": step.next_action_days,
    }


def change_sentences(change: PolicyChange) -> list[str]:
    """What a change was, one sentence for each thing that became different."""
    before: dict[str, Any] = change.before or {}
    after: dict[str, Any] = change.after or {}
    if "step" in before or "step" in after:
        name = (before or after)["step"]
        if not before:
            return [f"Acrescentou o passo {name}, {when(after['days'])}."]
        if not after:
            return [f"Retirou o passo {name}, {when(before['days'])}."]
        return [f"Passo {name}: {line}" for line in _differences(before, after)]
    if not before:
        steps = after.get("steps", 0)
        copied = f", a partir de {after['copy_of']}" if after.get("copy_of") else ""
        counted = {0: "sem passos", 1: "com 1 passo"}.get(steps, f"com {steps} passos")
        return [f"Criou a régua, {counted}{copied}."]
    return _differences(before, after)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{label}: de {_said(name, before.get(name))} para {_said(name, after.get(name))}."
        for name, label in _LABELS.items()
        if before.get(name) != after.get(name)
    ]


def _said(name: str, value: Any) -> str:
    match value:
        case None | "":
            return _NOTHING.get(name, "nada")
        case bool():
            return "Sim" if value else "Não"
        case _ if name == "days":
            return when(int(value))
        case _ if name in _CHOICES and value in _CHOICES[name].values:
            return str(_CHOICES[name](value).label)
        case _:
            return str(value)
