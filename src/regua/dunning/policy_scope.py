"""Whose debts a policy is for, in words, and which other policy goes before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from regua.accounts.models import User
from regua.accounts.selectors import branches_visible
from regua.dunning.models import DunningPolicy
from regua.organization.models import Branch
from regua.receivables.models import Contract

PRECEDENCE = (
    "Quando mais de uma régua serve a uma dívida, vale a mais específica: o grupo de clientes pesa "
    "mais que o tipo de contrato, e este mais que a filial."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What other policies leave to one."""

    ahead: list[DunningPolicy]
    """Those that hold in its place for some of its debts."""
    holds: bool
    """Whether any debt is left to it."""


def who(policy: DunningPolicy) -> str:
    """``Filial Centro, clientes do grupo Atacado, contratos de telecomunicações``."""
    parts = [f"Filial {policy.branch.name}" if policy.branch else "Todas as filiais"]
    if policy.group:
        parts.append(f"clientes do grupo {policy.group.name}")
    if policy.contract_kind:
        parts.append(f"contratos de {Contract.Kind(policy.contract_kind).label.lower()}")
    return ", ".join(parts)


def winner(
    policies: Iterable[DunningPolicy], *, branch: int | None, group: int | None, kind: str
) -> DunningPolicy | None:
    """The one of ``policies`` that holds for such a debt (as ``sql/ladder.sql``)."""
    fitting = [
        policy
        for policy in policies
        if policy.branch_id in (None, branch)
        and policy.group_id in (None, group)
        and policy.contract_kind in ("", kind)
    ]
    return min(fitting, key=_rank, default=None)


def _rank(policy: DunningPolicy) -> tuple[bool, bool, bool]:
    return (policy.group_id is None, policy.contract_kind == "", policy.branch_id is None)


def standing(policy: DunningPolicy, rivals: Sequence[DunningPolicy], actor: User) -> Standing:
    """How an active ``policy`` fares among ``rivals``, the active ones that ``actor`` sees."""
    everyone = [policy, *(rival for rival in rivals if rival.pk != policy.pk)]
    branches: set[int | None] = {policy.branch_id}
    if policy.branch_id is None:
        named = {rival.branch_id for rival in everyone if rival.branch_id}
        branches = set(named) | ({None} if _others(actor, named) else set())
    groups: set[int | None] = {policy.group_id}
    if policy.group_id is None:
        groups |= {rival.group_id for rival in everyone}
    kinds = [policy.contract_kind] if policy.contract_kind else list(Contract.Kind.values)
    found: dict[int, DunningPolicy] = {}
    for branch, group, kind in product(branches, groups, kinds):
        holder = winner(everyone, branch=branch, group=group, kind=kind)
        if holder is not None:
            found[holder.pk] = holder
    return Standing(
        ahead=sorted((p for p in found.values() if p.pk != policy.pk), key=_rank),
        holds=policy.pk in found,
    )


def _others(actor: User, named: set[int]) -> bool:
    """Whether there is a branch for which no policy of its own was written."""
    return branches_visible(actor).exclude(pk__in=named).exists()


def branches_of(policy: DunningPolicy, actor: User) -> list[Branch]:
    """The active branches that the policy is for and that ``actor`` sees."""
    rows = branches_visible(actor)
    return list(rows.filter(pk=policy.branch_id) if policy.branch_id else rows)
