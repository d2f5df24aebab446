"""Whom somebody has to get in touch with, and what came of it."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.dunning.choices import ContactKind, ContactResult
from regua.organization.models import Branch
from regua.parties.models import Customer


class DunningTask(models.Model):
    """A customer whom somebody has to get in touch with (*Rotina de cobrança*); one open each."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="dunning_tasks")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField("contato", max_length=8, choices=ContactKind.choices)
    due_on = models.DateField("a partir de")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="com"
    )
    step = models.ForeignKey("dunning.DunningStep", models.PROTECT, null=True, related_name="+")
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
            ),
            models.Index(
                fields=["due_on", "id"], name="dunning_task_by_day", condition=Q(done_at=None)
            ),
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
