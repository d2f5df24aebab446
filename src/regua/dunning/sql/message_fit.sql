-- Why a message that is about to leave may not any more; nothing where it may.
SELECT $pausing || array_remove(ARRAY[
    CASE WHEN r.status = 'received' THEN 'debt.received' END,
    CASE WHEN r.status = 'cancelled' THEN 'debt.cancelled' END,
    CASE WHEN step.days <= 0 AND r.due_date < %(today)s::date THEN 'message.late' END,
    CASE WHEN standing.days > step.days AND template.kind <> 'notice' THEN 'message.passed' END,
    CASE WHEN EXISTS (
        SELECT FROM dunning_messageoptout AS refusal
        WHERE refusal.customer_id = c.id AND refusal.channel = message.channel
    ) THEN 'message.opt_out' END,
    CASE WHEN NOT c.active AND NOT %(message_inactive)s THEN 'message.inactive' END,
    CASE WHEN message.channel = 'email' AND c.email = '' THEN 'message.email' END,
    CASE WHEN message.channel <> 'email' AND c.mobile = '' THEN 'message.mobile' END
]::text[], NULL)
FROM dunning_dunningmessage AS message
JOIN dunning_dunningstep AS step ON step.id = message.step_id
JOIN dunning_messagetemplate AS template ON template.id = message.template_id
JOIN receivables_receivable AS r ON r.id = message.receivable_id
JOIN parties_customer AS c ON c.id = r.customer_id
LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
WHERE message.id = %(message)s
