"""Which rule of a policy fits an inquiry: one SQL text, for one inquiry and for a year of them.

``_FACTS`` turns a row with the columns of ``Inquiry`` (named ``q``) into what rules ask about;
``_FITS`` is true where rule ``r`` fits those facts (``i``). The lowest position decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from regua.inquiries.choices import Outcome

REGULAR = ("regular", "ativa", "ativo")
"""The document's status, lower-case, where all is well at the Receita Federal."""


def _months(day: str) -> str:
    age = f"age((q.requested_at AT TIME ZONE 'America/Sao_Paulo')::date, {day})"
    return f"(extract(year FROM {age}) * 12 + extract(month FROM {age}))::int"


_FACTS = f"""
    CASE length(q.document) WHEN 14 THEN 'J' ELSE 'F' END AS person_kind,
    lower(btrim(q.document_status)) IN {REGULAR} AS regular,
    q.score, q.pendings_count, q.pendings_total,
    {_months("q.newest_pending_on")} AS newest_months,
    {_months("q.born_or_opened_on")} AS age_months
"""
_FITS = """
    r.person_kind IN ('A', i.person_kind)
    AND (r.document_standing = 'any' OR (r.document_standing = 'regular') = i.regular)
    AND (NOT r.without_score OR i.score IS NULL)
    AND (r.score_from IS NULL OR i.score >= r.score_from)
    AND (r.score_to IS NULL OR i.score <= r.score_to)
    AND (r.pendings_from IS NULL OR i.pendings_count >= r.pendings_from)
    AND (r.pendings_to IS NULL OR i.pendings_count <= r.pendings_to)
    AND (r.amount_from IS NULL OR i.pendings_total >= r.amount_from)
    AND (r.amount_to IS NULL OR i.pendings_total <= r.amount_to)
    AND (r.newest_from IS NULL OR i.newest_months >= r.newest_from)
    AND (r.newest_to IS NULL OR i.newest_months <= r.newest_to)
    AND (r.age_from IS NULL OR i.age_months >= r.age_from)
    AND (r.age_to IS NULL OR i.age_months <= r.age_to)
"""
_RULE = f"""
    LEFT JOIN LATERAL (
        SELECT r.id, r.outcome FROM inquiries_policyrule r
        WHERE r.policy_id = p.id AND {_FITS} ORDER BY r.position LIMIT 1
    ) r ON true
"""  # noqa: S608
DECIDING = f"""
    q AS (
        SELECT %(document)s::text AS document, %(document_status)s::text AS document_status,
               %(score)s::int AS score, %(pendings_count)s::int AS pendings_count,
               %(pendings_total)s::numeric AS pendings_total,
               %(newest_pending_on)s::date AS newest_pending_on,
               %(born_or_opened_on)s::date AS born_or_opened_on,
               %(requested_at)s::timestamptz AS requested_at
    ),
    i AS (SELECT {_FACTS} FROM q),
    decision AS (
        SELECT p.id AS policy_id, r.id AS rule_id, coalesce(r.outcome, 'review') AS outcome,
               to_jsonb(i.*) AS facts
        FROM inquiries_creditpolicy p CROSS JOIN i {_RULE}
        WHERE p.branch_id = %(branch)s AND p.status = 'active'
    )
"""  # noqa: S608
"""What the policy in force says of ``Facts``, as part of a statement: ``decision`` has no row where
the branch has no policy."""
_PAST = f"""
WITH i AS (
    SELECT q.id, q.outcome AS before, {_FACTS} FROM inquiries_inquiry q
    WHERE q.branch_id = %(branch)s AND q.status = 'answered' AND q.requested_at >= %(since)s
), past AS (
    SELECT i.id, i.before, coalesce(r.outcome, 'review') AS after, r.id AS rule_id
    FROM (SELECT %(policy)s::bigint AS id) p CROSS JOIN i {_RULE}
)
"""  # noqa: S608
_SHIFTS = f"""{_PAST}
SELECT before, after, rule_id, count(*), min(id) FROM past GROUP BY 1, 2, 3
"""  # noqa: S608
_CHANGED = f"""{_PAST}
SELECT id, before, after, rule_id FROM past
WHERE before <> after AND before = coalesce(%(before)s, before)
    AND after = coalesce(%(after)s, after)
ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report says that a policy may ask about. Money in BRL."""

    document: str
    document_status: str
    score: int | None
    pendings_count: int
    pendings_total: Decimal
    newest_pending_on: date | None
    born_or_opened_on: date | None
    requested_at: datetime

    def parameters(self, branch_id: int) -> dict[str, Any]:
        """What ``DECIDING`` needs."""
        return {name: getattr(self, name) for name in self.__slots__} | {"branch": branch_id}


@dataclass(frozen=True, slots=True)
class Match:
    """What the policy in force says; ``rule_id`` None where no rule fits: a person looks."""

    policy_id: int
    rule_id: int | None
    outcome: Outcome
    facts: dict[str, Any]


def decide(branch_id: int, facts: Facts) -> Match | None:
    """The first fitting rule of the branch's active policy; None where it has no policy."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {DECIDING} SELECT policy_id, rule_id, outcome, facts FROM decision",  # noqa: S608
            facts.parameters(branch_id),
        )
        row = cursor.fetchone()
    if row is None:
        return None
    policy, rule, outcome, looked_at = row
    return Match(policy, rule, Outcome(outcome), looked_at)


@dataclass(frozen=True, slots=True)
class Shift:
    """How many past inquiries go from one outcome to another by one rule of the policy."""

    before: str
    """An ``Outcome``, or '' where there was no policy."""
    after: str
    rule_id: int | None
    count: int
    example: int
    """One of these inquiries."""


def shifts(policy_id: int, branch_id: int, since: datetime) -> list[Shift]:
    """What ``policy_id`` would have said of the branch's answered inquiries since then."""
    with connection.cursor() as cursor:
        cursor.execute(_SHIFTS, {"policy": policy_id, "branch": branch_id, "since": since})
        return [Shift(*row) for row in cursor.fetchall()]


def changed(
    policy_id: int,
    branch_id: int,
    since: datetime,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[tuple[int, str, str, int | None]]:
    """The newest inquiries that it would decide otherwise: (inquiry, before, after, rule)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CHANGED,
            {
                "policy": policy_id,
                "branch": branch_id,
                "since": since,
                "before": before,
                "after": after,
                "limit": limit,
            },
        )
        return list(cursor.fetchall())
