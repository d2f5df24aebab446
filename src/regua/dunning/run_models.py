"""Runs of the régua, what they found, and where each debt stands because of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.dunning.choices import RunState, SliceState, Stage
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Receivable


class DunningRun(models.Model):
    """One execution of the régua over a branch: simulated, approved, executed by slices."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="filial")
    day = models.DateField("dia")
    """The day whose steps it takes, in America/Sao_Paulo."""
    scheduled = models.BooleanField("diária", default=False)
    state = models.CharField("situação", max_length=10, choices=RunState.choices)
    needs_approval = models.BooleanField(default=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    """Null for the daily one."""
    requested_at = models.DateTimeField(db_default=Now())
    simulated_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    """The sentence of the last failure; a slice that failed is tried again."""

    class Meta:
        verbose_name = "execução da régua"
        verbose_name_plural = "execuções da régua"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "day"], condition=Q(scheduled=True), name="dunning_run_daily"
            ),
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(state__in=["simulating", "simulated", "running", "paused"]),
                name="dunning_run_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="dunning_run_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="dunning_run_working",
                condition=Q(state__in=["simulating", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"execução nº {self.pk}"


class DunningSlice(models.Model):
    """A part of a run's debts: what one worker does in one transaction.

    Whole customers, so that two workers never write about the same one: those whose id is above
    ``after_customer``, up to ``to_customer``. Number 0 looks after the debts no longer owed.
    """

    run = models.ForeignKey(DunningRun, models.CASCADE, related_name="slices")
    number = models.PositiveIntegerField()
    after_customer = models.BigIntegerField()
    to_customer = models.BigIntegerField()
    state = models.CharField(
        max_length=9, choices=SliceState.choices, default=SliceState.WAITING, db_default="waiting"
    )
    found: models.JSONField[Any, Any] = models.JSONField(default=dict, db_default={})
    """What its simulation counted: ``{"due": {step: [count, reais, cost]}, "held": {reason:
    [count, reais]}}``."""
    done: models.JSONField[Any, Any] = models.JSONField(default=dict, db_default={})
    """What its execution did: ``{"steps": {step: count}, "messages": …, "listed": …, "tasks": …,
    "changed": …}``; ``changed`` are those that no longer fitted."""

    class Meta:
        verbose_name = "fatia"
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="dunning_slice_once"),
        ]

    def __str__(self) -> str:
        return f"fatia {self.number}"


class DunningItem(models.Model):
    """What a run would do about one debt: the line of its simulation. Forgotten after a while."""

    run = models.ForeignKey(
        DunningRun, models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    slice = models.ForeignKey(
        DunningSlice, models.CASCADE, related_name="items", db_constraint=False
    )
    receivable = models.ForeignKey(
        Receivable, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    step = models.ForeignKey(
        "dunning.DunningStep", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    """Open, in reais."""
    cost = models.DecimalField(max_digits=8, decimal_places=4, default=0)
    """Of its message or listing, in reais."""
    note = models.CharField(max_length=20, blank=True)
    """Why the automatic half does nothing although the step is taken (``reasons``)."""
    left_out = models.BooleanField(default=False, db_default=False)
    """A person took it out before approving."""

    class Meta:
        verbose_name = "item da simulação"
        indexes = [models.Index(fields=["run", "step", "id"], name="dunning_item_by_step")]

    def __str__(self) -> str:
        return f"item nº {self.pk}"


class DunningHold(models.Model):
    """A debt whose step is due and may not be taken, with every reason why. One per debt.

    Renewed by each simulation: a run that finds the same again writes nothing.
    """

    receivable = models.OneToOneField(
        Receivable, models.PROTECT, primary_key=True, related_name="dunning_hold"
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    step = models.ForeignKey(
        "dunning.DunningStep", models.PROTECT, related_name="+", db_index=False
    )
    reasons = models.JSONField(default=list)
    """Codes of ``reasons``, the gate's rules among them."""
    since = models.DateField()

    class Meta:
        verbose_name = "título retido"
        verbose_name_plural = "títulos retidos"
        indexes = [
            models.Index(fields=["branch", "customer"], name="dunning_hold_by_customer"),
        ]

    def __str__(self) -> str:
        return f"título {self.receivable_id} retido"


class DunningEntry(models.Model):
    """A step taken, or what became of the debt: the history of a receivable. Append-only."""

    receivable = models.ForeignKey(
        Receivable, models.PROTECT, related_name="dunning_entries", db_index=False
    )
    run = models.ForeignKey(DunningRun, models.PROTECT, related_name="+", db_constraint=False)
    step = models.ForeignKey(
        "dunning.DunningStep",
        models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    """Null for the stages that follow from the debt itself."""
    stage = models.CharField(max_length=3, choices=Stage.choices)
    on = models.DateField()
    note = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = "etapa da régua"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receivable", "step"],
                condition=Q(step__isnull=False),
                name="dunning_step_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["receivable", "id"], name="dunning_end", condition=Q(step__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.get_stage_display()


class DunningStanding(models.Model):
    """Where a receivable stands in the régua: its stage, open or finished. One per debt."""

    # Its history's keys are checked by the database; checking each of these again would cost a
    # run of millions a third of its time.
    receivable = models.OneToOneField(
        Receivable, models.PROTECT, primary_key=True, related_name="dunning", db_constraint=False
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    stage = models.CharField("etapa", max_length=3, choices=Stage.choices)
    days = models.SmallIntegerField()
    """Of the last step taken: the next one is a later one, in whatever policy."""
    on = models.DateField("desde")
    """When that step was taken; the distance to the next one counts from here."""
    open = models.BooleanField("em cobrança", default=True, db_default=True)

    class Meta:
        verbose_name = "situação na régua"
        indexes = [
            models.Index(
                fields=["branch", "receivable"],
                name="dunning_standing_open",
                condition=Q(open=True),
            ),
        ]

    def __str__(self) -> str:
        return self.get_stage_display()
