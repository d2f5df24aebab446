"""Reading the régua: who may see what, what a branch has at hand, which switch is off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Min, Q, QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import Channel
from regua.dunning.models import (
    DunningHold,
    DunningPolicy,
    DunningRun,
    DunningStep,
    DunningTask,
    MessageGateway,
)
from regua.integrations.selectors import automatic_obstacles, integration_of
from regua.organization.models import Branch
from regua.receivables.models import Receivable

NO_INTEGRATION = "Esta filial não tem integração de análise de crédito."


@dataclass(frozen=True, slots=True)
class Means:
    """What a branch has at hand to collect with, and what it costs."""

    message_prices: dict[str, Decimal]
    """Each channel by which messages can leave → reais a message."""
    listing_price: Decimal
    """Reais a listing; 0 where nobody wrote it down."""
    problems: dict[str, str]
    """Each channel by which none can → why, a sentence."""


def has_address(branch: Branch) -> bool:
    """Whether a message can show where its creditor is, as it must (CDC, art. 42-A)."""
    return all((branch.postal_code, branch.street, branch.number, branch.city, branch.state))


def means_of(branch: Branch) -> Means:
    prices: dict[str, Decimal] = {}
    problems: dict[str, str] = {}
    gateways = {row.channel: row for row in MessageGateway.objects.filter(active=True)}
    for channel in Channel:
        if not has_address(branch):
            problems[channel] = (
                "Falta o endereço da filial, que toda cobrança precisa mostrar (CDC, art. 42-A). "
                "Preencha em Configurações > Empresa > Filiais."
            )
        elif channel is Channel.EMAIL:
            if settings.CONFIG.smtp_url.get_secret_value():
                prices[channel] = Decimal(0)
            else:
                problems[channel] = (
                    "Nenhum servidor de e-mail está configurado (REGUA_SMTP_URL). "
                    "Peça a quem instalou a Régua."
                )
        elif channel in gateways:
            prices[channel] = gateways[channel].cost
        else:
            problems[channel] = (
                f"Nenhum canal de {channel.label} está configurado. "
                "Configure em Parâmetros de cobrança > Canais."
            )
    integration = integration_of(branch)
    price = integration.listing_price if integration else None
    return Means(prices, price or Decimal(0), problems)


def switches_off(branch: Branch) -> dict[str, str]:
    """Each switch of the branch that keeps listings from being automatic: code → sentence.

    The step's own, the customer's and the gate are looked at for each debt.
    """
    integration = integration_of(branch)
    if integration is None:
        return {"switch.integration": NO_INTEGRATION}
    return automatic_obstacles(integration)


def reached_until(branch: Branch, day: date) -> date | None:
    """The last due date that any step of the branch's policies reaches on ``day``; None where no
    policy holds."""
    policies = DunningPolicy.objects.filter(Q(branch=None) | Q(branch=branch), active=True)
    steps = DunningStep.objects.filter(policy__in=policies, archived_at=None)
    first = steps.aggregate(days=Min("days"))["days"]
    return None if first is None else day - timedelta(days=first)


def policies_visible(actor: User) -> QuerySet[DunningPolicy]:
    """The policies of the actor's branches and those of all branches."""
    if not actor.can(Permission.VIEW_DUNNING):
        return DunningPolicy.objects.none()
    rows = DunningPolicy.objects.select_related("branch", "group")
    if actor.all_branches:
        return rows
    return rows.filter(branch=None) | rows.filter(branch__in=actor.branch_ids)


def steps_of(policy: DunningPolicy) -> list[DunningStep]:
    """In the order of their days, those that hold."""
    return list(policy.steps.filter(archived_at=None).select_related("template").order_by("days"))


def policy_for(
    receivable: Receivable, policies: Iterable[DunningPolicy] | None = None
) -> DunningPolicy | None:
    """The policy that a debt follows: the most specific one that fits (``sql/ladder.sql``).

    ``policies`` are the active ones, where many debts are asked about at once.
    """
    fitting = [
        policy
        for policy in (DunningPolicy.objects.filter(active=True) if policies is None else policies)
        if policy.branch_id in (None, receivable.branch_id)
        and policy.group_id in (None, receivable.customer.group_id)
        and policy.contract_kind in ("", receivable.contract.kind)
    ]
    return min(
        fitting,
        key=lambda p: (p.group_id is None, p.contract_kind == "", p.branch_id is None),
        default=None,
    )


def runs_visible(actor: User) -> QuerySet[DunningRun]:
    return visible(
        DunningRun.objects.select_related("branch", "requested_by", "approved_by"),
        actor=actor,
        permission=Permission.VIEW_DUNNING,
    )


def holds_visible(actor: User) -> QuerySet[DunningHold]:
    """Debts whose step is due and may not be taken."""
    return visible(
        DunningHold.objects.select_related("receivable__customer", "receivable__contract", "step"),
        actor=actor,
        permission=Permission.VIEW_DUNNING,
    )


def tasks_visible(actor: User) -> QuerySet[DunningTask]:
    return visible(
        DunningTask.objects.select_related("customer", "assigned_to", "step"),
        actor=actor,
        permission=Permission.VIEW_DUNNING,
    )
