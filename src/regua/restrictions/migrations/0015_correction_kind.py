"""A correction that waits for approval remembers what it corrects."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0014_reminder_refusals")]

    operations = [
        migrations.AddField(
            model_name="restriction",
            name="correction",
            field=models.CharField(
                blank=True,
                choices=[
                    ("partial_payment", "Pagamento em parte"),
                    ("amount", "Valor"),
                    ("due_date", "Vencimento"),
                    ("name", "Nome do cliente"),
                    ("address", "Endereço do cliente"),
                ],
                db_default="",
                max_length=20,
                verbose_name="o que corrige",
            ),
        ),
    ]
