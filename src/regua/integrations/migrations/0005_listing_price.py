from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_throttle"),
    ]

    operations = [
        migrations.AddField(
            model_name="integration",
            name="listing_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=8,
                null=True,
                verbose_name="preço de cada negativação",
            ),
        ),
    ]
