"""The *régua de cobrança*: what is done about a debt and when, and what was done."""

from __future__ import annotations

import datetime

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
    Stage,
)
from regua.dunning.contact_models import DunningContact as DunningContact
from regua.dunning.contact_models import DunningTask as DunningTask
from regua.dunning.message_models import DunningMessage as DunningMessage
from regua.dunning.message_models import MessageGateway as MessageGateway
from regua.dunning.message_models import MessageOptOut as MessageOptOut
from regua.dunning.message_models import MessageTemplate as MessageTemplate
from regua.dunning.run_models import DunningEntry as DunningEntry
from regua.dunning.run_models import DunningHold as DunningHold
from regua.dunning.run_models import DunningItem as DunningItem
from regua.dunning.run_models import DunningRun as DunningRun
from regua.dunning.run_models import DunningSlice as DunningSlice
from regua.dunning.run_models import DunningStanding as DunningStanding
from regua.organization.models import Branch
from regua.parties.models import CustomerGroup
from regua.receivables.models import Contract


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
    origin = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="later_versions"
    )
    """The first of the rows that were this step; null in that row itself."""

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
