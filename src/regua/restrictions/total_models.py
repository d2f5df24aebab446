"""How many listings there are of each kind, kept so that nobody has to count them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from regua.organization.models import Branch
from regua.restrictions.choices import Dated


class Counted(models.Model):
    """What restrictions alike add up to. ``amount`` is in BRL.

    The keys of other tables have no constraint there: the restrictions that are counted have it.
    """

    branch = models.ForeignKey(
        Branch, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    integration = models.ForeignKey(
        "integrations.Integration",
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    form = models.CharField(max_length=10)
    status = models.CharField(max_length=15)
    removal_reason = models.CharField(max_length=20)
    count = models.IntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    """Every restriction counted is between the two, both included; there may be others."""

    class Meta:
        abstract = True


class RestrictionTotal(Counted):
    """How many restrictions of one kind a day, or a month, had, as of the last fold.

    A restriction is counted once for each of its dates. The lists and reports count and sum from
    here and from ``RestrictionMove``, whatever the filter and however many there are: whole months
    from their own rows, the days at the ends of a period from theirs.
    """

    about = models.CharField(max_length=9, choices=Dated.choices)
    day = models.DateField()
    """In America/Sao_Paulo; a month's is its first."""
    monthly = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "about",
                    "monthly",
                    "day",
                    "branch",
                    "integration",
                    "requested_by",
                    "form",
                    "status",
                    "removal_reason",
                ],
                nulls_distinct=False,
                name="restriction_total_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.day}: {self.count}"


class RestrictionMove(Counted):
    """What came or went since the last fold; triggers write it, ``totals.fold`` takes it away.

    Only ever inserted, so that nobody who lists, sends or removes waits for another at a total.
    """

    requested = models.DateField()
    sent = models.DateField(null=True)
    visible = models.DateField(null=True)
    removed = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.count:+}"
