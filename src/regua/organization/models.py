"""Who the creditor is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.web import sql


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
    state = models.CharField("UF", max_length=2, blank=True, db_default="")
    city = models.CharField("município", max_length=60, blank=True, db_default="")
    """Where it stands: which local holidays its business days leave out."""
    postal_code = models.CharField("CEP", max_length=8, blank=True, db_default="")
    street = models.CharField("endereço", max_length=120, blank=True, db_default="")
    number = models.CharField("número", max_length=10, blank=True, db_default="")
    district = models.CharField("bairro", max_length=60, blank=True, db_default="")
    """Its address, which whatever asks for money must show (CDC, art. 42-A)."""

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
    listing_min_days = models.PositiveSmallIntegerField(
        "dias mínimos de atraso para negativar", default=5, db_default=5
    )
    listing_min_amount = models.DecimalField(
        "valor mínimo para negativar",
        max_digits=14,
        decimal_places=2,
        default=Decimal("10.00"),
        db_default=Decimal("10.00"),
    )
    listing_max_amount = models.DecimalField(
        "valor máximo para negativar", max_digits=14, decimal_places=2, null=True
    )
    telecom_profile = models.BooleanField(
        "exigir as regras da Anatel nas dívidas de telecomunicações",
        default=True,
        db_default=True,
    )
    """Resolução Anatel 765/2023; turned off only by a decision that is kept with its author."""
    require_debt_document = models.BooleanField(
        "exigir o documento da dívida para negativar", default=False, db_default=False
    )
    amount_updated = models.BooleanField(
        "negativar o valor com multa e juros", default=False, db_default=False
    )
    fine_percent = models.DecimalField(
        "multa por atraso (%)",
        max_digits=4,
        decimal_places=2,
        default=Decimal("2.00"),
        db_default=Decimal("2.00"),
    )
    """At most 2 (CDC, art. 52, § 1º)."""
    interest_percent = models.DecimalField(
        "juros ao mês (%)",
        max_digits=4,
        decimal_places=2,
        default=Decimal("1.00"),
        db_default=Decimal("1.00"),
    )
    """A month, charged by the day; at most 1."""
    approval_amount = models.DecimalField(
        "valor acima do qual outra pessoa aprova", max_digits=14, decimal_places=2, null=True
    )
    approval_batch = models.PositiveIntegerField(
        "quantidade de uma vez acima da qual outra pessoa aprova", null=True
    )

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
            models.CheckConstraint(
                condition=Q(fine_percent__gte=0, fine_percent__lte=2),
                name="general_parameters_fine",
            ),
            models.CheckConstraint(
                condition=Q(interest_percent__gte=0, interest_percent__lte=1),
                name="general_parameters_interest",
            ),
            models.CheckConstraint(
                condition=Q(listing_min_amount__gte=0)
                & (
                    Q(listing_max_amount=None)
                    | Q(listing_max_amount__gte=models.F("listing_min_amount"))
                ),
                name="general_parameters_amounts",
            ),
        ]

    def __str__(self) -> str:
        return "parâmetros gerais"

    @classmethod
    def current(cls) -> GeneralParameters:
        """The installation's parameters; the defaults until somebody changes them."""
        (found,) = sql.first(
            f"SELECT {sql.columns(cls, 'parameters')} FROM {cls._meta.db_table} AS parameters "  # noqa: S608
            "WHERE parameters.id = 1",
            {},
            cls,
        )
        return found or cls(pk=1)


class ParameterChange(models.Model):
    """Who changed a general parameter, when, from what to what. Append-only."""

    name = models.CharField("parâmetro", max_length=40)
    before: models.JSONField[Any, Any] = models.JSONField("antes", null=True)
    after: models.JSONField[Any, Any] = models.JSONField("depois", null=True)
    reason = models.TextField("por quê", blank=True, db_default="")
    """Asked of some changes only."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "mudança de parâmetro"
        verbose_name_plural = "mudanças de parâmetros"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name}, {self.at:%d/%m/%Y}"


class Holiday(models.Model):
    """A state's or a municipality's day off that deadlines leave out.

    National holidays come from the ``holidays`` package; no other day off counts unless somebody
    wrote it down here, because each lengthens a deadline that runs against us and for the debtor.
    So each has its author, and so has taking it back.
    """

    day = models.DateField("dia")
    name = models.CharField("nome", max_length=80)
    state = models.CharField("UF", max_length=2)
    city = models.CharField("município", max_length=60, blank=True)
    """Empty: the whole state."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    removed_at = models.DateTimeField(null=True)
    """Null while it counts."""

    class Meta:
        verbose_name = "feriado"
        ordering = ["day", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state", "city", "day"],
                condition=Q(removed_at=None),
                name="holiday_once",
            ),
            models.CheckConstraint(condition=~Q(state="") & ~Q(name=""), name="holiday_named"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="holiday_removed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.day:%d/%m/%Y}"
