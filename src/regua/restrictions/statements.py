"""The two statements that every submission begins and ends with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from regua.integrations.outbox import Claim
from regua.organization.models import GeneralParameters
from regua.restrictions.choices import Source
from regua.restrictions.models import Restriction, RestrictionEvent
from regua.web import sql


class DebtNow(NamedTuple):
    """What may have changed since the listing was asked for."""

    open_amount: Decimal
    creditor_document: str
    general: GeneralParameters


def debt_read(restriction: Restriction) -> DebtNow:
    """The debt of a claimed row as it is now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT debt.open_amount, branch.document, {sql.columns(GeneralParameters, "general")}
            FROM receivables_receivable AS debt
            JOIN organization_branch AS branch ON branch.id = %(branch)s
            LEFT JOIN organization_generalparameters AS general ON general.id = 1
            WHERE debt.id = %(debt)s
            """,  # noqa: S608
            {"debt": restriction.receivable_id, "branch": restriction.branch_id},
        )
        open_amount, creditor_document, *values = cursor.fetchone()
    (general,) = sql.read(values, GeneralParameters)
    return DebtNow(open_amount, creditor_document, general or GeneralParameters(pk=1))


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
