"""The sender of listings and removals, the sync, the dispatcher that wakes them, and the deadlines
by which listings come off."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.bureaus.errors import BureauError
from regua.integrations import throttle
from regua.integrations.exclusive import only_one
from regua.integrations.models import Integration
from regua.integrations.outbox import BUREAU_QUEUE, ask_for_sender, integrations_due
from regua.integrations.senders import run_sender
from regua.restrictions import inbox, services, totals
from regua.restrictions.automatic import removals_ask
from regua.restrictions.corrections import replacements_sweep
from regua.restrictions.duties import duties_sweep, five_years_open
from regua.restrictions.ledger_choices import OPEN_RUNS, DeliveryOutcome
from regua.restrictions.models import (
    Difference,
    Reconciliation,
    Restriction,
    SyncState,
    WebhookDelivery,
)
from regua.restrictions.reconciling import (
    INTERVAL,
    RECONCILE,
    SILENCE,
    reconciliation_ask,
    reconciliation_run,
)
from regua.restrictions.remedies import REMEDIES_TASK, remedies_drain
from regua.restrictions.reminders import reminders_send
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.sync import SYNC_LOCK, restrictions_sync

logger = logging.getLogger(__name__)

OPENS, CLOSES = 8, 18
"""The hours in São Paulo between which reminders go out."""


@app.task(name=services.SENDER, queue=BUREAU_QUEUE, pass_context=True)
def send(context: JobContext, *, integration_id: int) -> None:
    run_sender(context, Restriction, integration_id, restrictions_drain, priority=0)


@app.task(name=services.SYNC, queue=BUREAU_QUEUE)
def sync(*, integration_id: int) -> None:
    with only_one(SYNC_LOCK, integration_id) as alone:
        if not alone:  # another worker is at it, and that is enough
            return
        try:
            restrictions_sync(integration=Integration.objects.get(pk=integration_id))
        except BureauError as error:
            # It is kept on the integration for people to see; the next interval tries again.
            logger.warning("sync of integration %s: %s", integration_id, error.message)


@app.task(name=inbox.INBOX, queue=BUREAU_QUEUE, pass_context=True)
def apply_webhooks(context: JobContext, *, integration_id: int) -> None:
    inbox.inbox_drain(integration_id, should_stop=context.should_abort)


@app.task(name=RECONCILE, queue=BUREAU_QUEUE, pass_context=True)
def reconcile(context: JobContext, *, integration_id: int) -> None:
    reconciliation_run(integration_id, should_stop=context.should_abort)


@app.task(name=REMEDIES_TASK, queue=BUREAU_QUEUE, pass_context=True)
def remedies(context: JobContext, *, integration_id: int) -> None:
    remedies_drain(integration_id, should_stop=context.should_abort)


@app.periodic(cron="* * * * * */5")
@app.task(name="restrictions.dispatch", queueing_lock="restrictions.dispatch")
def dispatch(timestamp: int) -> None:
    """Ask for a sender wherever rows are due, and for a sync wherever its interval has passed."""
    replacements_sweep()
    for integration_id in integrations_due(Restriction):
        ask_for_sender(services.SENDER, integration_id)
    stale = timezone.now() - timedelta(seconds=settings.CONFIG.sync_interval)
    overdue = Integration.objects.filter(
        Q(last_sync_at=None) | Q(last_sync_at__lt=stale),
        ~throttle.held(),
        linked_at__isnull=False,
        archived_at=None,
    )
    for integration_id in overdue.values_list("pk", flat=True):
        ask_for_sender(services.SYNC, integration_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="restrictions.remove", queueing_lock="restrictions.remove", pass_context=True)
def remove(context: JobContext, timestamp: int) -> None:
    """Ask for the removals that need nobody."""
    removals_ask(should_stop=context.should_abort)


@app.periodic(cron="7 * * * *")
@app.task(name="restrictions.deadlines", queueing_lock="restrictions.deadlines", pass_context=True)
def deadlines(context: JobContext, timestamp: int) -> None:
    """Find what must come off and nobody told us of; a worker that starts does it, too."""
    duties_sweep()
    five_years_open()
    removals_ask(should_stop=context.should_abort)


@app.periodic(cron="23 * * * *")
@app.task(name="restrictions.remind", queueing_lock="restrictions.remind")
def remind(timestamp: int) -> None:
    """Once a day and person, in the hours in which somebody reads it; an hour that failed is made
    good by the next."""
    if OPENS <= timezone.localtime().hour < CLOSES:
        reminders_send()


@app.periodic(cron="* * * * *")
@app.task(name="restrictions.fold", queueing_lock="restrictions.fold")
def fold(timestamp: int) -> None:
    """Keep short what the readers of totals have to add themselves."""
    totals.fold()


@app.periodic(cron="* * * * * */5")
@app.task(name="restrictions.ledger_dispatch", queueing_lock="restrictions.ledger_dispatch")
def ledger_dispatch(timestamp: int) -> None:
    """Wake what waits in an inbox or on the reconciliation page, and what its worker left."""
    silent = timezone.now() - SILENCE
    waiting: list[tuple[str, QuerySet[Any, int]]] = [
        (
            inbox.INBOX,
            WebhookDelivery.objects.filter(outcome=DeliveryOutcome.PENDING).values_list(
                "integration_id", flat=True
            ),
        ),
        (
            services.SYNC,
            SyncState.objects.filter(
                Q(started_at__isnull=False, finished_at=None, touched_at__lt=silent)
                | Q(asked_at__lt=silent, started_at=None)
                | Q(asked_at__lt=silent, started_at__lt=F("asked_at"))
            ).values_list("integration_id", flat=True),
        ),
        (
            RECONCILE,
            Reconciliation.objects.filter(
                Q(touched_at=None) | Q(touched_at__lt=silent), state__in=OPEN_RUNS
            ).values_list("integration_id", flat=True),
        ),
        (
            REMEDIES_TASK,
            Difference.objects.filter(done_at=None)
            .exclude(remedy="")
            .values_list("run__integration_id", flat=True),
        ),
    ]
    for task, integrations in waiting:
        for integration_id in integrations.order_by().distinct():
            ask_for_sender(task, integration_id)


@app.periodic(cron="23 6 * * *")
@app.task(name="restrictions.ledger_routine", queueing_lock="restrictions.ledger_routine")
def ledger_routine(timestamp: int) -> None:
    """Early every morning: compare the ledgers not compared for a week; forget old webhooks."""
    inbox.deliveries_purge()
    recent = Reconciliation.objects.filter(
        integration=OuterRef("pk"), asked_at__gt=timezone.now() - INTERVAL + timedelta(hours=12)
    )
    due = Integration.objects.filter(~Exists(recent), linked_at__isnull=False, archived_at=None)
    for integration in due:
        try:
            reconciliation_ask(integration=integration)
        except (ValidationError, LookupError):  # this bureau's ledger cannot be read
            continue
