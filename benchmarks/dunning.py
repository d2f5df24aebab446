"""The régua over a whole portfolio: simulated with reasons, then executed with intents and jobs.

Beside it SQL written by hand for this one policy, which makes the same rows in the same tables
of the same database: a statement for each table, one transaction, no slices, no gate, no reasons.
About 43 % of the debts are due for a step: three fifths for a message, a fifth for a mark with a
contact to make, a fifth for a listing, of which a part is held by the gate. At full size also
Tryton's ``account_dunning`` on the same server, alone on it.

Ours is one connection's work, as theirs is. What several do together, as a worker's jobs share a
run on a machine with as many cores, is told beside it.

Bounds: at most 1.5 times the time of the SQL; a repeated run writes nothing and takes at most a
quarter of the first; ten times the debts take at most eleven times as long; at most 200 MB; at
least 100 times the steps per second of Tryton at 50 000 lines, where it can be installed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks._product import product
from benchmarks._tryton import Measured, measure
from benchmarks.frame import Outcome, Size

BOUND, REPEATED, LARGER, MEGABYTES, TIMES_TRYTON = 1.5, 0.25, 11.0, 200, 100
TRYTON_LINES = (10_000, 50_000)
DEBTS_EACH = 5
_ASKED = ("restrictions_restrictionevent", "restrictions_restriction")
_FILLED = (
    "dunning_dunningitem",
    "dunning_dunninghold",
    "dunning_dunningentry",
    "dunning_dunningstanding",
    "dunning_dunningmessage",
    "dunning_dunningtask",
    "dunning_dunningslice",
    "dunning_dunningrun",
    "restrictions_restrictionmove",
    *_ASKED,
)
_OWED = (
    "receivables_receivable",
    "receivables_contract",
    "parties_customer",
    "dunning_dunningpolicy",
    "integrations_integration",
    "organization_branch",
)
_PORTFOLIO = (
    # One customer in twenty has no birth date, which the gate asks for.
    "INSERT INTO parties_customer (branch_id, name, search_name, sex, birth_date, mobile, email,"
    " postal_code, street, number, complement, district, city, state, created_at, updated_at,"
    " document, active) SELECT %(branch)s, 'Pessoa Exemplo ' || n, 'pessoa exemplo ' || n, 'F',"
    " CASE WHEN n %% 20 > 0 THEN DATE '1985-04-12' END, '11987654321', 'p' || n || '@exemplo.test',"
    " '01310100', 'Avenida Paulista', '1000', 'Apto 12', 'Bela Vista', 'São Paulo', 'SP', now(),"
    " now(), document, true FROM person",
    "INSERT INTO receivables_contract (customer_id, number, kind)"
    " SELECT id, 'C' || id, 'other' FROM parties_customer",
    # 57 in a hundred are paid or not due yet; the others are spread over the policy's steps.
    "INSERT INTO receivables_receivable (branch_id, customer_id, contract_id, number, our_number,"
    " due_date, amount, open_amount, status, renegotiated, disputed, awaiting_confirmation,"
    " created_at) SELECT %(branch)s, c.id, k.id, 'T' || c.id || n, c.id || '-' || n,"
    " %(today)s::date - days.overdue, 100 + n, CASE WHEN spread.share < 40 THEN 0 ELSE 100 + n END,"
    " CASE WHEN spread.share < 40 THEN 'received' ELSE 'open' END, false, false, false, now()"
    " FROM parties_customer c JOIN receivables_contract k ON k.customer_id = c.id"
    " CROSS JOIN generate_series(1, %(each)s) n"
    " CROSS JOIN LATERAL (SELECT abs(hashint8(c.id * 100 + n)) %% 100 AS share,"
    " abs(hashint8(c.id * 7919 + n)) AS luck) spread"
    " CROSS JOIN LATERAL (SELECT CASE"
    "   WHEN spread.share < 40 THEN spread.luck %% 400"
    "   WHEN spread.share < 57 THEN -10 - spread.luck %% 20"
    "   WHEN spread.share < 83 THEN 5 + spread.luck %% 15"
    "   WHEN spread.share < 92 THEN 20 + spread.luck %% 10"
    "   ELSE 30 + spread.luck %% 300 END AS overdue) days",
)
_BY_HAND = (
    """
    CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
    SELECT r.id, r.customer_id, r.open_amount, r.due_date, r.our_number, step.id AS step_id,
        step.stage, step.days, step.action, step.template_id, step.channel, step.contact_kind,
        step.next_action_days, c.birth_date IS NULL AND step.action = 'list' AS held
    FROM receivables_receivable r
    JOIN parties_customer c ON c.id = r.customer_id
    JOIN dunning_dunningstep step ON step.days = CASE
        WHEN %(today)s::date - r.due_date >= 30 THEN 30
        WHEN %(today)s::date - r.due_date >= 20 THEN 20
        WHEN %(today)s::date - r.due_date >= 5 THEN 5
        WHEN %(today)s::date - r.due_date >= 0 THEN 0
        ELSE -3 END
    WHERE r.status IN ('open', 'partial') AND r.due_date <= %(today)s::date + 3
    """,
    """
    INSERT INTO dunning_dunningrun (id, branch_id, day, scheduled, state, needs_approval, problem)
    VALUES (1, %(branch)s, %(today)s, false, 'done', false, '')
    """,
    "INSERT INTO dunning_dunningslice (id, run_id, number, after_customer, to_customer)"
    " VALUES (1, 1, 1, 0, 0)",
    "INSERT INTO dunning_dunningitem (run_id, slice_id, receivable_id, step_id, amount, cost, note)"
    " SELECT 1, 1, id, step_id, open_amount, 0, '' FROM chosen WHERE NOT held",
    "INSERT INTO dunning_dunninghold (receivable_id, branch_id, customer_id, step_id, reasons,"
    " since) SELECT id, %(branch)s, customer_id, step_id, '[\"data.birth_date\"]', %(today)s"
    " FROM chosen WHERE held",
    """
    WITH listed AS (
        INSERT INTO restrictions_restriction (
            integration_id, provider, branch_id, customer_id, receivable_id, idempotency_key,
            removal_key, due_at, attempts, unknown, problem, form, status, unavailable,
            restriction_code, contract_number, our_number, amount, due_date, debtor, gate,
            approval_reason, protocol, bureau_version, bureau_status, bureau_code,
            removal_reason, removal_code)
        SELECT %(integration)s, 'credito_na_medida', %(branch)s, chosen.customer_id, chosen.id,
            gen_random_uuid(), gen_random_uuid(), now(), 0, false, '', 'automatic', 'queued',
            false, 'TI', k.number, chosen.our_number, chosen.open_amount, chosen.due_date,
            jsonb_build_object('document', c.document, 'name', c.name, 'sex', c.sex,
                'birth_date', c.birth_date, 'mobile', c.mobile, 'email', c.email, 'address',
                jsonb_build_object('postal_code', c.postal_code, 'street', c.street,
                    'number', c.number, 'complement', c.complement, 'district', c.district,
                    'city', c.city, 'state', c.state)),
            %(gate)s::jsonb, '', '', 0, '', '', '', ''
        FROM chosen JOIN parties_customer c ON c.id = chosen.customer_id
        JOIN receivables_contract k ON k.customer_id = c.id
        WHERE chosen.action = 'list' AND NOT held
        RETURNING id
    )
    INSERT INTO restrictions_restrictionevent (restriction_id, status_before, status, source, text)
    SELECT id, '', 'queued', 'routine', 'Pedida pela régua de cobrança, na execução nº 1.'
    FROM listed
    """,
    'INSERT INTO dunning_dunningentry (receivable_id, run_id, step_id, stage, "on", note)'
    " SELECT id, 1, step_id, stage, %(today)s, '' FROM chosen WHERE NOT held",
    'INSERT INTO dunning_dunningstanding (receivable_id, branch_id, stage, days, "on", open)'
    " SELECT id, %(branch)s, stage, days, %(today)s, true FROM chosen WHERE NOT held",
    "INSERT INTO dunning_dunningmessage (receivable_id, step_id, branch_id, template_id, channel,"
    " status, due_at) SELECT id, step_id, %(branch)s, template_id, channel, 'queued', now()"
    " FROM chosen WHERE action = 'message'",
    "INSERT INTO dunning_dunningtask (customer_id, branch_id, kind, due_on, step_id)"
    " SELECT DISTINCT ON (customer_id) customer_id, %(branch)s, contact_kind,"
    " %(today)s::date + next_action_days, step_id FROM chosen WHERE contact_kind <> '' AND NOT held"
    " ORDER BY customer_id, days DESC",
)


def run(size: Size) -> Outcome:
    few, many = (20_000, 200_000) if size == "small" else (200_000, 2_000_000)
    with product(REGUA_SMTP_URL="smtp://127.0.0.1:9"):
        tryton = measure(TRYTON_LINES, os.environ["DATABASE_URL"]) if size == "full" else None
        smaller = _measure(few)
        _empty(_FILLED + _OWED)
        larger = _measure(many)
    outcome = larger.outcome
    growth = larger.seconds / smaller.seconds
    megabytes = max(smaller.megabytes, larger.megabytes)
    outcome.rows += [
        (f"ours with {few:,} debts", f"{smaller.seconds:.2f} s"),
        ("ten times the debts take", f"{growth:.1f} times as long"),
        ("our process at most", f"{megabytes:.0f} MB"),
    ]
    outcome.facts |= {"growth": f"{growth:.2f}", "rss_mb": f"{megabytes:.0f}"}
    outcome.require(growth <= LARGER, f"ten times the debts take {growth:.1f} times as long")
    outcome.require(megabytes <= MEGABYTES, f"{megabytes:.0f} MB resident, bound {MEGABYTES}")
    if tryton is not None:
        _beside(outcome, tryton)
    return outcome


def _beside(outcome: Outcome, tryton: Sequence[Measured]) -> None:
    """Say what Tryton did, and how many times its rate at the most lines ours is."""
    for one in tryton:
        outcome.rows.append(
            (
                f"Tryton account_dunning, {one.lines:,} lines",
                f"{one.seconds:.1f} s, {one.cpu:.1f} of CPU ({one.rate:,.0f} lines/s)",
            )
        )
        outcome.require(
            one.dunnings == one.lines,
            f"Tryton made {one.dunnings:,} dunnings of {one.lines:,} overdue lines",
        )
    if not tryton:
        outcome.rows.append(
            ("Tryton account_dunning", "not measured: Tryton could not be installed")
        )
        outcome.facts["times_tryton"] = "not-measured"
        return
    times = float(outcome.facts["steps_per_s"]) / tryton[-1].rate
    outcome.rows.append(("ours beside the last of these", f"{times:,.0f} times its rate"))
    outcome.facts["times_tryton"] = f"{times:.0f}"
    outcome.require(times >= TIMES_TRYTON, f"{times:.0f} times Tryton, bound {TIMES_TRYTON}")


class _Ours(NamedTuple):
    seconds: float
    megabytes: float
    outcome: Outcome


def _measure(debts: int) -> _Ours:
    from regua.dunning.models import DunningRun
    from regua.dunning.running import run_work
    from regua.dunning.services import SHARES, run_approve, run_start

    values = _portfolio(debts)
    branch, approver = values.pop("row"), values.pop("approver")

    by_hand = _timed(lambda: _execute(_BY_HAND, values))
    expected = _counts()
    _empty()

    def whole(hands: int) -> list[float]:
        run = run_start(branch=branch, actor=None, needs_approval=True)
        simulation = _timed(lambda: _by(hands, lambda: run_work(run.pk)))
        run_approve(run=run, actor=approver)
        execution = _timed(lambda: _by(hands, lambda: run_work(run.pk)))
        run.refresh_from_db()
        assert run.state == "done", run.state
        return [simulation, execution]

    phases: list[float] = []
    _forget_peak()
    first = _timed(lambda: phases.extend(whole(1)))
    megabytes = _peak()
    written = _counts()
    repeated = _timed(lambda: whole(1))
    again = _counts()
    same = written == expected and again == written
    simulated = DunningRun.objects.count()
    _empty()
    hands = min(SHARES, os.cpu_count() or 1)
    shared = _timed(lambda: whole(hands))
    steps = written["dunning_dunningentry"]
    ratio = first / by_hand
    outcome = Outcome(
        ours=first, limit=by_hand, limit_name="SQL by hand for one policy", lower_is_better=True
    )
    outcome.rows = [
        ("debts", f"{debts:,}"),
        ("steps taken", f"{steps:,}"),
        ("listings asked for", f"{written['restrictions_restriction']:,}"),
        ("held by the gate", f"{written['dunning_dunninghold']:,}"),
        ("simulation, with reasons", f"{phases[0]:.2f} s"),
        ("execution, with intents and jobs", f"{phases[1]:.2f} s"),
        ("both", f"{first:.2f} s ({steps / first:,.0f} steps/s)"),
        ("SQL by hand", f"{by_hand:.2f} s"),
        ("ratio", f"{ratio:.2f}"),
        (f"shared by {hands}", f"{shared:.2f} s ({steps / shared:,.0f} steps/s)"),
        ("the same run again", f"{repeated:.2f} s ({repeated / first:.0%})"),
    ]
    outcome.facts = {
        "steps_per_s": f"{steps / first:.0f}",
        "repeated": f"{repeated / first:.2f}",
        "shared_per_s": f"{steps / shared:.0f}",
    }
    outcome.require(ratio <= BOUND, f"{ratio:.2f} times the SQL by hand, bound {BOUND}")
    outcome.require(same, "ours and the SQL by hand did not write the same number of rows")
    outcome.require(simulated == 2, "two runs were not made")
    outcome.require(
        repeated <= REPEATED * first, f"the repeated run took {repeated / first:.0%} of the first"
    )
    if written != expected:
        print(f"by hand {expected}\nours    {written}", file=sys.stderr)
    return _Ours(first, megabytes, outcome)


def _portfolio(debts: int) -> dict[str, Any]:
    """A branch with its integration, a policy, and so many debts; what the SQL needs to know."""
    from django.utils import timezone
    from tests import factories
    from tests.dunning.conftest import ADDRESS
    from tests.restrictions import bare

    from regua.accounts.permissions import Role
    from regua.compliance.rules import RULES
    from regua.dunning.defaults import default_policy_create

    branch = factories.branch("Centro", **ADDRESS)
    integration = bare.integration(branch, automatic=True, codes_synced_at=timezone.now())
    policy = default_policy_create()
    policy.steps.update(required=False)
    policy.steps.filter(action="list").update(days=30)
    values: dict[str, Any] = {
        "branch": branch.pk,
        "integration": integration.pk,
        "today": timezone.localdate(),
        "each": DEBTS_EACH,
        "gate": json.dumps([[rule.code, "pass"] for rule in RULES if rule.profile == "general"]),
    }
    _people(debts // DEBTS_EACH)
    _execute(_PORTFOLIO, values)
    _vacuum()
    approver = factories.user(Role.FINANCE_MANAGER, branch)
    return values | {"row": branch, "approver": approver}


def _people(many: int) -> None:
    """So many generated CPFs in the table ``person``, numbered from 1."""
    from django.db import connection

    from regua.documents import generate

    random = Random(20261101)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE drawn (document text)")
        with cursor.copy("COPY drawn FROM STDIN") as copy:
            # Some come twice.
            for _ in range(many + many // 100 + 100):
                copy.write_row([generate.cpf(random).value])
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS person (n bigint, document text);")
        cursor.execute("TRUNCATE person")
        cursor.execute(
            "INSERT INTO person SELECT row_number() OVER (ORDER BY document), document"
            " FROM (SELECT DISTINCT document FROM drawn) AS each LIMIT %s",
            [many],
        )
        cursor.execute("DROP TABLE drawn")


def _execute(statements: Sequence[str], values: Mapping[str, Any]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for text in statements:
            cursor.execute(text, {k: v for k, v in values.items() if f"%({k})s" in text})


def _counts() -> dict[str, int]:
    """Rows in each table that a run fills, but for bookkeeping by slice and by statement."""
    from django.db import connection

    counts = {}
    with connection.cursor() as cursor:
        for table in (*_FILLED[:6], *_ASKED):
            cursor.execute(f"SELECT count(*) FROM {table}")
            (counts[table],) = cursor.fetchone()
    return counts


def _empty(tables: Sequence[str] = _FILLED) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
    _vacuum()


def _vacuum() -> None:
    """And flush, so that nobody pays for what another wrote."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _by(hands: int, work: Callable[[], object]) -> None:
    """Have ``work`` done by so many threads at once, as a worker's jobs share a run."""
    with ThreadPoolExecutor(hands) as pool:
        for done in [pool.submit(_by_itself, work) for _ in range(hands)]:
            done.result()


def _by_itself(work: Callable[[], object]) -> None:
    from django.db import connection

    try:
        work()
    finally:
        connection.close()


def _forget_peak() -> None:
    """Begin to look for the process's most memory anew: making the data has taken some."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """MB that the process had at most since."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
