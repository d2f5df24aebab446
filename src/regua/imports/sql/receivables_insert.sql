INSERT INTO receivables_receivable (
    branch_id, customer_id, contract_id, external_id, number, our_number, due_date, amount,
    open_amount, status, renegotiated, disputed, awaiting_confirmation, created_at)
SELECT
    %(branch)s, n.customer_id, n.contract_id, n.external_id, n.the_number, n.the_our_number,
    n.due_date, n.amount, n.open_after, n.status_after, COALESCE(n.renegotiated, false), false,
    COALESCE(n.awaiting_confirmation, false), now()
FROM $clean AS n WHERE n.action = 'create' AND n.troubles IS NULL
ORDER BY n.line
