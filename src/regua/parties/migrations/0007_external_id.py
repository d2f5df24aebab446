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
    dependencies = [("parties", "0006_groups_and_dunned")]
    operations = [
        migrations.AddField("customer", "external_id", _field()),
        migrations.AddField("prospect", "external_id", _field()),
        migrations.AddField("lead", "external_id", _field()),
    ]
