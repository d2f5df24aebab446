"""The two statements that every inquiry runs: its intent, and its answer.

Each does in one round trip what would be several, and is whole or not at all by itself.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from regua.inquiries.budget import SPENDING, month_of, refuse
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.matching import DECIDING, Facts
from regua.integrations.outbox import URGENT, Claim, ask_for_sender, asking, sender_parameters
from regua.web import sql

_KEPT = (
    "document_status",
    "score",
    "pendings_count",
    "pendings_total",
    "newest_pending_on",
    "born_or_opened_on",
)
"""The facts that stay on the inquiry."""
_CUSTOMER = """(
    SELECT id FROM parties_customer
    WHERE branch_id = %(branch)s AND document = %(document)s::varchar
)"""


def intent_write(question: Inquiry, sender: str) -> None:
    """Spend its cost, write ``question`` and ask for ``sender``, or nothing of all that.

    A question about nobody in particular is the branch's customer's with that document, if any.
    Raises ``BudgetSpent``, and ``IntegrityError`` where the same is being asked or was asked with
    the same key.
    """
    about_nobody = question.party is None
    columns, values, parameters = sql.insertion(
        question, **({"customer_id": _CUSTOMER} if about_nobody else {})
    )
    parameters |= sender_parameters(sender, question.integration_id, priority=URGENT) | {
        "branch": question.branch_id,
        "month": month_of(question.requested_at),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {SPENDING}, question AS (
                INSERT INTO inquiries_inquiry ({columns}) SELECT {values} FROM spending
                RETURNING id, customer_id, due_at
            ), {asking("question")}
            SELECT id, customer_id, due_at, EXISTS (SELECT FROM sender) FROM question
            """,  # noqa: S608
            parameters,
        )
        row = cursor.fetchone()
    if row is None:
        raise refuse(question.branch, question.cost, now=question.requested_at)
    question.pk, question.customer_id, question.due_at, asked = row
    question._state.adding = False
    if not asked:
        ask_for_sender(sender, question.integration_id, priority=URGENT)


def answer_write(claim: Claim[Inquiry], facts: Facts, **changes: Any) -> bool:
    """Settle a claimed inquiry as answered, decided by the branch's policy if it has one.

    ``changes`` are the columns besides those that ``facts`` hold. False, and nothing is written,
    where another sender has taken it since.
    """
    inquiry = claim.row
    changes |= {
        "status": Inquiry.Status.ANSWERED,
        "due_at": None,
        "unknown": False,
        "problem": "",
        **{name: getattr(facts, name) for name in _KEPT},
    }
    assignments, parameters = sql.assignments(Inquiry, changes)
    parameters |= facts.parameters(inquiry.branch_id) | {
        "id": inquiry.pk,
        "attempts": claim.attempts,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH {DECIDING}, settled AS (
                UPDATE inquiries_inquiry
                SET {assignments}, outcome = coalesce((SELECT outcome FROM decision), '')
                WHERE id = %(id)s AND attempts = %(attempts)s AND status IN ('queued', 'sent')
                RETURNING id
            ), decided AS (
                INSERT INTO inquiries_decision (inquiry_id, policy_id, rule_id, outcome, facts)
                SELECT settled.id, policy_id, rule_id, outcome, facts FROM settled, decision
            )
            SELECT {sql.LAZILY} FROM settled
            """,  # noqa: S608
            parameters,
        )
        return cursor.rowcount == 1
