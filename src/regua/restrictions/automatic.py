"""Removals that nobody has to ask for: of settled debts, and of what is nearly five years old."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from regua.integrations.choices import Environment
from regua.integrations.models import Integration
from regua.integrations.selectors import automatic_obstacles
from regua.restrictions.choices import (
    AT_BUREAU,
    Correction,
    DutyCause,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.corrections import correction_request
from regua.restrictions.duties import FOLLOWING
from regua.restrictions.models import RemovalDuty, RestrictionEvent
from regua.restrictions.services import removal_request
from regua.web import formats

logger = logging.getLogger(__name__)

REASONS = {
    DutyCause.PAID: RemovalReason.PAID,
    DutyCause.DEBT_CANCELLED: RemovalReason.DEBT_CANCELLED,
    DutyCause.RENEGOTIATED: RemovalReason.RENEGOTIATED,
    DutyCause.AMOUNT_CHANGED: RemovalReason.PARTIALLY_PAID,
    DutyCause.CORRECTION: RemovalReason.DATA_CORRECTION,
    DutyCause.CONTESTED: RemovalReason.CONTESTED,
    DutyCause.COURT_ORDER: RemovalReason.COURT_ORDER,
    DutyCause.DECEASED: RemovalReason.DECEASED,
    DutyCause.OWNERSHIP_CHANGE: RemovalReason.OWNERSHIP_CHANGE,
    DutyCause.FIVE_YEARS: RemovalReason.FIVE_YEARS,
}
"""What a removal that fulfils a duty is asked for."""
_SLICE = 200


def removals_ask(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Ask for the removals that a routine may ask for; return how many were asked for.

    Those of settled debts where the integration says so and nothing stands against it (a debt paid
    in part is corrected), those of the five years in every integration but *Homologação*. The most
    urgent come first. Any number of workers may do this at once: each listing is locked while it is
    asked for, and who comes second finds it asked for. What the bureau refused today waits for
    tomorrow or for a person.
    """
    asked = 0
    for duty in _due(_automatic_integrations(), timezone.localdate()):
        if should_stop():
            break
        try:
            _ask(duty)
            asked += 1
        except ValidationError as error:
            logger.warning(
                "no automatic removal of restriction %s: %s",
                duty.restriction_id,
                " ".join(error.messages),
            )
    return asked


def _ask(duty: RemovalDuty) -> None:
    """Ask one off; a wrong amount is mended as one operation where it may be listed again."""
    cause, row = DutyCause(duty.cause), duty.restriction
    if cause is DutyCause.AMOUNT_CHANGED and not automatic_obstacles(row.integration):
        with suppress(ValidationError):  # where it may not be listed again, it only comes off
            correction_request(
                restriction=row,
                actor=None,
                kind=Correction.PARTIAL_PAYMENT,
                told_on=duty.starts_on,
            )
            return
    removal_request(restriction=row, actor=None, reason=REASONS[cause], told_on=duty.starts_on)


def _automatic_integrations() -> list[int]:
    rows = Integration.objects.filter(automatic=True, archived_at=None)
    return [row.pk for row in rows if not automatic_obstacles(row, removing=True)]


def _due(integration_ids: list[int], today: date) -> Iterator[RemovalDuty]:
    settled = Q(
        cause__in=FOLLOWING,
        # Money that is not available yet may still not come.
        starts_on__lte=today,
        restriction__integration__in=integration_ids,
    )
    old = Q(cause=DutyCause.FIVE_YEARS) & ~Q(
        restriction__integration__environment=Environment.STAGING
    )
    rows: QuerySet[RemovalDuty] = (
        RemovalDuty.objects.filter(settled | old, ended_at=None)
        .filter(restriction__status__in=AT_BUREAU)
        .exclude(Exists(_refused_today(today)))
        .select_related("restriction__integration")
        .order_by("due_on", "pk")
    )
    after: RemovalDuty | None = None
    while True:
        page = rows
        if after is not None:
            page = rows.filter(Q(due_on__gt=after.due_on) | Q(due_on=after.due_on, pk__gt=after.pk))
        found = list(page[:_SLICE])
        yield from found
        if len(found) < _SLICE:
            return
        after = found[-1]


def _refused_today(today: date) -> QuerySet[RestrictionEvent]:
    return RestrictionEvent.objects.filter(
        restriction=OuterRef("restriction"),
        at__gte=formats.day_start(today),
        source=Source.SENDER,
        status_before=Status.REMOVAL_QUEUED,
        status__in=AT_BUREAU,
    )
