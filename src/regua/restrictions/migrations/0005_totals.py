"""Totals of restrictions: the tables, and the triggers that tell every change of what they add up.

From the triggers on nothing is lost; what was there before is counted in ``0006``.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION restrictions_day(at timestamptz) RETURNS date IMMUTABLE LANGUAGE sql
    AS $$ SELECT (at AT TIME ZONE 'America/Sao_Paulo')::date $$;

-- One statement's rows are told together: half a million listings are a few moves.
CREATE FUNCTION restrictions_tell_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restrictions_restrictionmove
        (branch_id, integration_id, requested_by_id, form, status, removal_reason, requested, sent,
         visible, removed, count, amount, first_id, last_id)
    SELECT branch_id, integration_id, requested_by_id, form, status, removal_reason,
        restrictions_day(requested_at), restrictions_day(sent_at), visible_on, removed_on,
        count(*), sum(amount), min(id), max(id)
    FROM came GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
    RETURN NULL;
END $$;
CREATE TRIGGER restriction_came AFTER INSERT ON restrictions_restriction
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION restrictions_tell_came();

CREATE FUNCTION restrictions_tell_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restrictions_restrictionmove
        (branch_id, integration_id, requested_by_id, form, status, removal_reason, requested, sent,
         visible, removed, count, amount, first_id, last_id)
    SELECT branch_id, integration_id, requested_by_id, form, status, removal_reason,
        restrictions_day(requested_at), restrictions_day(sent_at), visible_on, removed_on,
        -count(*), -sum(amount), min(id), max(id)
    FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
    RETURN NULL;
END $$;
CREATE TRIGGER restriction_gone AFTER DELETE ON restrictions_restriction
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION restrictions_tell_gone();

-- Row by row, because most updates (a sender's claim, a call's outcome) change no total.
CREATE FUNCTION restrictions_tell_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restrictions_restrictionmove
        (branch_id, integration_id, requested_by_id, form, status, removal_reason, requested, sent,
         visible, removed, count, amount, first_id, last_id)
    VALUES
        (OLD.branch_id, OLD.integration_id, OLD.requested_by_id, OLD.form, OLD.status,
         OLD.removal_reason, restrictions_day(OLD.requested_at), restrictions_day(OLD.sent_at),
         OLD.visible_on, OLD.removed_on, -1, -OLD.amount, OLD.id, OLD.id),
        (NEW.branch_id, NEW.integration_id, NEW.requested_by_id, NEW.form, NEW.status,
         NEW.removal_reason, restrictions_day(NEW.requested_at), restrictions_day(NEW.sent_at),
         NEW.visible_on, NEW.removed_on, 1, NEW.amount, NEW.id, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER restriction_moved AFTER UPDATE ON restrictions_restriction FOR EACH ROW
    WHEN ((OLD.branch_id, OLD.integration_id, OLD.requested_by_id, OLD.form, OLD.status,
           OLD.removal_reason, OLD.requested_at, OLD.sent_at, OLD.visible_on, OLD.removed_on,
           OLD.amount)
          IS DISTINCT FROM
          (NEW.branch_id, NEW.integration_id, NEW.requested_by_id, NEW.form, NEW.status,
           NEW.removal_reason, NEW.requested_at, NEW.sent_at, NEW.visible_on, NEW.removed_on,
           NEW.amount))
    EXECUTE FUNCTION restrictions_tell_moved();

-- It is emptied once a minute and read as a whole: what is dead in it must go.
ALTER TABLE restrictions_restrictionmove
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
-- Few amounts are high: the planner must know how few.
ALTER TABLE restrictions_restriction ALTER COLUMN amount SET STATISTICS 1000;
-- Its rows are updated where they are.
ALTER TABLE restrictions_restrictiontotal SET (fillfactor = 80);
"""

BACK = """
ALTER TABLE restrictions_restriction ALTER COLUMN amount SET STATISTICS -1;
DROP TRIGGER restriction_moved ON restrictions_restriction;
DROP FUNCTION restrictions_tell_moved();
DROP TRIGGER restriction_gone ON restrictions_restriction;
DROP FUNCTION restrictions_tell_gone();
DROP TRIGGER restriction_came ON restrictions_restriction;
DROP FUNCTION restrictions_tell_came();
DROP FUNCTION restrictions_day(timestamptz);
"""


def counted() -> list[tuple[str, models.Field]]:  # type: ignore[type-arg]
    def of(model: str, **more: bool) -> models.Field:  # type: ignore[type-arg]
        return models.ForeignKey(
            db_constraint=False,
            db_index=False,
            on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="+",
            to=model,
            **more,
        )

    return [
        (
            "id",
            models.BigAutoField(
                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        ("branch", of("organization.branch")),
        ("integration", of("integrations.integration")),
        ("requested_by", of(settings.AUTH_USER_MODEL, null=True)),
        ("form", models.CharField(max_length=10)),
        ("status", models.CharField(max_length=15)),
        ("removal_reason", models.CharField(max_length=20)),
        ("count", models.IntegerField()),
        ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
        ("first_id", models.BigIntegerField()),
        ("last_id", models.BigIntegerField()),
    ]


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0004_life_guards")]
    operations = [
        migrations.CreateModel(
            name="RestrictionMove",
            fields=[
                *counted(),
                ("requested", models.DateField()),
                ("sent", models.DateField(null=True)),
                ("visible", models.DateField(null=True)),
                ("removed", models.DateField(null=True)),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="RestrictionTotal",
            fields=[
                *counted(),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("requested", "Pedida"),
                            ("sent", "Enviada"),
                            ("visible", "Visível no birô"),
                            ("removed", "Baixada"),
                        ],
                        max_length=9,
                    ),
                ),
                ("day", models.DateField()),
                ("monthly", models.BooleanField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=[
                            "about",
                            "monthly",
                            "day",
                            "branch",
                            "integration",
                            "requested_by",
                            "form",
                            "status",
                            "removal_reason",
                        ],
                        name="restriction_total_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, BACK),
    ]
