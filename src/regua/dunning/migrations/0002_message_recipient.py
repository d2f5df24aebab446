"""To whom a message left, and the few that did not, found among millions.

The table came with the migration before this one: there is nothing in it to hold up.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dunning", "0001_initial"),
        ("organization", "0006_branch_address"),
        ("receivables", "0005_receivable_owed"),
    ]

    operations = [
        migrations.AddField(
            model_name="dunningmessage",
            name="recipient",
            field=models.TextField(blank=True, db_default="", verbose_name="para"),
        ),
        migrations.AddIndex(
            model_name="dunningmessage",
            index=models.Index(
                condition=models.Q(("status__in", ["sending", "failed"])),
                fields=["branch", "-id"],
                name="dunning_message_trouble",
            ),
        ),
    ]
