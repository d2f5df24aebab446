"""The two ledgers compared in the database: set by set, whatever their size.

A listing of ours is compared only where it rests: nothing of it is on its way, and nothing has
happened to it since the bureau's ledger began to be read. A line of the bureau's counts only where
it is not older than what we know. What somebody has looked at and marked as seen is not told again
until it changes.
"""

from __future__ import annotations

from django.db import connection

from regua.restrictions.choices import AT_BUREAU, FINAL, FROM_BUREAU, Status
from regua.restrictions.models import Reconciliation


def lines_compare(run: Reconciliation) -> None:
    """Write the differences of a run whose lines are all staged, inside the caller's transaction.

    Fills in ``run.read`` and ``run.ours``; the caller saves.
    """
    about = {
        "run": run.pk,
        "integration": run.integration_id,
        "branch": run.integration.branch_id,
        "since": run.started_at,
        "final": [str(status) for status in FINAL],
        "at_bureau": [str(status) for status in AT_BUREAU],
        "ours": [*(str(status) for status in AT_BUREAU), str(Status.REMOVAL_SENT)],
        "theirs": [str(status) for status in FROM_BUREAU],
        "as_ours": [str(status) for status in FROM_BUREAU.values()],
    }
    with connection.cursor() as cursor:
        # Filled just now: without this the planner takes it for as empty as it was.
        cursor.execute("ANALYZE restrictions_ledgerline")
        for statement in (_BY_PROTOCOL, _BY_REFERENCE, _DEBTS):
            cursor.execute(statement, about)
        cursor.execute("ANALYZE restrictions_ledgerline")
        for statement in (_ONLY_THEIRS, _ONLY_OURS, _UNLIKE):
            cursor.execute(statement, about)
        cursor.execute(_COUNTS, about)
        run.read, run.ours = cursor.fetchone()


_BY_PROTOCOL = """
UPDATE restrictions_ledgerline AS line SET restriction_id = r.id
FROM restrictions_restriction AS r
WHERE line.run_id = %(run)s AND r.integration_id = %(integration)s
    AND r.protocol = line.protocol AND r.protocol <> ''
"""

# By the key that we gave it, while we do not know its protocol: with another protocol it is
# another listing.
_BY_REFERENCE = """
UPDATE restrictions_ledgerline AS line SET restriction_id = r.id
FROM restrictions_restriction AS r
WHERE line.run_id = %(run)s AND line.restriction_id IS NULL AND line.reference IS NOT NULL
    AND r.idempotency_key = line.reference AND r.integration_id = %(integration)s
    AND r.protocol = ''
"""

_DEBTS = """
UPDATE restrictions_ledgerline AS line SET receivable_id = (
    SELECT debt.id
    FROM parties_customer AS customer
    JOIN receivables_contract AS contract
        ON contract.customer_id = customer.id AND contract.number = line.contract
    JOIN receivables_receivable AS debt
        ON debt.contract_id = contract.id AND debt.due_date = line.due_date
    WHERE customer.branch_id = %(branch)s AND customer.document = line.document
    ORDER BY debt.amount = line.amount DESC, debt.id
    LIMIT 1
)
WHERE line.run_id = %(run)s AND line.restriction_id IS NULL
"""

_MASK = """CASE length({0})
        WHEN 11 THEN '***.' || substr({0}, 4, 3) || '.' || substr({0}, 7, 3) || '-**'
        WHEN 14 THEN substr({0}, 1, 2) || '.***.***/****-' || substr({0}, 13, 2)
        ELSE repeat('*', length({0})) END"""

_AT_REST = """
    r.due_at IS NULL AND NOT r.unknown
    AND r.status NOT IN ('draft', 'queued', 'removal_queued')
    AND NOT EXISTS (
        SELECT FROM restrictions_restrictionevent AS event
        WHERE event.restriction_id = r.id AND event.at >= %(since)s
    )"""

_WORDS = "unnest(%(theirs)s::text[], %(as_ours)s::text[]) AS word(theirs, ours)"

_COLUMNS = """
    (run_id, kind, restriction_id, receivable_id, protocol, document, contract,
     their_status, their_amount, their_due_date, our_status, our_amount, our_due_date,
     remedy, result)"""

_NOT_SEEN = """NOT EXISTS (
    SELECT FROM restrictions_difference AS seen
    JOIN restrictions_reconciliation AS earlier ON earlier.id = seen.run_id
    WHERE seen.protocol = found.protocol AND seen.kind = found.kind
        AND seen.remedy = 'review' AND seen.done_at IS NOT NULL
        AND earlier.integration_id = %(integration)s AND seen.run_id <> %(run)s
        AND seen.restriction_id IS NOT DISTINCT FROM found.restriction_id
        AND seen.their_status = found.their_status AND seen.our_status = found.our_status
        AND seen.their_amount IS NOT DISTINCT FROM found.their_amount
        AND seen.their_due_date IS NOT DISTINCT FROM found.their_due_date
)"""


def _insert(found: str) -> str:
    return f"""
        WITH found AS ({found})
        INSERT INTO restrictions_difference {_COLUMNS}
        SELECT %(run)s, kind, restriction_id, receivable_id, protocol, document, contract,
            their_status, their_amount, their_due_date, our_status, our_amount, our_due_date, '', ''
        FROM found WHERE {_NOT_SEEN}
        ORDER BY contract, protocol
        """  # noqa: S608


# Listed there; here there is nothing, or only one that has ended.
_ONLY_THEIRS = _insert(
    f"""
    SELECT 'only_theirs' AS kind, r.id AS restriction_id,
        COALESCE(r.receivable_id, line.receivable_id) AS receivable_id, line.protocol,
        {_MASK.format("line.document")} AS document, left(line.contract, 60) AS contract,
        word.ours AS their_status, line.amount AS their_amount, line.due_date AS their_due_date,
        COALESCE(r.status, '') AS our_status, r.amount AS our_amount, r.due_date AS our_due_date
    FROM restrictions_ledgerline AS line
    JOIN {_WORDS} ON word.theirs = line.status
    LEFT JOIN restrictions_restriction AS r ON r.id = line.restriction_id
    WHERE line.run_id = %(run)s AND word.ours = ANY(%(at_bureau)s)
        AND (r.id IS NULL OR r.status = ANY(%(final)s) AND line.version >= r.bureau_version
            AND {_AT_REST})
        -- One that is on its way may turn out to be this very line.
        AND NOT EXISTS (
            SELECT FROM restrictions_restriction AS other
            WHERE other.receivable_id = line.receivable_id
                AND other.status IN ('queued', 'removal_queued')
        )
    """  # noqa: S608
)

_ONLY_OURS = _insert(
    f"""
    SELECT 'only_ours' AS kind, r.id AS restriction_id, r.receivable_id, r.protocol,
        {_MASK.format("(r.debtor ->> 'document')")} AS document, r.contract_number AS contract,
        '' AS their_status, NULL::numeric AS their_amount, NULL::date AS their_due_date,
        r.status AS our_status, r.amount AS our_amount, r.due_date AS our_due_date
    FROM restrictions_restriction AS r
    WHERE r.integration_id = %(integration)s AND r.status = ANY(%(ours)s) AND {_AT_REST}
        AND NOT EXISTS (
            SELECT FROM restrictions_ledgerline AS line
            WHERE line.run_id = %(run)s AND line.restriction_id = r.id
        )
    """  # noqa: S608
)

_UNLIKE = _insert(
    f"""
    SELECT what.kind, r.id AS restriction_id, r.receivable_id, r.protocol,
        {_MASK.format("(r.debtor ->> 'document')")} AS document, r.contract_number AS contract,
        word.ours AS their_status, line.amount AS their_amount, line.due_date AS their_due_date,
        r.status AS our_status, r.amount AS our_amount, r.due_date AS our_due_date
    FROM restrictions_ledgerline AS line
    JOIN restrictions_restriction AS r ON r.id = line.restriction_id
    JOIN {_WORDS} ON word.theirs = line.status
    CROSS JOIN LATERAL (
        SELECT 'status' AS kind WHERE word.ours <> r.status
        UNION ALL
        SELECT 'amount' WHERE line.amount <> r.amount
            AND r.status = ANY(%(at_bureau)s) AND word.ours = ANY(%(at_bureau)s)
        UNION ALL
        SELECT 'due_date' WHERE line.due_date <> r.due_date
            AND r.status = ANY(%(at_bureau)s) AND word.ours = ANY(%(at_bureau)s)
    ) AS what
    WHERE line.run_id = %(run)s AND r.status <> ALL(%(final)s)
        AND line.version >= r.bureau_version AND {_AT_REST}
    """  # noqa: S608
)

_COUNTS = """
SELECT (SELECT count(*) FROM restrictions_ledgerline WHERE run_id = %(run)s),
    (SELECT count(*) FROM restrictions_restriction
     WHERE integration_id = %(integration)s AND status = ANY(%(ours)s))
"""
