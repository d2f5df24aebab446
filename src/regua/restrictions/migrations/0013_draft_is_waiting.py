"""Words only: a draft waits for an approval, or for the listing that it corrects to come off."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("restrictions", "0012_amount_changed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="restriction",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Aguardando"),
                    ("queued", "Na fila"),
                    ("sent", "Enviada"),
                    ("notified", "Comunicada"),
                    ("active", "Ativa"),
                    ("removal_queued", "Baixa na fila"),
                    ("removal_sent", "Baixa solicitada"),
                    ("removed", "Baixada"),
                    ("refused", "Recusada"),
                    ("cancelled", "Cancelada"),
                ],
                max_length=15,
                verbose_name="situação",
            ),
        ),
        migrations.AlterField(
            model_name="restrictionevent",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "Aguardando"),
                    ("queued", "Na fila"),
                    ("sent", "Enviada"),
                    ("notified", "Comunicada"),
                    ("active", "Ativa"),
                    ("removal_queued", "Baixa na fila"),
                    ("removal_sent", "Baixa solicitada"),
                    ("removed", "Baixada"),
                    ("refused", "Recusada"),
                    ("cancelled", "Cancelada"),
                ],
                max_length=15,
            ),
        ),
        migrations.AlterField(
            model_name="restrictionevent",
            name="status_before",
            field=models.CharField(
                blank=True,
                choices=[
                    ("draft", "Aguardando"),
                    ("queued", "Na fila"),
                    ("sent", "Enviada"),
                    ("notified", "Comunicada"),
                    ("active", "Ativa"),
                    ("removal_queued", "Baixa na fila"),
                    ("removal_sent", "Baixa solicitada"),
                    ("removed", "Baixada"),
                    ("refused", "Recusada"),
                    ("cancelled", "Cancelada"),
                ],
                max_length=15,
            ),
        ),
    ]
