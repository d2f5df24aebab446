"""A webhook that came before the answer to its listing is taken up when the protocol is known."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION restrictions_wake_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE restrictions_webhookdelivery
    SET outcome = 'pending', settled_at = NULL
    WHERE integration_id = NEW.integration_id AND protocol = NEW.protocol
        AND outcome = 'unknown';
    RETURN NULL;
END $$;
CREATE TRIGGER restriction_wakes_deliveries AFTER INSERT ON restrictions_restriction
    FOR EACH ROW WHEN (NEW.protocol <> '')
    EXECUTE FUNCTION restrictions_wake_deliveries();
CREATE TRIGGER restriction_protocol_wakes_deliveries
    AFTER UPDATE OF protocol ON restrictions_restriction
    FOR EACH ROW WHEN (NEW.protocol <> '' AND OLD.protocol IS DISTINCT FROM NEW.protocol)
    EXECUTE FUNCTION restrictions_wake_deliveries();
"""
BACKWARD = """
DROP TRIGGER restriction_protocol_wakes_deliveries ON restrictions_restriction;
DROP TRIGGER restriction_wakes_deliveries ON restrictions_restriction;
DROP FUNCTION restrictions_wake_deliveries();
"""


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0010_ledgers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
