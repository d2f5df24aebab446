"""Keeping the queue itself in order."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app


@app.periodic(cron="* * * * * */10")
@app.task(name="queue.retry_stalled", queueing_lock="queue.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Take up again the jobs of workers that were killed."""
    for job in await context.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=15):
        await context.app.job_manager.retry_job(job)


@app.periodic(cron="17 4 * * *")
@app.task(name="queue.forget_old", queueing_lock="queue.forget_old", pass_context=True)
async def forget_old(context: JobContext, timestamp: int) -> None:
    """Delete jobs that ended more than a week ago."""
    await context.app.job_manager.delete_old_jobs(nb_hours=24 * 7, include_failed=True)
