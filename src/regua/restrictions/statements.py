"""The two statements that every submission begins and ends with."""

from __future__ import annotations

from typing import Any

from django.db import connection

from regua.integrations.outbox import Claim
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Source
from regua.restrictions.models import Restriction, RestrictionEvent
from regua.web import sql


def debt_read(restriction: Restriction) -> None:
    """Load the debt and the branch of a claimed row into it, as they are now."""
    restriction.receivable, restriction.branch = sql.first(
        f"""
        SELECT {sql.columns(Receivable, "debt")}, {sql.columns(Branch, "branch")}
        FROM receivables_receivable AS debt, organization_branch AS branch
        WHERE debt.id = %(debt)s AND branch.id = %(branch)s
        """,  # noqa: S608
        {"debt": restriction.receivable_id, "branch": restriction.branch_id},
        Receivable,
        Branch,
    )


def taken_write(claim: Claim[Restriction], *, text: str, status: str, **changes: Any) -> bool:
    """The bureau took what was claimed: the new ``status`` and its event, in one round trip.

    False, and nothing is written, where another sender has taken the row since or it has moved.
    """
    row = claim.row
    event = RestrictionEvent(
        restriction_id=row.pk,
        status_before=row.status,
        status=status,
        source=Source.SENDER,
        text=text,
    )
    assignments, parameters = sql.assignments(Restriction, changes | {"status": status})
    columns, values, event_parameters = sql.insertion(
        event,
        # As it is now: news may have come while the call was under way.
        bureau_version="NULLIF(settled.bureau_version, 0)",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH settled AS (
                UPDATE restrictions_restriction SET {assignments}
                WHERE id = %(settled)s AND attempts = %(attempts)s AND status = %(before)s
                RETURNING bureau_version
            )
            INSERT INTO restrictions_restrictionevent ({columns}) SELECT {values} FROM settled
            RETURNING {sql.LAZILY}
            """,  # noqa: S608
            {
                **parameters,
                **event_parameters,
                "settled": row.pk,
                "attempts": claim.attempts,
                "before": row.status,
            },
        )
        return cursor.rowcount == 1
