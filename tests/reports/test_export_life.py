"""Who may export what, and that an export that does not finish leaves nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.models import Inquiry
from regua.organization.models import Branch
from regua.reports.exports import run
from regua.reports.exports.run import export_run
from regua.reports.inquiries import REPORT, InquiryFilters
from regua.reports.models import ReportExport, ReportExportChunk
from regua.reports.services import export_cancel, export_request, exports_tidy
from tests import factories
from tests.reports.exported import as_csv, as_pages, as_sheets, asked, made

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 60_000


@pytest.fixture(autouse=True)
def _empty_queue(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def inquiry(branch: Branch, actor: User, **fields: Any) -> Inquiry:
    integration = branch.integrations.first() or factories.integration(branch)
    return factories.answered(branch, actor, integration=integration, **fields)


@pytest.fixture
def many(branch: Branch, manager: User) -> None:
    """So many rows that an export takes a while."""
    one = inquiry(branch, manager)
    fields = [
        f.column for f in Inquiry._meta.concrete_fields if f.column not in ("id", "idempotency_key")
    ]
    names = ", ".join(fields)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inquiries_inquiry DISABLE TRIGGER USER")
        cursor.execute(
            f"INSERT INTO inquiries_inquiry (idempotency_key, {names}) "
            f"SELECT gen_random_uuid(), {names} FROM inquiries_inquiry, "
            f"generate_series(2, {MANY}) WHERE id = {one.pk}"
        )
        cursor.execute("ALTER TABLE inquiries_inquiry ENABLE TRIGGER USER")


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["csv", "xlsx", "pdf"])
def test_another_branchs_rows_are_never_exported(
    branch: Branch, other_branch: Branch, manager: User, outsider: User, format: str
) -> None:
    mine = inquiry(branch, manager).protocol
    theirs = inquiry(other_branch, outsider).protocol
    for filters in ({}, {"branch": other_branch.pk}):
        export = made(manager, format, ["protocol"], **filters)
        if format == "csv":
            said = str(as_csv(export))
        elif format == "xlsx":
            said = str(list(as_sheets(export).active.values))
        else:
            said = "".join(as_pages(export))
        assert theirs not in said
        assert (mine in said) is not bool(filters)


def test_what_a_person_lost_the_sight_of_meanwhile_is_not_exported(
    branch: Branch, other_branch: Branch, manager: User, outsider: User
) -> None:
    inquiry(branch, manager)
    left = asked(manager, "csv")
    manager.branches.set([other_branch])
    assert export_run(left.pk)
    left.refresh_from_db()
    assert (left.status, left.rows_done) == ("done", 0)

    demoted = asked(manager, "csv", ["number"])
    User.objects.filter(pk=manager.pk).update(role=Role.SERVICE)
    assert export_run(demoted.pk)
    demoted.refresh_from_db()
    assert (demoted.status, demoted.chunks.count()) == ("failed", 0)
    assert "não permite mais exportar" in demoted.problem


def test_the_role_must_allow_it(branch: Branch, attendant: User) -> None:
    with pytest.raises(NotAllowed, match="não permite exportar relatórios"):
        asked(attendant, "csv")
    assert not ReportExport.objects.exists()
    for role in (Role.ADMINISTRATOR, Role.FINANCE_MANAGER, Role.AUDIT, Role.COLLECTIONS):
        assert asked(factories.user(role, branch), "csv").status == "queued"


@pytest.mark.parametrize(
    ("format", "columns", "sentence"),
    [("exe", [], "Os formatos são"), ("csv", ["report_sealed"], "não tem uma das colunas")],
)
def test_what_cannot_be_asked_for_is_refused(
    manager: User, format: str, columns: list[str], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        export_request(
            actor=manager, report=REPORT, format=format, columns=columns, filters=InquiryFilters()
        )
    assert not ReportExport.objects.exists()
    assert not ProcrastinateJob.objects.exists()


def test_filters_are_read_as_the_screen_sends_them() -> None:
    sent = QueryDict("since=01/11/2026&until=2026-11-24&kind=J&branch=&cursor=x&csrf=y")
    read = InquiryFilters.read(sent, branch=7)
    kept = {"since": "2026-11-01", "until": "2026-11-24", "kind": "J", "branch": 7}
    assert read.dump() == kept
    assert InquiryFilters.load(kept) == read
    for wrong in (
        "since=31/02/2026",
        "since=amanhã",
        "branch=x",
        "kind=Z",
        "until=0001-01-01",
    ):
        with pytest.raises(ValidationError, match="Não entendemos estes filtros"):
            InquiryFilters.read(QueryDict(wrong))


def test_asking_twice_makes_one(branch: Branch, manager: User, operator: User) -> None:
    first = asked(manager, "csv", ["number"])
    assert asked(manager, "csv", ["number"]) == first
    assert ProcrastinateJob.objects.count() == 1
    assert asked(manager, "xlsx", ["number"]) != first
    assert asked(operator, "csv", ["number"]) != first
    export_run(first.pk)
    assert asked(manager, "csv", ["number"]) != first


# --- what is left behind --------------------------------------------------------------------------


def in_background(export: ReportExport, **more: Any) -> Callable[[], bool]:
    """Run the export in a thread; the function returned waits for it."""
    answers: list[bool] = []

    def work() -> None:
        try:
            answers.append(export_run(export.pk, **more))
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()

    def wait() -> bool:
        thread.join(30)
        assert not thread.is_alive()
        return answers[0]

    return wait


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("format", ["csv", "xlsx", "pdf"])
def test_cancelled_within_about_a_second(
    many: None, manager: User, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regua.reports.exports.to_pdf.PDF_ROWS", MANY)
    held_up = slow(monkeypatch, format)
    export = asked(manager, format)
    wait = in_background(export)
    until(held_up.is_set)
    export_cancel(actor=manager, export=export)
    begun = time.monotonic()
    assert wait()
    assert time.monotonic() - begun < 2.5
    export.refresh_from_db()
    assert (export.status, export.chunks.count()) == ("cancelled", 0)
    assert export_run(export.pk), "a second job finds nothing to do"
    export.refresh_from_db()
    assert export.status == "cancelled"


def slow(monkeypatch: pytest.MonkeyPatch, format: str) -> threading.Event:
    """Make every row take a while on the server, so that there is time to cancel."""
    held_up = threading.Event()
    write = run._WRITERS[format]

    def slower(file: Any, source: Any, about: Any, progress: Any) -> None:
        plain = source.words
        source.words = lambda wording: [
            *plain(wording)[:-1],
            f"concat({plain(wording)[-1]}, pg_sleep(0.001))",
        ]
        held_up.set()
        write(file, source, about, progress)

    monkeypatch.setitem(run._WRITERS, format, slower)
    return held_up


def test_one_still_waiting_is_cancelled_at_once(branch: Branch, manager: User) -> None:
    export = asked(manager, "csv")
    with pytest.raises(NotAllowed):
        export_cancel(actor=factories.user(Role.ADMINISTRATOR), export=export)
    export_cancel(actor=manager, export=export)
    export.refresh_from_db()
    assert export.status == "cancelled"
    assert export_run(export.pk)
    assert not ReportExportChunk.objects.exists()


def test_a_failure_leaves_nothing_and_says_so(
    many: None, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(file: Any, source: Any, about: Any, progress: Any) -> None:
        for _ in range(3):
            file.write(b"x" * 1_500_000)
        raise RuntimeError("disk full")

    monkeypatch.setitem(run._WRITERS, "csv", breaks)
    export = asked(manager, "csv")
    assert export_run(export.pk)
    export.refresh_from_db()
    assert (export.status, export.chunks.count()) == ("failed", 0)
    assert "Nenhum arquivo foi gerado" in export.problem
    assert "disk" not in export.problem


def test_the_file_is_of_one_moment(
    many: None, branch: Branch, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that come or change after it began are not in it, and the totals agree with the rows."""
    write = run._WRITERS["csv"]

    def late(file: Any, source: Any, about: Any, progress: Any) -> None:
        wait = in_another_thread(lambda: Inquiry.objects.update(name="Mudou"))
        wait()
        write(file, source, about, progress)

    monkeypatch.setitem(run._WRITERS, "csv", late)
    export = made(manager, "csv", ["name"])
    rows = as_csv(export)[1:]
    assert len(rows) == export.rows_total == MANY
    assert {row[0] for row in rows} == {"Pessoa Exemplo"}


def in_another_thread(do: Callable[[], Any]) -> Callable[[], None]:
    def work() -> None:
        do()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread.join


def test_a_run_that_was_taken_over_cannot_finish(
    many: None, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker thought dead was only slow; the file is the second run's, once."""
    export = asked(manager, "csv", ["number"])
    write = run._WRITERS["csv"]
    overtaken = []

    def first_is_overtaken(file: Any, source: Any, about: Any, progress: Any) -> None:
        if not overtaken:
            overtaken.append(True)
            monkeypatch.setitem(run._WRITERS, "csv", write)
            in_another_thread(lambda: export_run(export.pk))()
        write(file, source, about, progress)

    monkeypatch.setitem(run._WRITERS, "csv", first_is_overtaken)
    assert export_run(export.pk)
    export.refresh_from_db()
    assert (export.status, export.attempt) == ("done", 2)
    assert len(as_csv(export)) == MANY + 1


def test_a_stopping_worker_hands_it_back(
    many: None, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_up = slow(monkeypatch, "csv")
    export = asked(manager, "csv")
    assert export_run(export.pk, should_stop=held_up.is_set) is False
    export.refresh_from_db()
    assert (export.status, export.chunks.count(), export.rows_done) == ("queued", 0, 0)
    monkeypatch.undo()
    assert export_run(export.pk)
    export.refresh_from_db()
    assert export.status == "done"


def test_one_that_keeps_dying_is_given_up(branch: Branch, manager: User) -> None:
    export = asked(manager, "csv")
    ReportExport.objects.update(status="running", attempt=run.ATTEMPTS)
    assert export_run(export.pk)
    export.refresh_from_db()
    assert export.status == "failed"


def test_files_go_after_a_week_and_the_lost_are_closed(branch: Branch, manager: User) -> None:
    inquiry(branch, manager)
    old, fresh = made(manager, "csv"), made(manager, "xlsx")
    ReportExport.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    waiting = asked(manager, "pdf")
    lost = asked(manager, "csv", ["number"])
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE args->>'export_id' = %s", [str(lost.pk)]
        )
    exports_tidy()
    for export in (old, fresh, waiting, lost):
        export.refresh_from_db()
    assert [old.chunks.count(), fresh.chunks.count()] == [0, 1]
    assert old.is_expired
    assert (waiting.status, lost.status) == ("queued", "failed")
    assert "Peça de novo" in lost.problem
