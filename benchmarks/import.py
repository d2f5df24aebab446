"""A file of receivables end to end: its bytes kept, read, staged, checked and merged.

Beside it a bare ``COPY`` of the same bytes into a table of text columns without indexes: what the
server takes them in for, meaning nothing. Then the same file again, of which every line is known.

Bounds: at least 40 000 lines a second and, of a million lines, at most 300 MB resident; the same
file again changes nothing.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._product import product
from benchmarks.frame import Outcome, Size

RATE, MEGABYTES = 40_000, 300
_HEADER = "ID;CPF/CNPJ;Título;Nosso número;Vencimento;Valor\n"
_PEOPLE = (
    "INSERT INTO parties_customer (branch_id, name, search_name, sex, mobile, email, postal_code,"
    " street, number, complement, district, city, state, created_at, updated_at, document, active)"
    " SELECT %(branch)s, 'Pessoa Exemplo', 'pessoa exemplo', '', '', '', '', '', '', '', '', '',"
    " '', now(), now(), document, true FROM unnest(%(documents)s::text[]) AS document",
    "INSERT INTO receivables_contract (customer_id, number, kind)"
    " SELECT id, 'C' || id, 'other' FROM parties_customer",
)


def run(size: Size) -> Outcome:
    lines = 100_000 if size == "small" else 1_000_000
    with product(), TemporaryDirectory() as folder:
        return _measure(lines, Path(folder) / "titulos.csv")


def _measure(lines: int, path: Path) -> Outcome:
    from tests import factories

    from regua.accounts.permissions import Role

    branch = factories.branch("Centro")
    manager = factories.user(Role.FINANCE_MANAGER, branch)
    _write(path, lines, branch.pk)
    bare = _timed(lambda: _copy(path))
    before = _resident()
    seconds, batch = _import(path, branch, manager)
    megabytes = _resident()
    again, repeated = _import(path, branch, manager)
    rate = lines / seconds
    outcome = Outcome(ours=rate, limit=lines / bare, limit_name="bare COPY of the same bytes")
    outcome.rows = [
        ("lines", f"{lines:,} ({path.stat().st_size / 1e6:.0f} MB)"),
        ("end to end", f"{seconds:.2f} s ({rate:,.0f} lines/s)"),
        ("bare COPY of the same bytes", f"{bare:.2f} s ({lines / bare:,.0f} lines/s)"),
        ("times as long as that", f"{seconds / bare:.1f}"),
        ("the same file again", f"{again:.2f} s ({lines / again:,.0f} lines/s)"),
        ("resident at most", f"{megabytes:.0f} MB ({before:.0f} MB before)"),
    ]
    outcome.facts = {
        "lines_per_s": f"{rate:.0f}",
        "again_per_s": f"{lines / again:.0f}",
        "rss_mb": f"{megabytes:.0f}",
    }
    outcome.require(batch.created == lines, f"{batch.created:,} receivables of {lines:,} lines")
    outcome.require(repeated.unchanged == lines, "the same file again changed something")
    outcome.require(rate >= RATE, f"{rate:,.0f} lines/s, bound {RATE:,}")
    outcome.require(megabytes <= MEGABYTES, f"{megabytes:.0f} MB resident, bound {MEGABYTES}")
    return outcome


def _import(path: Path, branch: Any, manager: Any) -> tuple[float, Any]:
    """As the person and the worker do it, but for looking at the preview."""
    from django.core.files import File
    from django.core.files.uploadedfile import UploadedFile

    from regua.imports import loading, services, uploads

    def whole() -> None:
        with path.open("rb") as file:
            sent = UploadedFile(File(file), path.name, "text/csv", path.stat().st_size)
            batch = uploads.batch_upload(
                actor=manager, kind="receivables", branch=branch, file=sent
            )
        with uploads.own_connection() as reader:
            loading.load(batch, batch.columns, uploads.lines(batch, reader))
        done.append(services.batch_apply(batch))

    done: list[Any] = []
    return _timed(whole), done[0]


def _write(path: Path, lines: int, branch_id: int) -> None:
    """The file, and the customers with a contract each whom its lines are about."""
    from django.db import connection

    from regua.documents import generate

    random = Random(20261101)
    documents: set[str] = set()
    while len(documents) < lines // 10:
        documents.add(generate.cpf(random).value)
    known = sorted(documents)
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE[0], {"branch": branch_id, "documents": known})
        cursor.execute(_PEOPLE[1])
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")

    def written() -> Iterator[str]:
        yield _HEADER
        for n in range(lines):
            day, month, cents = n % 28 + 1, n % 12 + 1, n % 90_000 + 1000
            yield (
                f"{n};{known[n % len(known)]};T{n};{n:010d};{day:02d}/{month:02d}/2026;"
                f"{cents // 100},{cents % 100:02d}\n"
            )

    with path.open("w", encoding="utf-8") as file:
        file.writelines(written())


def _copy(path: Path) -> None:
    from django.db import connection, transaction

    columns = ", ".join(f"c{place} text" for place in range(6))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE bare ({columns})")
        with (
            path.open("rb") as file,
            cursor.copy("COPY bare FROM STDIN (FORMAT csv, DELIMITER ';', HEADER, FREEZE)") as copy,
        ):
            while block := file.read(1 << 20):
                copy.write(block)
        cursor.execute("DROP TABLE bare")


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
