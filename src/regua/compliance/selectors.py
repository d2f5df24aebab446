"""Asking the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.models import Evidence, NoticeTerm
from regua.compliance.rules import FROM_DEBT, RULES, Profile, Rule, Severity
from regua.organization.models import GeneralParameters, ParameterChange


class State(StrEnum):
    """A rule's answer about one debt."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    MISSING = "missing"
    """A document that proves it is not on file."""
    WARN = "warn"
    OVERRIDDEN = "overridden"
    """It does not hold, and somebody decided to go on with a reason (``RuleOverride``)."""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    state: State
    opens_on: date | None = None
    """From when the rule will hold by itself, where it does not and waiting mends it."""

    @property
    def passed(self) -> bool:
        return self.state is State.PASS

    @property
    def blocks(self) -> bool:
        return self.state in (State.FAIL, State.MISSING)


TERM_CHANGE = "notice_term."
"""How the name of a change of a state's notice term begins; the UF follows."""


def evidence_visible(actor: User) -> QuerySet[Evidence]:
    """The files on file, the withdrawn ones too; without their bytes."""
    return visible(
        Evidence.objects.select_related(
            "customer", "contract", "receivable", "uploaded_by", "withdrawn_by"
        ),
        actor=actor,
        permission=Permission.VIEW_EVIDENCE,
        branch="customer__branch",
    )


def notice_term_changes() -> QuerySet[ParameterChange]:
    """The newest first, with who made them."""
    return ParameterChange.objects.filter(name__startswith=TERM_CHANGE).select_related("actor")


def gate_parameters(
    *,
    today: date | None = None,
    apart_from: Sequence[int] = (),
    general: GeneralParameters | None = None,
) -> dict[str, Any]:
    """What the rules' predicates need besides the rows; ``apart_from`` are listings' ids."""
    general = general or GeneralParameters.current()
    return {
        "today": today or timezone.localdate(),
        "apart_from": list(apart_from),
        "listing_min_days": general.listing_min_days,
        "listing_min_amount": general.listing_min_amount,
        "listing_max_amount": general.listing_max_amount,
    }


def answer_sql(rule: Rule, *, telecom: bool) -> str:
    """The predicate, or NULL where the rule does not concern the debt (``k`` tells its kind)."""
    if rule.profile is Profile.GENERAL:
        return f"({rule.predicate})"
    return f"CASE WHEN k.kind = 'telecom' THEN ({rule.predicate}) END" if telecom else "NULL::bool"


def evaluate(
    receivable_ids: Sequence[int],
    *,
    today: date | None = None,
    apart_from: Sequence[int] = (),
    general: GeneralParameters | None = None,
) -> dict[int, list[Finding]]:
    """Every rule's answer for each receivable, in one query; those that do not concern it are left
    out. ``apart_from``: listings that do not count as one already there. ``general``: the
    parameters of now, where the caller has them in hand."""
    general = general or GeneralParameters.current()
    with connection.cursor() as cursor:
        cursor.execute(
            _evaluation(general.telecom_profile),
            {
                "ids": list(receivable_ids),
                **gate_parameters(today=today, apart_from=apart_from, general=general),
            },
        )
        return {
            pk: [
                passed if holds else _failing(passed.rule, overridden, opens_on, general)
                for passed, holds, opens_on in zip(_PASSED, answers, opening, strict=True)
                if holds is not None
            ]
            for pk, overridden, opening, answers in cursor.fetchall()
        }


@cache
def _evaluation(telecom: bool) -> str:
    answers = ", ".join(answer_sql(rule, telecom=telecom) for rule in RULES)
    opening = ", ".join(f"({rule.opens_on})" if rule.opens_on else "NULL" for rule in RULES)
    return f"""
        SELECT r.id,
            ARRAY(
                SELECT o.rule FROM compliance_ruleoverride o
                WHERE o.receivable_id = r.id AND o.withdrawn_at IS NULL
            ),
            ARRAY[{opening}]::date[],
            ARRAY[{answers}]
        FROM {FROM_DEBT}
        WHERE r.id = ANY(%(ids)s::bigint[])
    """  # noqa: S608


def state_sql(rule: Rule, general: GeneralParameters) -> str:
    """A rule's ``State`` as text, as ``evaluate`` tells it; NULL where it does not concern the
    debt. Over ``FROM_DEBT``, with ``gate_parameters``."""
    answer = answer_sql(rule, telecom=general.telecom_profile)
    failing = f"'{_state(rule, (), general)}'"
    if rule.overridable:
        failing = f"CASE WHEN {_overridden(rule)} THEN '{State.OVERRIDDEN}' ELSE {failing} END"
    return f"CASE {answer} WHEN true THEN '{State.PASS}' WHEN false THEN {failing} END"


def blocking_sql(general: GeneralParameters) -> str:
    """The codes of the rules that forbid to list a debt, as ``text[]``, over ``FROM_DEBT``."""
    codes = []
    for rule in RULES:
        if not Finding(rule, _state(rule, (), general)).blocks:
            continue
        fails = f"({answer_sql(rule, telecom=general.telecom_profile)}) IS FALSE"
        if rule.overridable:
            fails += f" AND NOT {_overridden(rule)}"
        codes.append(f"CASE WHEN {fails} THEN '{rule.code}' END")
    return f"array_remove(ARRAY[{', '.join(codes)}]::text[], NULL)"


def _overridden(rule: Rule) -> str:
    return (
        "EXISTS (SELECT FROM compliance_ruleoverride o WHERE o.receivable_id = r.id"
        f" AND o.withdrawn_at IS NULL AND o.rule = '{rule.code}')"
    )


_PASSED = tuple(Finding(rule, State.PASS) for rule in RULES)
"""Shared by all debts: most rules hold of most of them, and millions of objects cost seconds."""


def _failing(
    rule: Rule, overridden: Sequence[str], opens_on: date | None, general: GeneralParameters
) -> Finding:
    return Finding(rule, _state(rule, overridden, general), opens_on)


def _state(rule: Rule, overridden: Sequence[str], general: GeneralParameters) -> State:
    if rule.overridable and rule.code in overridden:
        return State.OVERRIDDEN
    match rule.severity:
        case Severity.WARN:
            return State.WARN
        case Severity.EVIDENCE:
            asked = rule.profile is Profile.TELECOM or general.require_debt_document
            return State.MISSING if asked else State.WARN
        case Severity.BLOCK:
            return State.FAIL


def customer_gaps(customer_id: int) -> list[Rule]:
    """The rules on the customer's own data that do not hold: what must be filled in to list."""
    rules = [rule for rule in RULES if rule.field]
    predicates = ", ".join(f"({rule.predicate})" for rule in rules)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {predicates} FROM parties_customer c WHERE c.id = %(id)s",  # noqa: S608
            {"id": customer_id},
        )
        row = cursor.fetchone()
    if row is None:
        return []
    return [rule for rule, ok in zip(rules, row, strict=True) if not ok]


def notice_days(state: str) -> int:
    """Days between the bureau's notice and the visible record for a debtor of that UF."""
    term = NoticeTerm.objects.filter(state=state).first()
    return term.days if term else NoticeTerm.DEFAULT_DAYS
