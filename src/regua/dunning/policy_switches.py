"""Which switch keeps a branch from listing by itself: every one in its order, and where it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import Action, AutoList
from regua.dunning.models import DunningParameters, DunningPolicy, DunningStep
from regua.dunning.policy_services import may_change, sees_all
from regua.dunning.policy_wording import when
from regua.dunning.reasons import sentence
from regua.dunning.selectors import policies_visible, switches_off
from regua.integrations.models import Integration
from regua.integrations.selectors import integration_of
from regua.organization.models import Branch
from regua.web.status import Icon, Status, Tone

ON = Status("Ligada", Tone.DONE, Icon("circle-check"))
OFF = Status("Desligada", Tone.ACTIVE, Icon("circle-x"))
STEP = "switch.step"
UNKNOWN = Status("Depende das de cima", Tone.MUTED, Icon("help-circle"))


@dataclass(frozen=True, slots=True)
class Switch:
    code: str
    name: str
    status: Status
    text: str
    """How it stands, a sentence."""
    url: str = ""
    """Where this person can turn it; empty where they cannot."""
    link: str = ""

    @property
    def off(self) -> bool:
        return self.status is OFF


_NEEDS_INTEGRATION = (
    "switch.link",
    "switch.environment",
    "switch.automatic",
    "switch.codes",
    "switch.restriction_code",
    "switch.company_restriction_code",
    "switch.removal_code",
)
_NAMES = {
    "switch.general": (
        "Utilizar integração com análise de crédito",
        "Está em Sim nos Parâmetros gerais.",
    ),
    "switch.integration": ("Integração da filial", "A filial tem uma integração cadastrada."),
    "switch.link": ("Integração vinculada", "A integração está vinculada à filial."),
    "switch.environment": ("Ambiente Produção", "O ambiente da integração é Produção."),
    "switch.automatic": ("Incluir/Remover automaticamente", "Está em Sim na integração."),
    "switch.codes": ("Códigos do birô", "Os códigos já foram buscados no birô."),
    "switch.restriction_code": ("Código de restrição", "Está escolhido na integração."),
    "switch.company_restriction_code": (
        "Cód. restrição pessoa jurídica",
        "Está escolhido na integração, ou o de pessoa física serve às duas.",
    ),
    "switch.removal_code": ("Código para baixa", "Está escolhido na integração."),
}
"""In the order in which they are looked at: name and what is said of it when it is on."""


def branch_switches(branch: Branch, actor: User) -> list[Switch]:
    """Every switch between a branch and a listing that nobody has to ask for."""
    off = switches_off(branch)
    integration = integration_of(branch)
    codes = [*_NAMES, *(code for code in off if code not in _NAMES)]
    return [
        *(_switch(code, off, branch, integration, actor) for code in codes),
        *_step_switches(branch, actor),
        _daily(actor),
    ]


def _switch(
    code: str, off: dict[str, str], branch: Branch, integration: Integration | None, actor: User
) -> Switch:
    name, well = _NAMES.get(code, (sentence(code), ""))
    url, link = _place(code, branch, integration, actor)
    if code in off:
        return Switch(code, name, OFF, off[code], url, link)
    if integration is None and code in _NEEDS_INTEGRATION:
        return Switch(code, name, UNKNOWN, "Primeiro a filial precisa de uma integração.")
    if "switch.codes" in off and code in _NEEDS_INTEGRATION[-3:]:
        return Switch(code, name, UNKNOWN, "Primeiro os códigos precisam vir do birô.")
    return Switch(code, name, ON, well, url, link)


def _place(
    code: str, branch: Branch, integration: Integration | None, actor: User
) -> tuple[str, str]:
    opens, manages = Permission.VIEW_INTEGRATIONS, Permission.MANAGE_INTEGRATIONS
    if code == "switch.general":
        allowed = actor.can(Permission.MANAGE_PARAMETERS) or actor.can(opens)
        return (reverse("parameters_general"), "Parâmetros gerais") if allowed else ("", "")
    if integration is None:
        if code == "switch.integration" and actor.can(manages):
            return reverse("integration_new"), "Cadastrar integração"
        return "", ""
    if not actor.can(opens):
        return "", ""
    if code == "switch.link":
        return reverse("branch_integrations", args=[branch.pk]), "Filial, aba Integrações"
    return (
        reverse("integration_detail", args=[integration.pk]),
        f"Integração nº {integration.pk}",
    )


def _step_switches(branch: Branch, actor: User) -> list[Switch]:
    """*Negativar automaticamente* of each policy that may hold for the branch's debts."""
    policies = policies_visible(actor).filter(active=True)
    fitting = (policies.filter(branch=None) | policies.filter(branch=branch)).order_by("name", "pk")
    steps = list(
        DunningStep.objects.filter(
            policy__in=fitting.values("pk"), action=Action.LIST, archived_at=None
        )
        .select_related("policy")
        .order_by("policy__name", "days")
    )
    if not steps:
        return [
            Switch(
                STEP,
                "Negativar automaticamente, no passo da régua",
                OFF,
                "Nenhuma régua ativa desta filial tem um passo que negativa.",
                reverse("dunning_policy_list"),
                "Réguas",
            )
        ]
    return [step_switch(step, actor) for step in steps]


def step_switch(step: DunningStep, actor: User) -> Switch:
    said = {
        AutoList.YES: "Está em Sim.",
        AutoList.DEFAULT: "Está em Padrão: vale o Incluir/Remover automaticamente da integração.",
        AutoList.NO: sentence(STEP),
    }[AutoList(step.auto_list)]
    policy: DunningPolicy = step.policy
    url = reverse("dunning_policy", args=[policy.pk])
    if may_change(policy, actor):
        url = reverse("dunning_step_edit", args=[step.pk])
    return Switch(
        STEP,
        f"Negativar automaticamente ({policy.name}, {when(step.days)})",
        OFF if step.auto_list == AutoList.NO else ON,
        said,
        url,
        f"Passo {step.name}",
    )


def _daily(actor: User) -> Switch:
    active = DunningParameters.current().active
    return Switch(
        "switch.daily",
        "Ativar a régua de cobrança",
        ON if active else OFF,
        "Está em Sim: a régua anda todos os dias."
        if active
        else "Está em Não: a régua só anda quando alguém a executa em Cobrança > Execuções.",
        reverse("parameters_dunning"),
        "Parâmetros de cobrança" if sees_all(actor) else "Ver os parâmetros",
    )


def off_for_step(branch: Branch, step: DunningStep, actor: User) -> list[Switch]:
    """What keeps one step of a policy from listing in a branch by itself."""
    everywhere = [switch for switch in branch_switches(branch, actor) if switch.code != STEP]
    return [switch for switch in (*everywhere, step_switch(step, actor)) if switch.off]
