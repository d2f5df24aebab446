"""Reading, checking and importing files, and clearing away the old ones."""

from __future__ import annotations

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from regua.imports import services
from regua.imports.running import batch_run


@app.task(
    name=services.JOB,
    queue=services.QUEUE,
    pass_context=True,
    retry=RetryStrategy(max_attempts=5, wait=5),
)
def run(context: JobContext, *, batch_id: int) -> None:
    """Only the loss of the database raises; the import is then begun again."""
    if not batch_run(batch_id, should_stop=context.should_abort):
        services.batch_enqueue(batch_id)


@app.periodic(cron="*/30 * * * *")
@app.task(name="imports.tidy", queueing_lock="imports.tidy")
def tidy(timestamp: int) -> None:
    services.batches_tidy()
