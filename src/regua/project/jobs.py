"""Keeping the queue itself in order."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from psycopg.errors import RaiseException


@app.periodic(cron="* * * * * */10")
@app.task(name="queue.retry_stalled", queueing_lock="queue.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Take up again the jobs of workers that were killed."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=15):
        try:
            try:
                await manager.retry_job(job)
            except UniqueViolation:
                # One like it waits already and will do the work of both.
                await manager.finish_job(job, status=Status.ABORTED, delete_job=True)
        except ConnectorException as error:
            if not isinstance(error.__cause__, RaiseException):
                raise
            # It is stalled no more: another worker was quicker.


@app.periodic(cron="17 4 * * *")
@app.task(name="queue.forget_old", queueing_lock="queue.forget_old", pass_context=True)
async def forget_old(context: JobContext, timestamp: int) -> None:
    """Delete jobs that ended more than a week ago."""
    await context.app.job_manager.delete_old_jobs(nb_hours=24 * 7, include_failed=True)
