"""Totals kept by the database, and a policy and its decisions that nobody rewrites."""

from django.db import migrations

FORWARD = """
-- One plpgsql statement, because its plan is kept: it runs once for every inquiry.
CREATE FUNCTION inquiries_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    i inquiries_inquiry;
    sign integer;
BEGIN
    FOREACH sign IN ARRAY ARRAY[-1, 1] LOOP
        CONTINUE WHEN TG_OP = CASE sign WHEN -1 THEN 'INSERT' ELSE 'DELETE' END;
        IF sign = -1 THEN i := OLD; ELSE i := NEW; END IF;
        CONTINUE WHEN i.status NOT IN ('answered', 'refused');
        INSERT INTO inquiries_inquirytotal AS t
            (day, monthly, branch_id, integration_id, requested_by_id, person_kind, product_code,
             result, count, cost)
        SELECT
            date_trunc(span.unit, i.requested_at AT TIME ZONE 'America/Sao_Paulo')::date,
            span.unit = 'month', i.branch_id, i.integration_id, i.requested_by_id,
            CASE length(i.document) WHEN 14 THEN 'J' ELSE 'F' END, i.product_code,
            CASE WHEN i.status = 'refused' THEN 'refused' WHEN i.outcome = '' THEN 'answered'
                 ELSE i.outcome END,
            sign,
            sign * CASE WHEN i.status = 'refused' AND NOT i.charge_unsure THEN 0 ELSE i.cost END
        FROM (VALUES ('day'), ('month')) span(unit)
        ON CONFLICT (requested_by_id, monthly, day, branch_id, integration_id, person_kind,
                     product_code, result)
        DO UPDATE SET count = t.count + excluded.count, cost = t.cost + excluded.cost;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER inquiry_counted AFTER INSERT OR DELETE ON inquiries_inquiry
    FOR EACH ROW EXECUTE FUNCTION inquiries_count();
CREATE TRIGGER inquiry_recounted AFTER UPDATE ON inquiries_inquiry FOR EACH ROW
    WHEN ((OLD.status, OLD.outcome, OLD.cost, OLD.charge_unsure)
          IS DISTINCT FROM (NEW.status, NEW.outcome, NEW.cost, NEW.charge_unsure)
          AND NEW.status IN ('answered', 'refused'))
    EXECUTE FUNCTION inquiries_count();

-- The triggers' lock lasts for this transaction, so that no inquiry is counted twice or left out.
INSERT INTO inquiries_inquirytotal
    (day, monthly, branch_id, integration_id, requested_by_id, person_kind, product_code, result,
     count, cost)
SELECT date_trunc(span.unit, requested_at AT TIME ZONE 'America/Sao_Paulo')::date,
       span.unit = 'month', branch_id, integration_id, requested_by_id,
       CASE length(document) WHEN 14 THEN 'J' ELSE 'F' END, product_code, status, count(*),
       sum(CASE WHEN status = 'refused' AND NOT charge_unsure THEN 0 ELSE cost END)
FROM inquiries_inquiry CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE status IN ('answered', 'refused') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

INSERT INTO inquiries_inquiryspending (branch_id, month, spent)
SELECT branch_id, date_trunc('month', requested_at AT TIME ZONE 'America/Sao_Paulo')::date,
       sum(cost)
FROM inquiries_inquiry WHERE status <> 'refused' OR charge_unsure GROUP BY 1, 2;

-- What the planner would otherwise take for independent, or for rare.
CREATE STATISTICS inquiry_kind ON (length(document)) FROM inquiries_inquiry;
CREATE STATISTICS inquiry_place (dependencies)
    ON branch_id, integration_id, requested_by_id FROM inquiries_inquiry;
ANALYZE inquiries_inquiry;

CREATE FUNCTION inquiries_keep_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT status FROM inquiries_creditpolicy
        WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.policy_id ELSE NEW.policy_id END) <> 'draft'
    THEN
        RAISE EXCEPTION 'the rules of a policy that was in force do not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_rule_of_draft';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER policy_rule_of_draft BEFORE INSERT OR UPDATE OR DELETE ON inquiries_policyrule
    FOR EACH ROW EXECUTE FUNCTION inquiries_keep_policy();

CREATE FUNCTION inquiries_check_policy_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a policy may not go from % to %', OLD.status, NEW.status
        USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_legal_move';
END $$;
CREATE TRIGGER policy_legal_move BEFORE UPDATE OF status ON inquiries_creditpolicy
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status, NEW.status)
                       NOT IN (('draft', 'active'), ('active', 'retired')))
    EXECUTE FUNCTION inquiries_check_policy_move();

CREATE FUNCTION inquiries_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'inquiry_history_append_only';
END $$;
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON inquiries_decision
    FOR EACH ROW EXECUTE FUNCTION inquiries_keep_history();
CREATE TRIGGER override_append_only BEFORE UPDATE OR DELETE ON inquiries_decisionoverride
    FOR EACH ROW EXECUTE FUNCTION inquiries_keep_history();
CREATE TRIGGER access_append_only BEFORE UPDATE OR DELETE ON inquiries_inquiryaccess
    FOR EACH ROW EXECUTE FUNCTION inquiries_keep_history();
"""

BACKWARD = """
DROP TRIGGER access_append_only ON inquiries_inquiryaccess;
DROP TRIGGER override_append_only ON inquiries_decisionoverride;
DROP TRIGGER decision_append_only ON inquiries_decision;
DROP FUNCTION inquiries_keep_history();
DROP TRIGGER policy_legal_move ON inquiries_creditpolicy;
DROP FUNCTION inquiries_check_policy_move();
DROP TRIGGER policy_rule_of_draft ON inquiries_policyrule;
DROP FUNCTION inquiries_keep_policy();
DROP STATISTICS inquiry_place;
DROP STATISTICS inquiry_kind;
DROP TRIGGER inquiry_recounted ON inquiries_inquiry;
DROP TRIGGER inquiry_counted ON inquiries_inquiry;
DROP FUNCTION inquiries_count();
"""


class Migration(migrations.Migration):
    dependencies = [("inquiries", "0004_inquiry_guards")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
