"""Any file is imported, or reported on line by line, or refused with a sentence; nothing breaks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
import xlsxwriter
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regua.accounts.models import User
from regua.imports import csv_files, selectors, services, staging, uploads
from regua.imports.choices import UNFINISHED
from regua.imports.models import ImportBatch, ImportChunk, ImportMapping
from regua.imports.running import batch_run
from regua.organization.models import Branch
from regua.parties.models import Customer
from tests import factories
from tests.imports.bring import counts, said

HEADER = ["CPF/CNPJ", "Nome", "E-mail", "Cidade"]


def send(
    data: bytes, *, actor: User, branch: Branch, kind: str = "customers", name: str = "a.csv"
) -> ImportBatch:
    return uploads.batch_upload(
        actor=actor, kind=kind, branch=branch, file=SimpleUploadedFile(name, data)
    )


def work(batch: ImportBatch, *, mode: str = "skip_bad", apply: bool = True) -> ImportBatch:
    """As the person and the worker do, one after the other."""
    services.batch_prepare(batch=batch, actor=batch.started_by, mapping=batch.mapping, mode=mode)
    assert batch_run(batch.pk)
    batch.refresh_from_db()
    if apply and batch.state == "checked":
        services.batch_go(batch=batch, actor=batch.started_by)
        assert batch_run(batch.pk)
        batch.refresh_from_db()
    return batch


def sheet(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return buffer.getvalue()


@pytest.fixture
def people(transactional_db: None) -> Iterator[None]:
    """Work tables and jobs are committed: nothing of them is left for the next test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    yield
    for batch in ImportBatch.objects.all():
        services.batch_forget([batch])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", list(csv_files.DELIMITERS))
def test_encodings_and_separators(
    people: None, branch: Branch, manager: User, encoding: str, delimiter: str
) -> None:
    text = "\r\n".join(
        delimiter.join(f'"{cell}"' for cell in row)
        for row in (HEADER, [factories.ordinary_document(), "Zoë Ávila", "", f"São{delimiter}João"])
    )
    batch = work(send(text.encode(encoding), actor=manager, branch=branch))
    assert (batch.state, counts(batch)) == ("done", (1, 0, 0, 0))
    found = Customer.objects.get()
    assert (found.name, found.city) == ("Zoë Ávila", f"São{delimiter}João")


def test_spreadsheets(people: None, branch: Branch, manager: User) -> None:
    cpf = next(d for d in iter(factories.ordinary_document, "") if d.startswith("0"))
    rows: list[list[object]] = [
        ["CPF", "Nome", "CEP", "Ativo", "Data de nascimento"],
        [int(cpf), "Ana", 1310100, True, "1990-02-03"],
    ]
    batch = work(send(sheet(rows), actor=manager, branch=branch, name="a.xlsx"))
    assert counts(batch) == (1, 0, 0, 0)
    found = Customer.objects.get()
    # What the spreadsheet took from the front is put back.
    assert (found.document, found.postal_code, found.active) == (cpf, "01310100", True)


def test_the_report_can_be_mended_and_sent_again(
    people: None, branch: Branch, manager: User, client: Client
) -> None:
    good, bad = factories.ordinary_document(), factories.ordinary_document()
    text = f"CPF;Nome;Obs\n{good};Ana;=1+1\n{bad[:-1]};Bia;-x\n;;\n1;Caio;"
    batch = work(send(text.encode(), actor=manager, branch=branch))
    assert counts(batch) == (1, 0, 0, 2)
    assert said(batch) == [(3, "document", "unreadable"), (5, "document", "unreadable")]
    client.force_login(manager)
    report = b"".join(client.get(f"/ferramentas/importacoes/{batch.pk}/problemas.csv"))  # type: ignore[arg-type]
    lines = report.decode("utf-8-sig").splitlines()
    assert lines[0] == "CPF;Nome;Obs;Problema"
    assert lines[1].startswith(f"{bad[:-1]};Bia;'-x;")
    mended = report.replace(bad[:-1].encode(), bad.encode())
    again = work(send(mended, actor=manager, branch=branch))
    assert counts(again) == (1, 0, 0, 1)
    assert Customer.objects.filter(document=bad, name="Bia").exists()


def test_the_mapping_is_remembered(people: None, branch: Branch, manager: User) -> None:
    text = f"Quem;Qual\nAna;{factories.ordinary_document()}".encode()
    batch = send(text, actor=manager, branch=branch)
    assert batch.mapping == {}
    with pytest.raises(ValidationError):
        work(batch)
    batch.mapping = {"name": 0, "document": 1}
    assert counts(work(batch)) == (1, 0, 0, 0)
    assert send(text, actor=manager, branch=branch).mapping == {"name": 0, "document": 1}
    assert ImportMapping.objects.count() == 1


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 600_000_000)
    return buffer.getvalue()


def _liar() -> bytes:
    """A bomb whose directory says that it is small."""
    data = bytearray(_bomb())
    return bytes(data.replace((600_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))


def _wide() -> bytes:
    """Two cells, as far apart as a sheet allows: read as a rectangle it would fill the memory."""
    whole = zipfile.ZipFile(io.BytesIO(sheet([["Nome"], ["Ana"]])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            data = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b'r="A2"', b'r="XFD1048576"').replace(
                    b'<row r="2"', b'<row r="1048576"'
                )
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "vazio"),
        (b"\n\n;;\n", "vazio"),
        (b"Nome;CPF\n\0\0\0\0abc", "nulos"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 500, "XLSX sem senha"),
        (b"PK\x03\x04" + b"x" * 500, "estragada"),
        (b"Nome;CPF\n" + b"a" * 5_000_000, "linha"),
        (b'Nome;CPF\n"' + b"abc\n" * 50_000, "aspas"),
    ],
)
def test_what_is_no_table_is_refused(
    people: None, branch: Branch, manager: User, data: bytes, sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        list(uploads.records(send(data, actor=manager, branch=branch)))


@pytest.mark.parametrize("make", [_bomb, _liar, _wide])
def test_spreadsheets_made_to_harm_are_refused(
    people: None, branch: Branch, manager: User, make: object
) -> None:
    with pytest.raises(ValidationError, match="Nada foi importado"):
        send(make(), actor=manager, branch=branch, name="a.xlsx")  # type: ignore[operator]
    assert not ImportChunk.objects.exists()
    assert not ImportBatch.objects.exists()


cell = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "'=1", '"', '""', ";", ",", "\t", "\\."),
            *("\\N", "NULL", "\r", "\n", "0000-00-00", "1.234,56", "39053344705", "a" * 3000),
            "\ufeff",
        ]
    ),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    kind=st.sampled_from(["customers", "leads", "contracts", "receivables", "payments"]),
    rows=st.lists(st.lists(cell, max_size=9), max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "utf-16-le"]),
    delimiter=st.sampled_from(csv_files.DELIMITERS),
    quoted=st.booleans(),
    noise=st.binary(max_size=20),
)
def test_no_file_breaks_anything(
    people: None, branch: Branch, manager: User, kind: str, rows: list[list[str]],
    encoding: str, delimiter: str, quoted: bool, noise: bytes,
) -> None:  # fmt: skip
    from regua.imports.kinds import BY_SLUG

    header = [field.label for field in BY_SLUG[kind].fields][:8]
    written = '"{}"' if quoted else "{}"
    text = "\n".join(
        delimiter.join(written.format(cell) for cell in row) for row in [header, *rows]
    )
    data = text.encode(encoding, "replace") + noise
    before = Customer.objects.count()
    try:
        batch = send(data, actor=manager, branch=branch, kind=kind)
        work(batch, mode="all_or_nothing")
    except ValidationError:  # a clear refusal
        return
    assert batch.state in ("done", "refused", "failed", "checked"), batch.state
    if batch.state == "failed":
        assert "falha nossa" not in batch.problem, batch.problem
    if batch.state == "refused":
        assert Customer.objects.count() == before
        assert all(p.wrong and p.mend for p in selectors.problems(batch))


def _many(number: int) -> bytes:
    return b"CPF;Nome\n" + b"".join(
        f"{factories.ordinary_document()};Pessoa {n}\n".encode() for n in range(number)
    )


def test_what_is_called_off_leaves_nothing(people: None, branch: Branch, manager: User) -> None:
    batch = send(_many(20), actor=manager, branch=branch)
    services.batch_prepare(batch=batch, actor=manager, mapping=batch.mapping, mode="all_or_nothing")
    services.batch_cancel(batch=batch, actor=manager)
    assert batch_run(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "cancelled"
    assert not ImportChunk.objects.exists()
    assert not Customer.objects.exists()

    # Called off at the last moment: what was merged already is undone.
    batch = work(send(_many(20), actor=manager, branch=branch), apply=False)
    services.batch_go(batch=batch, actor=manager)
    services.batch_cancel(batch=batch, actor=manager)
    with pytest.raises(services.Cancelled):
        services.batch_apply(batch)
    assert not Customer.objects.exists()


def test_a_killed_worker_s_import_is_done_once(people: None, branch: Branch, manager: User) -> None:
    batch = work(send(_many(20), actor=manager, branch=branch), apply=False)
    services.batch_go(batch=batch, actor=manager)
    # Its connection goes in the middle of the work, as when the machine does.
    with (
        pytest.raises(RuntimeError),
        connection.execute_wrapper(_dies_after("INSERT INTO parties")),
    ):
        batch_run_raw(batch)
    assert not Customer.objects.exists()
    batch.refresh_from_db()
    assert batch.state in UNFINISHED
    with connection.cursor() as cursor:  # and the server with it: it empties unlogged tables
        cursor.execute(f"TRUNCATE imports_raw_{batch.pk}")
    assert batch_run(batch.pk)
    assert batch_run(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, Customer.objects.count()) == ("done", 20)


def test_a_week_later_only_the_record_is_left(people: None, branch: Branch, manager: User) -> None:
    done = work(send(_many(2) + b"1;Caio\n", actor=manager, branch=branch))
    waiting = work(send(_many(2), actor=manager, branch=branch), apply=False)
    services.batches_tidy()
    assert ImportChunk.objects.count() == 2
    ImportBatch.objects.update(started_at=timezone.now() - services.KEPT)
    services.batches_tidy()
    for batch, state in ((done, "done"), (waiting, "cancelled")):
        batch.refresh_from_db()
        assert (batch.state, staging.exists(batch)) == (state, False)
    assert counts(done) == (2, 0, 0, 1)
    assert not ImportChunk.objects.exists()
    assert not selectors.problems(done).exists()


def batch_run_raw(batch: ImportBatch) -> None:
    services.batch_apply(batch)


def _dies_after(beginning: str) -> object:
    def wrapper(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        result = execute(sql, params, many, context)
        if beginning in sql:
            raise RuntimeError("killed")
        return result

    return wrapper
