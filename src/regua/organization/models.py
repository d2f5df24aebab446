"""Who the creditor is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Company(models.Model):
    """The group that runs this installation."""

    name = models.CharField("nome", max_length=120)

    class Meta:
        verbose_name = "empresa"
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="company_named")]

    def __str__(self) -> str:
        return self.name


class Branch(models.Model):
    """A *filial*: the creditor whose CNPJ a listing names and whose people see its data."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="branches")
    name = models.CharField("nome", max_length=120)
    document = models.CharField("CNPJ", max_length=14, unique=True)
    active = models.BooleanField("ativa", default=True)

    class Meta:
        verbose_name = "filial"
        verbose_name_plural = "filiais"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="branch_named"),
            models.CheckConstraint(
                condition=Q(document__regex=r"^[0-9A-Z]{12}[0-9]{2}$"), name="branch_document_shape"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GeneralParameters(models.Model):
    """*Configurações › Parâmetros gerais*: one row for the whole installation."""

    credit_analysis = models.BooleanField(
        "utilizar integração com análise de crédito", default=True
    )
    inquiry_interval_days = models.PositiveSmallIntegerField(
        "intervalo de dias para consultar o mesmo CPF/CNPJ", null=True
    )
    """Within it an earlier answer is offered instead of a new inquiry; None asks nobody to wait."""
    report_retention_days = models.PositiveIntegerField(
        "dias de guarda do relatório do birô", default=5 * 365
    )
    """How long the bureau's whole answer is kept (LGPD, arts. 15 and 16)."""

    class Meta:
        verbose_name = "parâmetros gerais"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="general_parameters_once"),
            models.CheckConstraint(
                condition=Q(inquiry_interval_days__isnull=True) | Q(inquiry_interval_days__gte=1),
                name="general_parameters_interval",
            ),
            models.CheckConstraint(
                condition=Q(report_retention_days__gte=1), name="general_parameters_retention"
            ),
        ]

    def __str__(self) -> str:
        return "parâmetros gerais"

    @classmethod
    def current(cls) -> GeneralParameters:
        """The installation's parameters; the defaults until somebody changes them."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class ParameterChange(models.Model):
    """Who changed a general parameter, when, from what to what. Append-only."""

    name = models.CharField("parâmetro", max_length=40)
    before: models.JSONField[Any, Any] = models.JSONField("antes", null=True)
    after: models.JSONField[Any, Any] = models.JSONField("depois", null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "mudança de parâmetro"
        verbose_name_plural = "mudanças de parâmetros"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}, {self.at:%d/%m/%Y}"
