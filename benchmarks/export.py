"""Exports of inquiries: rates of CSV, XLSX and PDF, and the memory of the process that makes them.

Each format is made in a process of its own, as a worker would make it, chunks in a durable
PostgreSQL included. The limit is a bare ``COPY`` of the same raw columns, read and thrown away.
Data: invented inquiries about documents with valid check digits, inserted by one statement.

Bounds: CSV at least 50 000 rows/s, XLSX at least 10 000, each within 150 MB resident.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks._product import product
from benchmarks.frame import Outcome, Size

MEMORY = 150
"""MB resident, the whole process."""
RATES = {"csv": 50_000, "xlsx": 10_000}
MB = 1024 * 1024

# CPF check digits by arithmetic on the nine digits of the row's number.
_FILL = """
WITH base AS (
    SELECT n, lpad((n::bigint * 7919 %% 1000000000)::text, 9, '0') AS b
    FROM generate_series(1, %(n)s) n
), one AS (
    SELECT n, b, (SELECT (11 - sum(substr(b, i, 1)::int * (11 - i)) %% 11) %% 11 %% 10
                  FROM generate_series(1, 9) i) AS d1 FROM base
), two AS (
    SELECT n, b, d1, (SELECT (11 - (sum(substr(b || d1, i, 1)::int * (12 - i))) %% 11) %% 11 %% 10
                      FROM generate_series(1, 10) i) AS d2 FROM one
)
INSERT INTO inquiries_inquiry
    (integration_id, idempotency_key, due_at, attempts, unknown, problem, branch_id, document,
     product_code, product_name, cost, charge_unsure, purpose, legal_basis, requested_by_id,
     requested_at, status, protocol, answered_at, name, document_status, score, band,
     default_probability, pendings_count, pendings_total, outcome, report_sealed)
SELECT %(integration)s, gen_random_uuid(), NULL, 1, false, '', %(branch)s, b || d1 || d2,
    'PF-SCORE', 'Pessoa física com score', 4.90, false, 'Avaliação de crédito para contratação',
    'credit_protection', %(actor)s, now() - n * interval '30 seconds', 'answered',
    'CNM-' || lpad(n::text, 12, '0'), now() - n * interval '30 seconds' + interval '2 seconds',
    (ARRAY['Maria', 'João', 'Ana', 'José', 'Antônia', 'Francisco'])[1 + n %% 6] || ' Exemplo '
        || (ARRAY['da Silva', 'dos Santos', 'Souza & Filhos', 'Conceição'])[1 + n %% 4],
    'REGULAR', n * 31 %% 1001, (ARRAY['A', 'B', 'C', 'D', 'E'])[1 + n %% 5],
    (n %% 10000) / 10000.0, n %% 7, (n %% 7) * 153.27,
    (ARRAY['approve', 'conditions', 'review', 'deny'])[1 + n %% 4], 'x'
FROM two
"""


def run(size: Size) -> Outcome:
    count = 100_000 if size == "small" else 1_000_000
    with product() as _:
        _fill(count)
        bare = _bare_copy(count)
        outcome = Outcome(ours=0, limit=bare, limit_name="bare COPY, rows per second")
        outcome.rows = [("limit: bare COPY of the raw columns", f"{bare:,.0f} rows/s")]
        for form, columns in (
            ("csv", "all"),
            ("csv", ""),
            ("xlsx", "all"),
            ("xlsx", ""),
            ("pdf", ""),
        ):
            _measure(outcome, form, columns)
    return outcome


def _measure(outcome: Outcome, form: str, columns: str) -> None:
    made = _in_a_child(form, columns)
    rate = made["rows"] / made["seconds"]
    which = f"{form.upper()}, {made['columns']} columns"
    outcome.rows += [
        (f"{which}: {made['rows']:,} rows, {made['size'] / MB:.1f} MB", f"{rate:,.0f} rows/s"),
        (f"{which}: resident at most (before it began)", _megabytes(made)),
    ]
    name = f"{form}{'_all' if columns else ''}"
    outcome.facts |= {f"{name}_rows_s": f"{rate:.0f}", f"{name}_mb": f"{made['peak']:.0f}"}
    if name == "csv":
        outcome.ours = rate
    if bound := RATES.get(form):
        outcome.require(rate >= bound, f"{which}: {rate:,.0f} rows/s, bound {bound:,}")
    outcome.require(
        made["peak"] <= MEMORY, f"{which}: {made['peak']:.0f} MB resident, bound {MEMORY}"
    )


def _megabytes(made: dict[str, Any]) -> str:
    return f"{made['peak']:.0f} MB ({made['idle']:.0f})"


def _fill(count: int) -> None:
    from django.db import connection
    from tests import factories

    from regua.accounts.permissions import Role

    branch = factories.branch()
    actor = factories.user(Role.ADMINISTRATOR)
    integration = factories.integration(branch)
    with connection.cursor() as cursor:
        # Counting a million inserts one by one is not what is measured.
        cursor.execute("ALTER TABLE inquiries_inquiry DISABLE TRIGGER USER")
        cursor.execute(
            _FILL,
            {"n": count, "integration": integration.pk, "branch": branch.pk, "actor": actor.pk},
        )
        cursor.execute("ALTER TABLE inquiries_inquiry ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE inquiries_inquiry")
        cursor.execute("CHECKPOINT")


def _bare_copy(count: int) -> float:
    """Rows per second of the report's columns as they stand, in the report's order."""
    from regua.accounts.models import User
    from regua.reports.exports.source import Source, own_connection, snapshot
    from regua.reports.inquiries import REPORT, InquiryFilters

    actor = User.objects.get()
    with own_connection() as reader, snapshot(reader):
        rows = REPORT.queryset(InquiryFilters(), actor)
        source = Source(reader, rows, REPORT.chosen([]), REPORT.ordering)
        assert source.count == count
        begun = time.perf_counter()
        with source.copy("FORMAT text", source.words(lambda _column, value: value)) as copy:
            for _ in copy:
                pass
        return count / (time.perf_counter() - begun)


def _in_a_child(form: str, columns: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.export", form, columns],
        env=os.environ,
        stdout=subprocess.PIPE,
        check=True,
    )
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _child(form: str, columns: str) -> None:
    """Boot as a worker does, make one export, and say how fast and at what size."""
    from regua.project.boot import booted

    with booted():
        from procrastinate.contrib.django import app

        from regua.accounts.models import User
        from regua.reports.exports.run import export_run
        from regua.reports.exports.to_pdf import PDF_ROWS
        from regua.reports.inquiries import REPORT, InquiryFilters
        from regua.reports.models import ReportExport
        from regua.reports.services import export_request

        app.perform_import_paths()
        chosen = [column.key for column in REPORT.columns] if columns == "all" else []
        filters = InquiryFilters()
        if form == "pdf":
            filters = InquiryFilters(since=_since(PDF_ROWS))
        export = export_request(
            actor=User.objects.get(), report=REPORT, format=form, columns=chosen, filters=filters
        )
        idle = _resident()
        begun = time.perf_counter()
        export_run(export.pk)
        seconds = time.perf_counter() - begun
        made = ReportExport.objects.get(pk=export.pk)
        if made.status != "done":
            raise SystemExit(f"{made.status}: {made.problem}")
        said = {"rows": made.rows_done, "seconds": seconds, "size": made.size, "idle": idle}
        print(json.dumps(said | {"peak": _resident(), "columns": len(made.columns)}))


def _since(rows: int) -> Any:
    """The day from which there are about as many rows as a PDF holds, never more."""
    from datetime import timedelta

    from django.utils import timezone

    return timezone.localdate() - timedelta(days=rows * 30 // 86_400 - 1)


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    _child(*sys.argv[1:])
