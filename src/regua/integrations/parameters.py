"""*Configurações › Parâmetros gerais › aba Integrações › Análise de crédito*."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import GeneralParameters, ParameterChange

NAMES = ("credit_analysis", "inquiry_interval_days", "report_retention_days")


def parameters_update(*, actor: User, **values: Any) -> GeneralParameters:
    """Change general parameters (those of ``NAMES``); each change is kept with who made it.

    Raises ``ValidationError`` with a sentence per field; nothing is changed then.
    """
    require(actor, Permission.MANAGE_PARAMETERS)
    unknown = set(values) - set(NAMES)
    if unknown:
        raise TypeError(f"unexpected parameters: {sorted(unknown)}")
    problems = {}
    interval = values.get("inquiry_interval_days")
    if interval is not None and not 1 <= interval <= 3650:
        problems["inquiry_interval_days"] = "Escreva de 1 a 3.650 dias, ou deixe vazio."
    retention = values.get("report_retention_days", 1)
    if retention is None or not 1 <= retention <= 36500:
        problems["report_retention_days"] = "Escreva de 1 a 36.500 dias."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        GeneralParameters.objects.bulk_create([GeneralParameters(pk=1)], ignore_conflicts=True)
        row = GeneralParameters.objects.select_for_update().get(pk=1)
        changes = [
            ParameterChange(name=name, before=getattr(row, name), after=value, actor=actor)
            for name, value in values.items()
            if value != getattr(row, name)
        ]
        for change in changes:
            setattr(row, change.name, change.after)
        row.save()
        ParameterChange.objects.bulk_create(changes)
    return row


def parameter_changes() -> QuerySet[ParameterChange]:
    """The newest first, with who made them."""
    return ParameterChange.objects.filter(name__in=NAMES).select_related("actor")
