"""Years of inquiries, written set-wise: nobody's documents, only their shape."""

from __future__ import annotations

from typing import Any

BRANCHES = 10
PEOPLE = 50
DAYS = 1_000

_INQUIRIES = """
INSERT INTO inquiries_inquiry (
    integration_id, idempotency_key, due_at, attempts, unknown, problem, branch_id, document,
    customer_id, lead_id, prospect_id, product_code, product_name, cost, charge_unsure, purpose,
    legal_basis, requested_by_id, requested_at, repeat_reason, status, protocol, answered_at, name,
    document_status, score, band, default_probability, pendings_count, pendings_total, outcome,
    report_sealed)
SELECT
    p.integration, gen_random_uuid(), CASE WHEN p.status = 'queued' THEN p.at END, 1, false, '',
    p.branch, p.document,
    CASE WHEN p.who < 0.6 THEN 1 + floor(random() * %(customers)s)::int END,
    CASE WHEN p.who >= 0.6 AND p.who < 0.8 THEN 1 + floor(random() * 1000)::int END,
    CASE WHEN p.who >= 0.8 AND p.who < 0.9 THEN 1 + floor(random() * 1000)::int END,
    CASE WHEN length(p.document) = 14 THEN 'PJ-PADRAO' WHEN p.n %% 3 = 0 THEN 'PF-SCORE'
         ELSE 'PF-BASICA' END,
    'Produto', 4.90, false, 'Avaliação de crédito para contratação', 'credit_protection', p.person,
    p.at, '', p.status, 'P' || p.n, CASE WHEN p.status = 'answered' THEN p.at END,
    'Pessoa Exemplo ' || (p.n %% 1000), 'REGULAR', (p.n * 7919) %% 1001,
    substr('EDCBA', 1 + (((p.n * 7919) %% 1001) / 201)::int, 1), 0.1, p.n %% 3, (p.n %% 3) * 150,
    CASE WHEN p.status <> 'answered' OR p.n < %(count)s / 2 THEN ''
         ELSE (ARRAY['approve', 'approve', 'conditions', 'review', 'deny'])[1 + p.n %% 5] END,
    CASE WHEN p.status = 'answered' THEN 'x' ELSE '' END
FROM (
    SELECT n, people.person, people.branch, people.integration, random() AS who,
        now() - make_interval(secs => (%(count)s - n) * (86400.0 * %(days)s / %(count)s)) AS at,
        CASE WHEN n > %(count)s - 20 THEN 'queued' WHEN random() < 0.02 THEN 'refused'
             ELSE 'answered' END AS status,
        CASE WHEN random() < 0.15 THEN lpad((n %% 100000000)::text, 12, '0') || '00'
             ELSE lpad(n::text, 11, '0') END AS document
    FROM generate_series(1::bigint, %(count)s) n
    JOIN (
        SELECT u.id AS person, b.branch_id AS branch, i.id AS integration,
               row_number() OVER (ORDER BY u.id) - 1 AS place
        FROM accounts_user u JOIN accounts_user_branches b ON b.user_id = u.id
        JOIN integrations_integration i ON i.branch_id = b.branch_id
    ) people ON people.place = (n * 31) %% %(people)s
) p
"""
_TOTALS = """
INSERT INTO inquiries_inquirytotal (day, monthly, branch_id, integration_id, requested_by_id,
    person_kind, product_code, result, count, cost)
SELECT date_trunc(span.unit, requested_at AT TIME ZONE 'America/Sao_Paulo')::date,
    span.unit = 'month', branch_id, integration_id, requested_by_id,
    CASE length(document) WHEN 14 THEN 'J' ELSE 'F' END, product_code,
    CASE WHEN status = 'refused' THEN 'refused' WHEN outcome = '' THEN 'answered' ELSE outcome END,
    count(*), sum(CASE WHEN status = 'refused' AND NOT charge_unsure THEN 0 ELSE cost END)
FROM inquiries_inquiry CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE status IN ('answered', 'refused') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


def fill(count: int, *, customers: int = 10_000) -> Any:
    """``count`` inquiries over the last thousand days; returns who sees every branch.

    Ten branches with an integration and five people each, some customers, leads and prospects.
    """
    from django.db import connection
    from tests import factories

    from regua.accounts.permissions import Role
    from regua.integrations.models import Product

    manager = factories.user(Role.FINANCE_MANAGER)
    for number in range(BRANCHES):
        branch = factories.branch(f"Filial {number}")
        integration = factories.integration(branch)
        Product.objects.create(
            integration=integration,
            code="PF-SCORE",
            name="PF com score",
            person_kind="F",
            price="4.90",
        )
        for _ in range(PEOPLE // BRANCHES):
            factories.user(Role.SERVICE, branch)
    with connection.cursor() as cursor:
        for table, columns in (("customer", ", active"), ("lead", ""), ("prospect", "")):
            cursor.execute(
                f"INSERT INTO parties_{table} (branch_id, name, search_name, sex, mobile, email,"
                f" postal_code, street, number, complement, district, city, state, created_at,"
                f" updated_at, document{columns})"
                " SELECT (SELECT min(id) FROM organization_branch), 'Pessoa ' || n,"
                " 'pessoa ' || n, '', '', '', '', '', '', '', '', '', '', now(), now(),"
                f" lpad((n * 13)::text, 11, '0'){', true' if columns else ''}"
                " FROM generate_series(1, %s) n",
                [customers if table == "customer" else 1000],
            )
        _load(cursor, count, customers)
    return manager


def _load(cursor: Any, count: int, customers: int) -> None:
    """Indexes and totals are made afterwards, as a restore would."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'inquiries_inquiry'"
        " AND indexname <> 'inquiries_inquiry_pkey' AND indexname NOT LIKE '%%_key'"
    )
    indexes = cursor.fetchall()
    cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    cursor.execute(
        _INQUIRIES, {"count": count, "customers": customers, "days": DAYS, "people": PEOPLE}
    )
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute(_TOTALS)
    cursor.execute("SET session_replication_role = DEFAULT; RESET maintenance_work_mem")
    cursor.execute("VACUUM ANALYZE")
