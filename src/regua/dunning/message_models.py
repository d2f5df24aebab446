"""What is written to customers, through what, and whom it must not reach."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.dunning.choices import Channel, MessageStatus, TemplateKind
from regua.integrations import vault
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Receivable


class MessageTemplate(models.Model):
    """A text with ``{{ variáveis }}``. A changed text is a new row: what was sent keeps its own."""

    name = models.CharField("nome", max_length=60)
    channel = models.CharField("canal", max_length=8, choices=Channel.choices)
    kind = models.CharField("finalidade", max_length=10, choices=TemplateKind.choices)
    subject = models.CharField("assunto", max_length=120, blank=True)
    body = models.TextField("texto")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    """Null for those that came with the installation."""
    created_at = models.DateTimeField(db_default=Now())
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    """The row that holds since this one does not."""

    class Meta:
        verbose_name = "mensagem"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(channel="email") & ~Q(subject=""))
                | (~Q(channel="email") & Q(subject="")),
                name="message_template_subject",
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(replaced_by=None), name="message_template_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MessageGateway(models.Model):
    """How SMS or WhatsApp leave: an HTTP address that takes a message; at most one a channel."""

    channel = models.CharField("canal", max_length=8, choices=Channel.choices)
    url = models.URLField("endereço", max_length=200)
    body = models.TextField("corpo (JSON)")
    """JSON in which ``{{ para }}``, ``{{ texto }}`` and ``{{ id }}`` are put in."""
    header_name = models.CharField("cabeçalho", max_length=60, blank=True)
    header_sealed = models.TextField(editable=False, blank=True)
    """The secret that goes in that header."""
    cost = models.DecimalField("custo por mensagem", max_digits=8, decimal_places=4, default=0)
    """Reais."""
    active = models.BooleanField("ativo", default=True)
    problem = models.TextField(blank=True, editable=False)
    """The sentence of the last failure."""

    class Meta:
        verbose_name = "canal de mensagens"
        verbose_name_plural = "canais de mensagens"
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], condition=Q(active=True), name="message_gateway_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["sms", "whatsapp"]), name="message_gateway_channel"
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="message_gateway_cost"),
        ]

    def __str__(self) -> str:
        return self.get_channel_display()

    def _context(self) -> str:
        return vault.context(self._meta.db_table, "header", self.pk)

    def seal(self, plain: str) -> None:
        if self.pk is None:
            raise ValueError("a secret is bound to its row: save the gateway first")
        self.header_sealed = vault.seal(plain, self._context()) if plain else ""

    def unseal(self) -> str:
        return vault.unseal(self.header_sealed, self._context()) if self.header_sealed else ""


class MessageOptOut(models.Model):
    """A customer who does not want messages by a channel, and who wrote that down."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="opt_outs")
    channel = models.CharField("canal", max_length=8, choices=Channel.choices)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    """Null where the customer did it by the link in a message."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "dispensa de mensagens"
        constraints = [
            models.UniqueConstraint(fields=["customer", "channel"], name="message_opt_out_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: não enviar"


class DunningMessage(models.Model):
    """One message of a step to one customer. At most once: doubtful ones are not repeated."""

    receivable = models.ForeignKey(
        Receivable, models.PROTECT, related_name="messages", db_constraint=False
    )
    step = models.ForeignKey(
        "dunning.DunningStep",
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    template = models.ForeignKey(
        MessageTemplate, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    channel = models.CharField("canal", max_length=8, choices=Channel.choices)
    status = models.CharField(
        "situação",
        max_length=8,
        choices=MessageStatus.choices,
        default=MessageStatus.QUEUED,
        db_default="queued",
    )
    due_at = models.DateTimeField(null=True)
    """When it may leave; null once there is nothing to do."""
    recipient = models.TextField("para", blank=True, db_default="")
    subject = models.TextField(blank=True, db_default="")
    body = models.TextField(blank=True, db_default="")
    """To whom and as it left; empty before."""
    sent_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, db_default="")
    """Why it did not leave: a sentence for the person."""

    class Meta:
        verbose_name = "mensagem enviada"
        verbose_name_plural = "mensagens enviadas"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["queued", "sending"], due_at__isnull=False)
                | (~Q(status__in=["queued", "sending"]) & Q(due_at=None)),
                name="dunning_message_at_rest",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="dunning_message_sent_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "due_at"],
                name="dunning_message_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["branch", "-id"],
                name="dunning_message_trouble",
                condition=Q(status__in=["sending", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"mensagem nº {self.pk}"
