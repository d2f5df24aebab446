from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0005_parameter_reason"),
    ]

    operations = [
        migrations.AddField(
            model_name="branch",
            name="district",
            field=models.CharField(blank=True, db_default="", max_length=60, verbose_name="bairro"),
        ),
        migrations.AddField(
            model_name="branch",
            name="number",
            field=models.CharField(blank=True, db_default="", max_length=10, verbose_name="número"),
        ),
        migrations.AddField(
            model_name="branch",
            name="postal_code",
            field=models.CharField(blank=True, db_default="", max_length=8, verbose_name="CEP"),
        ),
        migrations.AddField(
            model_name="branch",
            name="street",
            field=models.CharField(
                blank=True, db_default="", max_length=120, verbose_name="endereço"
            ),
        ),
    ]
