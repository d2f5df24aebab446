"""Find the oldest live listings without walking through those that are over."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models
from django.db.models import Q

LIVE = ("draft", "queued", "sent", "notified", "active", "removal_queued", "removal_sent")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0012_amount_changed")]
    operations = [
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(fields=["-id"], name="restriction_live", condition=Q(status__in=LIVE)),
        ),
        migrations.AlterField(
            "restrictiontotal",
            "about",
            models.CharField(
                choices=[
                    ("requested", "Pedido"),
                    ("sent", "Envio ao birô"),
                    ("visible", "Visibilidade"),
                    ("removed", "Baixa"),
                ],
                max_length=9,
            ),
        ),
    ]
