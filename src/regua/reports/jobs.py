"""Making the files that people asked for, and clearing away the old ones."""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from regua.reports import services
from regua.reports.exports.run import export_run


@app.task(
    name=services.JOB,
    queue=services.QUEUE,
    pass_context=True,
    retry=RetryStrategy(max_attempts=5, wait=5),
)
def export(context: JobContext, *, export_id: int) -> None:
    """Only the loss of the database raises; the file is then made again from the start."""
    if not export_run(export_id, should_stop=context.should_abort):
        services.export_enqueue(export_id)


@app.periodic(cron="*/10 * * * *")
@app.task(name="reports.tidy", queueing_lock="reports.tidy")
def tidy(timestamp: int) -> None:
    services.exports_tidy()
