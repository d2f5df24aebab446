"""The database refuses what may not happen: an illegal move, and a rewritten history."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION restrictions_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (
        ('draft', 'queued'), ('draft', 'cancelled'),
        ('queued', 'sent'), ('queued', 'notified'), ('queued', 'active'),
        ('queued', 'removal_sent'), ('queued', 'removed'), ('queued', 'refused'),
        ('queued', 'cancelled'),
        ('sent', 'notified'), ('sent', 'active'), ('sent', 'removal_queued'),
        ('sent', 'removal_sent'), ('sent', 'removed'), ('sent', 'refused'),
        ('notified', 'active'), ('notified', 'removal_queued'), ('notified', 'removal_sent'),
        ('notified', 'removed'), ('notified', 'refused'),
        ('active', 'removal_queued'), ('active', 'removal_sent'), ('active', 'removed'),
        ('removal_queued', 'removal_sent'), ('removal_queued', 'removed'),
        ('removal_queued', 'sent'), ('removal_queued', 'notified'), ('removal_queued', 'active'),
        ('removal_queued', 'refused'),
        ('removal_sent', 'removed')
    ) THEN
        RAISE EXCEPTION 'a restriction may not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'restriction_legal_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER restriction_legal_move BEFORE UPDATE OF status ON restrictions_restriction
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION restrictions_check_move();

CREATE FUNCTION restrictions_check_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the bureau''s version may not go from % to %',
        OLD.bureau_version, NEW.bureau_version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'restriction_version_grows';
END $$;
CREATE TRIGGER restriction_version_grows BEFORE UPDATE OF bureau_version
    ON restrictions_restriction FOR EACH ROW WHEN (NEW.bureau_version < OLD.bureau_version)
    EXECUTE FUNCTION restrictions_check_version();

CREATE FUNCTION restrictions_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a restriction is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'event_append_only';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON restrictions_restrictionevent
    FOR EACH ROW EXECUTE FUNCTION restrictions_keep_history();
"""

BACKWARD = """
DROP TRIGGER event_append_only ON restrictions_restrictionevent;
DROP FUNCTION restrictions_keep_history();
DROP TRIGGER restriction_version_grows ON restrictions_restriction;
DROP FUNCTION restrictions_check_version();
DROP TRIGGER restriction_legal_move ON restrictions_restriction;
DROP FUNCTION restrictions_check_move();
"""


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
