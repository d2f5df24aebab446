"""The sender of inquiries and the dispatcher that wakes it."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.inquiries import retention, services
from regua.inquiries.models import Inquiry
from regua.integrations.outbox import BUREAU_QUEUE, URGENT, ask_for_sender, integrations_due
from regua.integrations.senders import run_sender


@app.task(name=services.SENDER, queue=BUREAU_QUEUE, priority=URGENT, pass_context=True)
def send(context: JobContext, *, integration_id: int) -> None:
    run_sender(context, Inquiry, integration_id, services.inquiries_drain, priority=URGENT)


@app.periodic(cron="* * * * * */5")
@app.task(name="inquiries.dispatch", queueing_lock="inquiries.dispatch")
def dispatch(timestamp: int) -> None:
    """Ask for a sender wherever rows are due: after a wait, or after a sender was killed.

    Where the bureau may not be called, tell those who have waited too long.
    """
    for integration_id in integrations_due(Inquiry):
        ask_for_sender(services.SENDER, integration_id, priority=URGENT)
    services.inquiries_give_up()


@app.periodic(cron="20 6 * * *")
@app.task(name="inquiries.forget", queueing_lock="inquiries.forget", pass_context=True)
def forget(context: JobContext, timestamp: int) -> None:
    """Delete the reports whose term has ended, at night in Brazil, batch by batch."""
    while not context.should_abort() and retention.reports_forget():
        pass
