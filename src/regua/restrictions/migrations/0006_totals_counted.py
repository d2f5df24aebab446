"""Count the restrictions there were before the triggers of ``0005``; index what the report seeks.

Nobody is kept from writing meanwhile. The count and the moves that it makes needless are of one
snapshot; what commits later is told by its moves.
"""

import django.contrib.postgres.operations as postgres
from django.db import connection, migrations, models, transaction
from django.db.models import Q

COUNT = """
INSERT INTO restrictions_restrictiontotal
    (about, day, monthly, branch_id, integration_id, requested_by_id, form, status, removal_reason,
     count, amount, first_id, last_id)
SELECT dated.about, date_trunc(span.unit, dated.day)::date, span.unit = 'month', branch_id,
    integration_id, requested_by_id, form, status, removal_reason,
    sum(count), sum(amount), min(first_id), max(last_id)
FROM (
    SELECT branch_id, integration_id, requested_by_id, form, status, removal_reason,
        restrictions_day(requested_at) AS requested, restrictions_day(sent_at) AS sent,
        visible_on AS visible, removed_on AS removed,
        count(*) AS count, sum(amount) AS amount, min(id) AS first_id, max(id) AS last_id
    FROM restrictions_restriction GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
) alike
CROSS JOIN LATERAL (VALUES ('requested', requested), ('sent', sent), ('visible', visible),
                           ('removed', removed)) dated(about, day)
CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE dated.day IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


def count(apps, schema_editor):  # type: ignore[no-untyped-def]  # noqa: ARG001
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("DELETE FROM restrictions_restrictionmove")
        cursor.execute("DELETE FROM restrictions_restrictiontotal")
        cursor.execute(COUNT)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE restrictions_restrictiontotal")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0005_totals")]
    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(
                fields=["removed_on"],
                name="restriction_removed",
                condition=Q(removed_on__isnull=False),
            ),
        ),
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(
                fields=["-id"],
                name="restriction_unsettled",
                condition=Q(unknown=True, attempts__gt=0) & ~Q(problem=""),
            ),
        ),
    ]
