"""The one old table it touches has a row per branch: nothing here waits for a long scan."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0001_initial"),
        ("organization", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CatalogueChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("product", "Produtos"),
                            ("restriction", "Códigos de restrição"),
                            ("removal", "Códigos de baixa"),
                        ],
                        max_length=12,
                    ),
                ),
                ("code", models.CharField(max_length=30, verbose_name="código")),
                (
                    "change",
                    models.CharField(
                        choices=[
                            ("came", "Novo"),
                            ("changed", "Mudou"),
                            ("gone", "Saiu"),
                            ("back", "Voltou"),
                            ("mapped", "Motivo alterado"),
                        ],
                        max_length=10,
                        verbose_name="mudança",
                    ),
                ),
                ("before", models.JSONField(null=True, verbose_name="antes")),
                ("after", models.JSONField(null=True, verbose_name="depois")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="integration",
            name="integration_linked_has_secret",
        ),
        migrations.AddField(
            model_name="integration",
            name="settings_sealed",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("linked_at", None),
                    models.Q(("client_id_sealed", ""), _negated=True),
                    models.Q(("client_secret_sealed", ""), _negated=True),
                    models.Q(("settings_sealed", ""), _negated=True),
                    _connector="OR",
                ),
                name="integration_linked_has_credentials",
            ),
        ),
        migrations.AddField(
            model_name="cataloguechange",
            name="actor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="cataloguechange",
            name="integration",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="catalogue_changes",
                to="integrations.integration",
            ),
        ),
        migrations.AddIndex(
            model_name="cataloguechange",
            index=models.Index(fields=["integration", "-id"], name="catalogue_change_by_owner"),
        ),
        migrations.AddIndex(
            model_name="cataloguechange",
            index=models.Index(
                fields=["integration", "code", "-id"], name="catalogue_change_by_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="cataloguechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["product", "restriction", "removal"])),
                name="catalogue_change_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="cataloguechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("change__in", ["came", "changed", "gone", "back", "mapped"])),
                name="catalogue_change_known",
            ),
        ),
    ]
