"""The *régua de cobrança*: what is done about a debt and when, and what was done."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from regua.dunning.choices import (
    STEP_STAGES,
    Action,
    AutoList,
    Channel,
    ContactKind,
    ContactResult,
    RunState,
    SliceState,
    Stage,
)
from regua.dunning.message_models import DunningMessage as DunningMessage
from regua.dunning.message_models import MessageGateway as MessageGateway
from regua.dunning.message_models import MessageOptOut as MessageOptOut
from regua.dunning.message_models import MessageTemplate as MessageTemplate
from regua.organization.models import Branch
from regua.parties.models import Customer, CustomerGroup
from regua.receivables.models import Contract, Receivable


class DunningParameters(models.Model):
    """*Parâmetros de cobrança*, the part that holds for the whole installation: one row."""

    active = models.BooleanField("ativar a régua de cobrança", default=False, db_default=False)
    run_at = models.TimeField(
        "hora da execução diária",
        default=datetime.time(7),
        db_default=datetime.time(7),
    )
    """In America/Sao_Paulo."""
    needs_approval = models.BooleanField(
        "esperar a aprovação de uma pessoa", default=True, db_default=True
    )
    """Whether the daily run stops after its simulation."""
    message_inactive = models.BooleanField(
        "permitir envio de mensagens a cliente inativo", default=True, db_default=True
    )
    opens_at = models.TimeField(
        "mensagens a partir das", default=datetime.time(8), db_default=datetime.time(8)
    )
    closes_at = models.TimeField(
        "mensagens até as", default=datetime.time(20), db_default=datetime.time(20)
    )
    saturday_closes_at = models.TimeField(
        "aos sábados, até as",
        null=True,
        blank=True,
        default=datetime.time(14),
        db_default=datetime.time(14),
    )
    """Null: none on Saturdays. None ever leaves on a Sunday or holiday."""

    class Meta:
        verbose_name = "parâmetros de cobrança"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="dunning_parameters_once"),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at"))
                & (Q(saturday_closes_at=None) | Q(opens_at__lt=F("saturday_closes_at"))),
                name="dunning_parameters_hours",
            ),
        ]

    def __str__(self) -> str:
        return "parâmetros de cobrança"

    @classmethod
    def current(cls) -> DunningParameters:
        """The installation's; the defaults until somebody changes them."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class DunningPolicy(models.Model):
    """A *régua*: ordered steps for the debts of a branch, customer group and contract type.

    A criterion that is empty asks nothing. Of several policies that fit a debt the most specific
    one holds: the group says more than the contract's type, that more than the branch.
    """

    name = models.CharField("nome", max_length=60)
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="filial"
    )
    group = models.ForeignKey(
        CustomerGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="grupo de clientes",
    )
    contract_kind = models.CharField(
        "tipo de contrato", max_length=10, choices=Contract.Kind.choices, blank=True
    )
    active = models.BooleanField("ativa", default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "régua"
        verbose_name_plural = "réguas"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "group", "contract_kind"],
                condition=Q(active=True),
                nulls_distinct=False,
                name="dunning_policy_once",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="dunning_policy_named"),
        ]

    def __str__(self) -> str:
        return self.name


class DunningStep(models.Model):
    """One step: what happens by itself on its day, and what a person does afterwards.

    The order of a policy's steps is that of their days.
    """

    policy = models.ForeignKey(DunningPolicy, models.CASCADE, related_name="steps")
    name = models.CharField("nome", max_length=60)
    stage = models.CharField(
        "etapa", max_length=3, choices=[(stage.value, stage.label) for stage in STEP_STAGES]
    )
    days = models.SmallIntegerField("dias para executar")
    """Counted from the due date; negative before it."""
    required = models.BooleanField("não pode ser pulado", default=False)
    """A debt that is late already when the policy reaches it begins here, not further on."""
    action = models.CharField("ação automática", max_length=8, choices=Action.choices)
    channel = models.CharField("canal", max_length=8, choices=Channel.choices, blank=True)
    template = models.ForeignKey(
        MessageTemplate,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="mensagem",
    )
    auto_list = models.CharField(
        "negativar automaticamente", max_length=7, choices=AutoList.choices, blank=True
    )
    contact_kind = models.CharField(
        "tipo de contato padrão", max_length=8, choices=ContactKind.choices, blank=True
    )
    """The manual half; empty where nobody has to do anything."""
    next_action_days = models.PositiveSmallIntegerField(
        "dias para a próxima ação", null=True, blank=True
    )
    """After the step: when the person's turn comes."""
    archived_at = models.DateTimeField(null=True, editable=False)
    """Taken out of the policy; what was done by it keeps pointing here."""

    class Meta:
        verbose_name = "passo"
        ordering = ["policy", "days"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "days"],
                condition=Q(archived_at=None),
                name="dunning_step_day_once",
                violation_error_message="Dois passos não podem cair no mesmo dia.",
            ),
            models.CheckConstraint(
                condition=Q(days__gte=-60, days__lte=1800), name="dunning_step_days"
            ),
            models.CheckConstraint(
                condition=(Q(action=Action.MESSAGE, template__isnull=False) & ~Q(channel=""))
                | (~Q(action=Action.MESSAGE) & Q(template=None, channel="")),
                name="dunning_step_message",
            ),
            models.CheckConstraint(
                condition=Q(action=Action.LIST, stage=Stage.LIST, days__gt=0) & ~Q(auto_list="")
                | (~Q(action=Action.LIST) & ~Q(stage=Stage.LIST) & Q(auto_list="")),
                name="dunning_step_lists",
            ),
            models.CheckConstraint(
                condition=Q(contact_kind="", next_action_days=None)
                | (~Q(contact_kind="") & Q(next_action_days__isnull=False)),
                name="dunning_step_manual",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lists_by_itself(self) -> bool:
        return self.action == Action.LIST and self.auto_list != AutoList.NO


class PolicyChange(models.Model):
    """Who changed a policy, when, from what to what. Append-only."""

    policy = models.ForeignKey(DunningPolicy, models.CASCADE, related_name="changes")
    before = models.JSONField("antes", null=True)
    after = models.JSONField("depois", null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Null for the policy that came with the installation."""
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "mudança de régua"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"mudança nº {self.pk}"


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
        DunningStep, models.PROTECT, related_name="+", db_index=False, db_constraint=False
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
    step = models.ForeignKey(DunningStep, models.PROTECT, related_name="+", db_index=False)
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
        DunningStep,
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


class DunningTask(models.Model):
    """A customer whom somebody has to get in touch with (*Rotina de cobrança*); one open each."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="dunning_tasks")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField("contato", max_length=8, choices=ContactKind.choices)
    due_on = models.DateField("a partir de")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="com"
    )
    step = models.ForeignKey(DunningStep, models.PROTECT, null=True, related_name="+")
    """The step that asked for it; null where an earlier contact did."""
    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "contato a fazer"
        verbose_name_plural = "contatos a fazer"
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(done_at=None), name="dunning_task_one_open"
            )
        ]
        indexes = [
            models.Index(
                fields=["branch", "due_on", "id"],
                name="dunning_task_open",
                condition=Q(done_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"contato nº {self.pk}"


class DunningContact(models.Model):
    """What came of getting in touch. Append-only, but for the promise that is taken back."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="dunning_contacts")
    task = models.ForeignKey(DunningTask, models.PROTECT, null=True, related_name="contacts")
    kind = models.CharField("contato", max_length=8, choices=ContactKind.choices)
    result = models.CharField("resultado", max_length=14, choices=ContactResult.choices)
    note = models.TextField("anotação", blank=True)
    promised_on = models.DateField("prometeu pagar em", null=True)
    """Until that day, included, no step is taken by itself."""
    promised_amount = models.DecimalField(
        "valor prometido", max_digits=14, decimal_places=2, null=True
    )
    next_on = models.DateField("próximo contato em", null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)
    """The promise no longer holds (a mistake, or the customer took it back)."""

    class Meta:
        verbose_name = "contato"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(result="promise", promised_on__isnull=False)
                | (~Q(result="promise") & Q(promised_on=None, promised_amount=None)),
                name="dunning_contact_promise",
            ),
            models.CheckConstraint(
                condition=Q(promised_amount=None) | Q(promised_amount__gt=Decimal(0)),
                name="dunning_contact_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["promised_on", "customer"],
                name="dunning_promise",
                condition=Q(result="promise", withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.get_result_display()
