"""Workers' part in the régua: the shares of a run, the daily one, what a killed worker left."""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.dunning import sending, services
from regua.dunning.choices import ENDED, WORKING
from regua.dunning.contacts import worklist_renew
from regua.dunning.forgetting import items_forget
from regua.dunning.models import DunningParameters, DunningRun
from regua.dunning.running import run_work
from regua.organization.models import Branch

logger = logging.getLogger(__name__)


@app.task(name=services.RUN_TASK, queue="dunning", pass_context=True)
def work(context: JobContext, *, run_id: int) -> None:
    run_work(run_id, should_stop=context.should_abort)


@app.periodic(cron="* * * * * */5")
@app.task(name="dunning.dispatch", queueing_lock="dunning.dispatch")
def dispatch(timestamp: int) -> None:
    """Ask for workers wherever a run has something to do, also after one was killed, and for the
    senders of what may leave."""
    for run in DunningRun.objects.filter(state__in=WORKING):
        services.run_ask(run)
    sending.senders_ask()


@app.task(name=sending.SEND_TASK, queue="dunning", pass_context=True)
def send(context: JobContext, *, channel: str) -> None:
    sending.sender_run(channel, should_stop=context.should_abort)


@app.periodic(cron="* * * * *")
@app.task(name="dunning.daily", queueing_lock="dunning.daily")
def daily(timestamp: int) -> None:
    """Begin each branch's daily run once its hour has come."""
    hours = DunningParameters.current()
    now = timezone.localtime()
    if not hours.active or now.time() < hours.run_at:
        return
    today = DunningRun.objects.filter(branch=OuterRef("pk"), day=now.date(), scheduled=True)
    still_open = DunningRun.objects.filter(branch=OuterRef("pk")).exclude(state__in=ENDED)
    for branch in Branch.objects.filter(~Exists(today), ~Exists(still_open), active=True):
        try:
            services.run_start(
                branch=branch, actor=None, needs_approval=hours.needs_approval, scheduled=True
            )
        except ValidationError as error:
            logger.warning("no daily run of branch %s: %s", branch.pk, " ".join(error.messages))


@app.periodic(cron="7 * * * *")
@app.task(name="dunning.worklist", queueing_lock="dunning.worklist")
def worklist(timestamp: int) -> None:
    """Keep the worklist to who still has to be called: hourly, as payments come all day."""
    back = worklist_renew(timezone.localdate())
    logger.info("%s broken promises came back to the worklist", back)


@app.periodic(cron="41 3 * * *")
@app.task(name="dunning.forget", queueing_lock="dunning.forget", pass_context=True)
def forget(context: JobContext, timestamp: int) -> None:
    """Forget the lines of runs that ended long ago."""
    items_forget(should_stop=context.should_abort)
