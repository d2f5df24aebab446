"""The legal gate over many debts: every rule's answer, as a run over a whole portfolio asks it.

Four fifths of the debts are telecommunications ones with their evidence on file, so that every
predicate is really worked out. The limit is the same joins with no predicate: reading the facts.

Bound: ``evaluate``, SQL and Python together, answers at least 10 000 debts a second in batches.
"""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any

from benchmarks._product import product
from benchmarks.frame import Outcome, Size

BOUND = 20_000
BATCH = 10_000
DEBTS_EACH = 3
_FILL = (
    "INSERT INTO receivables_contract (id, customer_id, number, kind, started_on, suspended_on,"
    " ended_on) SELECT id, id, 'C' || id, CASE id %% 5 WHEN 0 THEN 'other' ELSE 'telecom' END,"
    " %(today)s::date - 900, %(today)s::date - 100, %(today)s::date - 30 FROM parties_customer",
    "INSERT INTO receivables_receivable (branch_id, customer_id, contract_id, number, our_number,"
    " due_date, amount, open_amount, status, renegotiated, disputed, awaiting_confirmation,"
    " created_at) SELECT c.branch_id, c.id, c.id, 'T' || c.id || n, c.id || '-' || n,"
    " %(today)s::date - 130 - n, 100, 100, 'open', false, false, false, now()"
    " FROM parties_customer c CROSS JOIN generate_series(1, %(each)s) n",
    "INSERT INTO compliance_evidencecontent VALUES (repeat('0', 64), 'x')",
    "INSERT INTO compliance_evidence (kind, customer_id, contract_id, receivable_id, dated_on,"
    " content_id, filename, content_type, size, uploaded_by_id)"
    " SELECT proved, k.customer_id, k.id, NULL, %(today)s::date - 120, repeat('0', 64), 'a.pdf',"
    " 'application/pdf', 1, %(actor)s FROM receivables_contract k"
    " CROSS JOIN unnest(%(kinds)s::text[]) proved"
    " WHERE k.id %% 10 <> 1",
)


def run(size: Size) -> Outcome:
    with product():
        return _measure(90_000 if size == "small" else 300_000)


def _measure(count: int) -> Outcome:
    from django.db import connection

    from regua.compliance.rules import FROM_DEBT, RULES
    from regua.compliance.selectors import answer_sql, evaluate, gate_parameters

    _fill(count)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM receivables_receivable ORDER BY id")
        ids = [pk for (pk,) in cursor.fetchall()]
        batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        evaluate(batches[0])  # warm
        begun = time.perf_counter()
        answered = sum(
            all(finding.passed for finding in findings)
            for batch in batches
            for findings in evaluate(batch).values()
        )
        ours = len(ids) / (time.perf_counter() - begun)

        answers = ", ".join(answer_sql(rule, telecom=True) for rule in RULES)
        whole, plan = _explain(
            cursor, f"SELECT r.id, ARRAY[{answers}] FROM {FROM_DEBT}", gate_parameters()
        )
        limit, _ = _explain(cursor, f"SELECT r.id, k.kind, c.*, t.days, e.* FROM {FROM_DEBT}", {})
    outcome = Outcome(
        ours=ours, limit=len(ids) / limit, limit_name="the same joins without predicates"
    )
    outcome.rows = [
        ("debts", f"{len(ids):,}"),
        ("that every rule lets through", f"{answered:,}"),
        (f"evaluate in batches of {BATCH:,}, SQL and Python", f"{1e6 / ours:.1f} µs each"),
        ("every rule over all of them, SQL alone", f"{1e6 * whole / len(ids):.1f} µs each"),
        ("limit: the same joins, no predicate", f"{1e6 * limit / len(ids):.1f} µs each"),
        ("evidence is found by", ", ".join(sorted(_indexes(plan, "compliance_evidence")))),
    ]
    outcome.facts = {"debts_per_s": f"{ours:.0f}", "bound": str(BOUND)}
    outcome.require(ours >= BOUND, f"{ours:,.0f} debts/s, bound {BOUND:,}")
    outcome.require(0 < answered < len(ids), "the gate answered the same of all")
    outcome.require(
        _indexes(plan, "compliance_evidence") == {"evidence_by_contract"},
        "the evidence is not found by its index",
    )
    return outcome


def _fill(count: int) -> None:
    from django.db import connection
    from django.utils import timezone
    from tests import factories

    from regua.accounts.permissions import Role
    from regua.documents import generate
    from regua.parties.models import Customer

    random = Random(20260701)
    branch = factories.branch()
    actor = factories.user(Role.FINANCE_MANAGER)
    documents = {generate.cpf(random).value for _ in range(count // DEBTS_EACH)}
    Customer.objects.bulk_create(
        (
            Customer(
                branch=branch,
                name="Pessoa Exemplo",
                search_name="pessoa exemplo",
                document=document,
                sex="F",
                birth_date="1985-04-12",
                mobile="11987654321",
                **factories.ADDRESS,
            )
            for document in sorted(documents)
        ),
        batch_size=5_000,
    )
    values = {
        "today": timezone.localdate(),
        "each": DEBTS_EACH,
        "actor": actor.pk,
        "kinds": ["overdue_notice", "rescission_proof", "debt_document", "other"],
    }
    with connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement, {k: v for k, v in values.items() if f"%({k})s" in statement})
        cursor.execute("VACUUM ANALYZE")


def _explain(cursor: Any, query: str, parameters: dict[str, Any]) -> tuple[float, Any]:
    """Seconds of the best of three runs, and its plan."""
    best, plan = float("inf"), None
    for _ in range(3):
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", parameters)
        found = cursor.fetchone()[0]
        found = json.loads(found) if isinstance(found, str) else found
        seconds = found[0]["Execution Time"] / 1000
        if seconds < best:
            best, plan = seconds, found[0]["Plan"]
    return best, plan


def _indexes(plan: Any, table: str) -> set[str]:
    """The indexes by which a plan finds a table's rows; "all rows" for none."""
    found = {name for part in plan.get("Plans", []) for name in _indexes(part, table)}
    if plan.get("Relation Name") == table:
        found.add(_bitmap(plan) or plan.get("Index Name", "all rows"))
    return found


def _bitmap(plan: Any) -> str:
    return next((p["Index Name"] for p in plan.get("Plans", []) if "Index Name" in p), "")
