"""What the system that a row came from calls it."""

from django.db import migrations, models


def _field() -> models.CharField:
    return models.CharField(
        blank=True,
        editable=False,
        max_length=64,
        null=True,
        verbose_name="identificador externo",
    )


class Migration(migrations.Migration):
    dependencies = [("receivables", "0006_authors")]
    operations = [
        migrations.AddField("contract", "external_id", _field()),
        migrations.AddField("receivable", "external_id", _field()),
        migrations.AddField("payment", "external_id", _field()),
    ]
