"""Who the creditor is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


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
