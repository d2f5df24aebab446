"""The part of workers in webhooks: find what happened, deliver it, tell of what stopped, forget."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.integrations.exclusive import only_one
from regua.integrations.senders import Turn
from regua.webhooks import delivering, harvest, notices, services

LOCK = 0x57424844  # "WBHD"


@app.periodic(cron="* * * * * */5")
@app.task(name="webhooks.harvest", queueing_lock="webhooks.harvest", pass_context=True)
def find(context: JobContext, timestamp: int) -> None:
    """Write down what has happened, and ask for a sender wherever something may leave."""
    harvest.harvest(should_stop=context.should_abort)
    if delivering.waiting():
        delivering.deliver_ask()


@app.task(name=delivering.TASK, queue="webhooks", pass_context=True)
def deliver(context: JobContext) -> None:
    with only_one(LOCK, 0) as alone:
        if not alone:  # another worker is at it, and looks again before it ends
            return
        turn = Turn(delivering.TASK)
        delivering.deliveries_drain(should_stop=lambda: context.should_abort() or turn.is_over())
    if delivering.waiting():
        delivering.deliver_ask()


@app.periodic(cron="*/10 * * * *")
@app.task(name="webhooks.deadlines", queueing_lock="webhooks.deadlines")
def deadlines(timestamp: int) -> None:
    """Tell of the deadlines that have come near, and the administrators of what was disabled."""
    harvest.deadlines_tell()
    notices.notices_send()


@app.periodic(cron="11 3 * * *")
@app.task(name="webhooks.forget", queueing_lock="webhooks.forget", pass_context=True)
def forget(context: JobContext, timestamp: int) -> None:
    services.secrets_forget()
    while not context.should_abort() and services.deliveries_forget():
        pass
