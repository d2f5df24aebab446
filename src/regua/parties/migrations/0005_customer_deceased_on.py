from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0004_potential_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="deceased_on",
            field=models.DateField(blank=True, null=True, verbose_name="falecimento"),
        ),
    ]
