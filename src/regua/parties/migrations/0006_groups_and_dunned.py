import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0005_customer_deceased_on"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="dunned",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="considera na cobrança automatizada"
            ),
        ),
        migrations.CreateModel(
            name="CustomerGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="nome")),
            ],
            options={
                "verbose_name": "grupo de clientes",
                "verbose_name_plural": "grupos de clientes",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="customer_group_named"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parties.customergroup",
                verbose_name="grupo",
            ),
        ),
    ]
