"""Asking the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.utils import timezone

from regua.compliance.rules import RULES, Rule, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    passed: bool

    @property
    def blocks(self) -> bool:
        return not self.passed and self.rule.severity is not Severity.WARN


def evaluate(
    receivable_ids: Sequence[int], *, today: date | None = None
) -> dict[int, list[Finding]]:
    """Every rule's answer for each receivable, in one query."""
    predicates = ", ".join(f"({rule.predicate})" for rule in RULES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, {predicates}
            FROM receivables_receivable r
            JOIN parties_customer c ON c.id = r.customer_id
            JOIN organization_branch b ON b.id = r.branch_id
            WHERE r.id = ANY(%(ids)s)
            """,  # noqa: S608
            {"ids": list(receivable_ids), "today": today or timezone.localdate()},
        )
        return {
            row[0]: [Finding(rule, bool(ok)) for rule, ok in zip(RULES, row[1:], strict=True)]
            for row in cursor.fetchall()
        }


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
