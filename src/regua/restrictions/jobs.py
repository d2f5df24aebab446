"""The sender of listings and removals, the sync, and the dispatcher that wakes them."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.bureaus.errors import BureauError
from regua.integrations.models import Integration
from regua.integrations.outbox import BUREAU_QUEUE, ask_for_sender, integrations_due
from regua.restrictions import services, totals
from regua.restrictions.corrections import replacements_sweep
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.sync import restrictions_sync

logger = logging.getLogger(__name__)


@app.task(name=services.SENDER, queue=BUREAU_QUEUE, pass_context=True)
def send(context: JobContext, *, integration_id: int) -> None:
    restrictions_drain(integration_id, should_stop=context.should_abort)


@app.task(name=services.SYNC, queue=BUREAU_QUEUE)
def sync(*, integration_id: int) -> None:
    try:
        restrictions_sync(integration=Integration.objects.get(pk=integration_id))
    except BureauError as error:
        # It is kept on the integration for people to see; the next interval tries again.
        logger.warning("sync of integration %s: %s", integration_id, error.message)


@app.periodic(cron="* * * * * */5")
@app.task(name="restrictions.dispatch", queueing_lock="restrictions.dispatch")
def dispatch(timestamp: int) -> None:
    """Ask for a sender wherever rows are due, and for a sync wherever its interval has passed."""
    replacements_sweep()
    for integration_id in integrations_due(Restriction):
        ask_for_sender(services.SENDER, integration_id)
    stale = timezone.now() - timedelta(seconds=settings.CONFIG.sync_interval)
    overdue = Integration.objects.filter(
        Q(last_sync_at=None) | Q(last_sync_at__lt=stale), linked_at__isnull=False, archived_at=None
    )
    for integration_id in overdue.values_list("pk", flat=True):
        ask_for_sender(services.SYNC, integration_id)


@app.periodic(cron="* * * * *")
@app.task(name="restrictions.fold", queueing_lock="restrictions.fold")
def fold(timestamp: int) -> None:
    """Keep short what the readers of totals have to add themselves."""
    totals.fold()
