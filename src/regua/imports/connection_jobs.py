"""Workers' part in reading billing systems."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app

from regua.imports.connection_models import Connection
from regua.imports.connection_pulling import connection_pull
from regua.imports.connection_services import PULL_TASK, pull_ask


@app.task(name=PULL_TASK, queue="imports", pass_context=True)
def pull(context: JobContext, *, connection_id: int) -> None:
    connection_pull(connection_id, should_stop=context.should_abort)


@app.periodic(cron="* * * * *")
@app.task(name="imports.pull_dispatch", queueing_lock="imports.pull_dispatch")
def pull_dispatch(timestamp: int) -> None:  # noqa: ARG001 - given by name
    """Ask for a reading wherever its time has come, also where a killed worker left one."""
    due = Connection.objects.filter(active=True, due_at__lte=timezone.now())
    for connection_id in due.values_list("pk", flat=True):
        pull_ask(connection_id)
