"""Whom the last round of reminders did not reach."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("restrictions", "0013_draft_is_waiting"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReminderRefusal",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("refused_on", models.DateField(verbose_name="não aceito em")),
            ],
            options={
                "verbose_name": "lembrete não aceito",
                "verbose_name_plural": "lembretes não aceitos",
            },
        ),
    ]
