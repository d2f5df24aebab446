"""A real worker makes exports; killed in the middle of one, another makes it from the start."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.reports.models import ReportExport
from tests import factories
from tests.processes.running import eventually, forget_workers, running_worker
from tests.reports.exported import as_csv, asked

pytestmark = pytest.mark.django_db(transaction=True)


def status(export: ReportExport) -> str:
    export.refresh_from_db()
    return export.status


def test_made_by_a_worker_and_again_by_another_when_it_is_killed(
    branch: Branch, administrator: User
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    forget_workers()
    integration = factories.integration(branch)
    for _ in range(3):
        factories.answered(branch, administrator, integration=integration)

    with running_worker() as worker:
        export = asked(administrator, "csv", ["number", "name"])
        eventually(lambda: status(export) == "done")
        assert len(as_csv(export)) == 4
        assert worker.stop() == 0

    export = asked(administrator, "csv", ["number"])
    # While this lock is held an export can begin, but reads no rows.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE inquiries_inquiry IN ACCESS EXCLUSIVE MODE")
        with running_worker() as worker:
            eventually(lambda: status(export) == "running")
            worker.kill()
        assert (status(export), export.chunks.count()) == ("running", 0)
    with running_worker():
        eventually(lambda: status(export) == "done", seconds=60)
    assert export.attempt == 2
    assert len(as_csv(export)) == 4
