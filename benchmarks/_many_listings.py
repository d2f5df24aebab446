"""Years of listings, written set-wise beside what ``_many.fill`` made: only their shape is real.

Most were sent by the routine at a few prices, and are long removed because the debt was paid; some
are live; a few are refused, wait, or were removed for a reason that is rare.
"""

from __future__ import annotations

from importlib import import_module

from benchmarks._many import BRANCHES, DAYS

_CONTRACTS = """
INSERT INTO receivables_contract (customer_id, number, kind)
SELECT n, 'C' || n, 'telecom' FROM generate_series(1::bigint, %(customers)s) n
"""
_RECEIVABLES = """
INSERT INTO receivables_receivable (branch_id, customer_id, contract_id, number, our_number,
    due_date, amount, open_amount, status, renegotiated, disputed, awaiting_confirmation,
    created_at)
SELECT place.branch, 1 + n %% %(customers)s, 1 + n %% %(customers)s, 'T' || n,
    lpad(n::text, 8, '0'),
    (now() - make_interval(secs => (%(count)s - n) * (86400.0 * %(days)s / %(count)s)))::date - 45,
    amount, amount, 'open', false, false, false, now()
FROM (
    SELECT n, CASE WHEN n %% 9 < 3 THEN 99.90 WHEN n %% 9 < 5 THEN 129.90
                   ELSE round((40 + exp(3.6 + 1.6 * (random() + random() + random() - 1.5) * 2))
                              ::numeric, 2) END AS amount
    FROM generate_series(1::bigint, %(count)s) n
) debt
JOIN (
    SELECT branch_id AS branch, row_number() OVER (ORDER BY branch_id) - 1 AS nr
    FROM integrations_integration
) place ON place.nr = (n * 31) %% %(branches)s
"""
_RESTRICTIONS = """
INSERT INTO restrictions_restriction (integration_id, idempotency_key, due_at, attempts, unknown,
    problem, branch_id, provider, customer_id, receivable_id, form, status, unavailable,
    restriction_code, contract_number, our_number, amount, due_date, debtor, protocol,
    bureau_version, bureau_status, bureau_code, notified_on, visible_on, requested_by_id,
    requested_at, sent_at, removal_reason, removal_code, removal_key, removal_requested_by_id,
    removal_requested_at, removed_on)
SELECT i.id, gen_random_uuid(), CASE WHEN status IN ('queued', 'removal_queued') THEN now() END, 1,
    unsettled, CASE WHEN status = 'refused' OR unsettled THEN 'O birô não respondeu.' ELSE '' END,
    branch_id, 'credito_na_medida', customer_id, receivable_id,
    CASE WHEN manual THEN 'manual' ELSE 'automatic' END, status, false, 'TI', 'C' || customer_id,
    our_number, amount, due_date,
    jsonb_build_object('name', 'Pessoa ' || customer_id, 'document',
        lpad((customer_id * 13)::text, 11, '0'), 'sex', 'F', 'birth_date', '1985-04-12', 'mobile',
        '11987654321', 'email', '', 'address', '{"postal_code": "01310100", "street":
        "Avenida Paulista", "number": "1000", "complement": "Apto 12", "district": "Bela Vista",
        "city": "São Paulo", "state": "SP"}'::jsonb),
    CASE WHEN status IN ('queued', 'cancelled', 'refused') THEN '' ELSE 'P' || receivable_id END, 3,
    '', '', (at + interval '2 days')::date,
    CASE WHEN status IN ('active', 'removal_queued', 'removal_sent', 'removed')
         THEN (at + interval '12 days')::date END,
    CASE WHEN manual THEN operators[1 + (receivable_id / 10) %% array_length(operators, 1)] END, at,
    CASE WHEN status NOT IN ('queued', 'cancelled') THEN at + interval '5 minutes' END,
    CASE WHEN status NOT IN ('removal_queued', 'removal_sent', 'removed') THEN ''
         WHEN dice < 0.75 THEN 'paid' WHEN dice < 0.95 THEN 'renegotiated'
         WHEN dice < 0.9995 THEN 'debt_cancelled' ELSE 'fraud' END,
    CASE WHEN status IN ('removal_queued', 'removal_sent', 'removed') THEN '01' ELSE '' END,
    gen_random_uuid(), NULL,
    CASE WHEN status IN ('removal_queued', 'removal_sent', 'removed') THEN gone END,
    CASE WHEN status = 'removed' THEN gone::date END
FROM (
    SELECT *, CASE
        WHEN receivable_id > %(count)s - 40 THEN 'queued'
        WHEN luck < 0.02 THEN 'refused'
        WHEN luck < 0.025 THEN 'cancelled'
        WHEN at > now() - interval '3 days' THEN 'sent'
        WHEN at > now() - interval '12 days' THEN 'notified'
        WHEN gone > now() AND luck < 0.026 THEN 'removal_sent'
        WHEN gone > now() THEN 'active'
        ELSE 'removed' END AS status,
        receivable_id > %(count)s - 20 AS unsettled
    FROM (
        SELECT r.id AS receivable_id, r.branch_id, r.customer_id, r.our_number, r.amount,
            r.due_date, a.at, random() AS luck, random() AS dice, random() < 0.2 AS manual,
            a.at + make_interval(days => (14 - 90 * ln(random() + 0.0001))::int) AS gone
        FROM receivables_receivable r
        CROSS JOIN LATERAL (
            SELECT now() - make_interval(
                secs => (%(count)s - r.id) * (86400.0 * %(days)s / %(count)s)) AS at
        ) a
    ) debt
) told
JOIN integrations_integration i USING (branch_id)
JOIN (
    SELECT branch_id, array_agg(user_id) AS operators FROM accounts_user_branches GROUP BY 1
) people USING (branch_id)
ORDER BY receivable_id
"""


def fill(count: int, *, customers: int) -> None:
    """``count`` listings over the last thousand days, one for each of as many debts."""
    from django.db import connection

    size = {
        "count": count,
        "customers": customers,
        "days": DAYS,
        "branches": BRANCHES,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
        for table, statement in (
            ("receivables_contract", _CONTRACTS),
            ("receivables_receivable", _RECEIVABLES),
            ("restrictions_restriction", _RESTRICTIONS),
        ):
            cursor.execute(
                "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)"
                " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
                " WHERE i.indrelid = %s::regclass AND c.oid IS NULL",
                [table],
            )
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f"DROP INDEX {name}")
            cursor.execute(statement, size)
            for _, definition in indexes:
                cursor.execute(definition)
        cursor.execute("SET session_replication_role = DEFAULT; RESET maintenance_work_mem")
    import_module("regua.restrictions.migrations.0006_totals_counted").count(None, None)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
