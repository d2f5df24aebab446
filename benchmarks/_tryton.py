"""Tryton's ``account_dunning`` on the PostgreSQL that a benchmark runs, to compare with.

Run as a file by the interpreter of an environment of its own, it is also Tryton's side: a company,
a procedure with the default policy's delays, overdue lines written by SQL, and then what is timed:
``generate_dunnings``, which makes the first dunning of every line, until it is committed. It runs
as the superuser, for whom no access rule is checked, with Tryton's own settings and the modules
loaded beforehand.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg

_PACKAGES = str(Path(__file__).parents[1] / "requirements" / "peers.txt")
_MODEL = "tryton_model"
"""The database with Tryton's modules and nothing else, of which each measurement gets a copy."""
_MEASURED = "tryton_measured"
_DAYS = (5, 20, 90)
_LINES_EACH = 5
_FILL = (
    "INSERT INTO party_party (code, name, active)"
    " SELECT 'C' || n, 'Pessoa Exemplo ' || n, true FROM generate_series(1, %(people)s) n",
    "INSERT INTO party_party_dunning_procedure (party, dunning_procedure)"
    " SELECT id, %(procedure)s FROM party_party WHERE code LIKE 'C%%'",
    "INSERT INTO account_move (company, number, period, journal, date, post_date, state)"
    " SELECT %(company)s, 'T' || n, %(period)s, %(journal)s, %(date)s, %(date)s, 'posted'"
    " FROM generate_series(1, %(lines)s) n",
    # As many lines are 5 to 19 days late as 20 to 89 and as 90 to 329.
    "INSERT INTO account_move_line (move, account, party, debit, credit, maturity_date, state)"
    " SELECT m.id, %(receivable)s, p.id, 100 + m.id %% 50, 0, %(today)s::date - CASE m.id %% 3"
    "   WHEN 0 THEN 5 + m.id %% 15 WHEN 1 THEN 20 + m.id %% 70 ELSE 90 + m.id %% 240 END, 'valid'"
    " FROM account_move m JOIN party_party p ON p.code = 'C' || 1 + m.id %% %(people)s",
    "INSERT INTO account_move_line (move, account, debit, credit, state)"
    " SELECT move, %(revenue)s, 0, debit, 'valid' FROM account_move_line",
)


class Measured(NamedTuple):
    """What Tryton did with so many overdue lines."""

    lines: int
    seconds: float
    cpu: float
    """Seconds of its process, which does nearly all of the work: what others on the computer
    cannot stretch."""
    dunnings: int

    @property
    def rate(self) -> float:
        """Lines per second."""
        return self.lines / self.seconds


def measure(sizes: Sequence[int], url: str) -> list[Measured]:
    """Time Tryton at each number of overdue lines, in new databases of the server of ``url``.

    Nothing is left of it. Empty where Tryton cannot be installed; why is said on standard error.
    """
    with tempfile.TemporaryDirectory(prefix="regua-bench-tryton-") as home:
        python = f"{home}/bin/python"
        venv = [sys.executable, "-m", "venv", home]
        pip = [python, "-m", "pip", "-qq", "install", "--require-hashes", "-r", _PACKAGES]
        if any(subprocess.run(step, stdout=sys.stderr).returncode for step in (venv, pip)):
            return []
        with _database(url, _MODEL):
            _tryton(python, url, "prepare")
            return [_one(python, url, lines) for lines in sizes]


def _one(python: str, url: str, lines: int) -> Measured:
    with _database(url, _MEASURED, template=_MODEL):
        return Measured(lines, **json.loads(_tryton(python, url, "measure", str(lines))))


@contextmanager
def _database(url: str, name: str, template: str = "template0") -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _tryton(python: str, url: str, *arguments: str) -> str:
    server = urlsplit(url)._replace(path="/").geturl()
    done = subprocess.run(
        [python, "-I", __file__, *arguments],
        env=os.environ | {"TRYTOND_DATABASE_URI": server},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


# From here on in Tryton's environment.


def _prepare() -> None:
    """Tables, indexes and the modules' own records, as ``trytond-admin --update`` makes them."""
    from trytond import backend  # type: ignore[import-not-found]
    from trytond.pool import Pool  # type: ignore[import-not-found]

    backend.Database(_MODEL).connect().init()
    Pool(_MODEL).init(update=["account_dunning"], lang=["en"], activatedeps=True, indexes=True)


def _measure(lines: int) -> dict[str, Any]:
    from trytond.pool import Pool
    from trytond.transaction import Transaction  # type: ignore[import-not-found]

    pool = Pool(_MEASURED)
    pool.init()
    today = datetime.datetime.now(datetime.UTC).date()
    locked = ["account_fiscalyear", "account_period"]
    with Transaction().start(_MEASURED, 0, _lock_tables=locked) as transaction:
        values = _books(today) | {"lines": lines, "people": lines // _LINES_EACH, "today": today}
        cursor = transaction.connection.cursor()
        for text in _FILL:
            cursor.execute(text, values)
    with psycopg.connect(
        os.environ["TRYTOND_DATABASE_URI"], dbname=_MEASURED, autocommit=True
    ) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    began, worked = time.perf_counter(), time.process_time()
    with Transaction().start(_MEASURED, 0, context={"company": values["company"]}):
        pool.get("account.dunning").generate_dunnings(today)
    times = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - worked}
    with Transaction().start(_MEASURED, 0, readonly=True):
        return times | {"dunnings": pool.get("account.dunning").search([], count=True)}


def _books(today: datetime.date) -> dict[str, Any]:
    """A company with two accounts, a fiscal year and the procedure; the ids that lines need."""
    from trytond.pool import Pool

    def create(model: str, **values: Any) -> Any:
        (made,) = Pool().get(model).create([values])
        return made

    year = {
        "start_date": today.replace(month=1, day=1),
        "end_date": today.replace(month=12, day=31),
    }
    currency = create("currency.currency", name="Real", symbol="R$", code="BRL")
    create("currency.currency.rate", currency=currency, rate=1, date=datetime.date.min)
    party = create("party.party", name="Credora Exemplo")
    company = create("company.company", party=party, currency=currency)
    kind = {"company": company, "statement": "balance", "assets": True, "receivable": True}
    receivable = create("account.account.type", name="Receivable", **kind)
    kind = {"company": company, "statement": "income", "revenue": True}
    revenue = create("account.account.type", name="Revenue", **kind)
    accounts = {
        "receivable": create(
            "account.account",
            name="Receivable",
            company=company,
            type=receivable,
            reconcile=True,
            party_required=True,
        ),
        "revenue": create("account.account", name="Revenue", company=company, type=revenue),
    }
    (sequence,) = Pool().get("ir.sequence.type").search([("name", "=", "Account Move")])
    numbers = create("ir.sequence.strict", name="Moves", sequence_type=sequence, company=company)
    fiscal = create(
        "account.fiscalyear", name="Year", company=company, move_sequence=numbers, **year
    )
    period = create("account.period", name="Year", fiscalyear=fiscal, type="standard", **year)
    (journal,) = Pool().get("account.journal").search([("type", "=", "revenue")])
    levels = [{"sequence": days, "overdue": datetime.timedelta(days)} for days in _DAYS]
    procedure = create("account.dunning.procedure", name="Régua", levels=[("create", levels)])
    made = accounts | {"company": company, "period": period, "journal": journal}
    made |= {"procedure": procedure}
    return {name: record.id for name, record in made.items()} | {"date": year["start_date"]}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            _prepare()
        case ["measure", lines]:
            print(json.dumps(_measure(int(lines))))
