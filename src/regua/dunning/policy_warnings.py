"""What a policy may do and had better not: said on its page, never forbidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regua.compliance.rules import RESCISSION_DAYS, SUSPENSION_DAYS
from regua.dunning.choices import Action, Stage
from regua.dunning.models import DunningPolicy, DunningStep
from regua.dunning.policy_wording import days_counted, when
from regua.dunning.selectors import means_of
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Contract

TELECOM_DAYS = SUSPENSION_DAYS + RESCISSION_DAYS
_LAW = "(Res. Anatel 765/2023)"


def messages_stuck(steps: Sequence[DunningStep], branches: Iterable[Branch]) -> list[str]:
    """Why messages of the steps cannot leave from some of the branches."""
    used = {step.channel for step in steps if step.channel}
    found: dict[str, list[str]] = {}
    for branch in branches:
        for why in dict.fromkeys(
            why for channel, why in means_of(branch).problems.items() if channel in used
        ):
            found.setdefault(why, []).append(branch.name)
    return [f"Mensagens que não saem ({', '.join(names)}). {why}" for why, names in found.items()]


def early_listing(policy: DunningPolicy, steps: Sequence[DunningStep]) -> list[str]:
    """Steps that list a telecommunications debt before the law lets it be listed."""
    if (
        policy.contract_kind == Contract.Kind.OTHER
        or not GeneralParameters.current().telecom_profile
    ):
        return []
    lists = [step for step in steps if step.action == Action.LIST]
    notice = min((step.days for step in steps if step.stage == Stage.NOTICE), default=None)
    if lists and notice is None:
        return [
            "Esta régua negativa e não tem um passo na etapa Aviso de cobrança. Uma dívida de "
            "telecomunicações só é negativada depois do aviso: sem ele, fica retida até que "
            f"alguém junte a prova {_LAW}."
        ]
    return [
        f"O passo {step.name} negativa {when(step.days)}, e o aviso de cobrança sai {when(notice)}."
        f" Uma dívida de telecomunicações só pode ser negativada {days_counted(TELECOM_DAYS)} "
        f"depois do aviso ({SUSPENSION_DAYS} até suspender, {RESCISSION_DAYS} até rescindir): até "
        f"o dia {notice + TELECOM_DAYS} fica retida {_LAW}."
        for step in lists
        if notice is not None and step.days < notice + TELECOM_DAYS
    ]
