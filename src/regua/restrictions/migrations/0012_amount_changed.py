from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("restrictions", "0011_webhooks_wait_for_protocol")]

    operations = [
        migrations.AlterField(
            model_name="removalduty",
            name="cause",
            field=models.CharField(
                choices=[
                    ("paid", "Dívida paga"),
                    ("debt_cancelled", "Título cancelado"),
                    ("renegotiated", "Dívida renegociada"),
                    ("correction", "Dado errado"),
                    ("amount_changed", "Valor mudou"),
                    ("contested", "Contestação procedente"),
                    ("court_order", "Ordem judicial"),
                    ("deceased", "Falecimento"),
                    ("ownership_change", "Mudança de titularidade"),
                    ("five_years", "Prazo de cinco anos"),
                ],
                max_length=20,
                verbose_name="motivo",
            ),
        ),
    ]
