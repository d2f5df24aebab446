"""Reading policies, what a draft would have decided, and the decision of an inquiry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from regua.accounts.access import require, visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.choices import PolicyStatus
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.matching import Shift, shifts
from regua.inquiries.policy.models import CreditPolicy, Decision, DecisionOverride, Terms


def policies_visible(actor: User) -> QuerySet[CreditPolicy]:
    return visible(
        CreditPolicy.objects.select_related("branch", "created_by", "activated_by"),
        actor=actor,
        permission=Permission.VIEW_CREDIT_POLICY,
    )


def policy_in_force(branch_id: int) -> CreditPolicy | None:
    return CreditPolicy.objects.filter(branch_id=branch_id, status=PolicyStatus.ACTIVE).first()


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a policy would have said of a branch's answered inquiries since an instant."""

    since: datetime
    shifts: list[Shift]

    @property
    def total(self) -> int:
        return sum(shift.count for shift in self.shifts)

    @property
    def changed(self) -> int:
        return sum(shift.count for shift in self.shifts if shift.before != shift.after)

    @property
    def before(self) -> Counter[str]:
        return self._by("before")

    @property
    def after(self) -> Counter[str]:
        return self._by("after")

    @property
    def by_rule(self) -> Counter[int | None]:
        """How many each rule would have decided; under None those that none fitted."""
        counts: Counter[int | None] = Counter()
        for shift in self.shifts:
            counts[shift.rule_id] += shift.count
        return counts

    def _by(self, name: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for shift in self.shifts:
            counts[getattr(shift, name)] += shift.count
        return counts


def policy_simulate(policy: CreditPolicy, *, actor: User, since: datetime) -> Simulation:
    """Run ``policy`` over the past; nothing is changed."""
    require(actor, Permission.VIEW_CREDIT_POLICY, branch_id=policy.branch_id)
    return Simulation(since, shifts(policy.pk, policy.branch_id, since))


def decision_of(inquiry: Inquiry) -> Decision | None:
    return (
        Decision.objects.filter(inquiry=inquiry)
        .select_related("policy", "rule", "policy__branch")
        .first()
    )


def overrides_of(inquiry: Inquiry) -> list[DecisionOverride]:
    """What people decided over the policy, the newest (which holds) first."""
    return list(DecisionOverride.objects.filter(inquiry=inquiry).select_related("actor"))


def terms_of(decision: Decision | None, overrides: list[DecisionOverride]) -> Terms | None:
    """The conditions that hold now."""
    if overrides:
        return overrides[0]
    return decision.rule if decision else None
