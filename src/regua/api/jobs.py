"""Forgetting what was answered."""

from __future__ import annotations

from procrastinate.contrib.django import app

from regua.api import idempotency


@app.periodic(cron="41 * * * *")
@app.task(name="api.forget", queueing_lock="api.forget")
def forget(timestamp: int) -> None:
    idempotency.forget()
