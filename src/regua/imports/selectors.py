"""Reading imports."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.imports.models import ImportBatch, ImportProblem


def batches_visible(actor: User) -> QuerySet[ImportBatch]:
    return visible(
        ImportBatch.objects.select_related("branch", "started_by"),
        actor=actor,
        permission=Permission.IMPORT_DATA,
    )


def problems(batch: ImportBatch) -> QuerySet[ImportProblem]:
    """What is wrong, in the order of the lines; a line may have several."""
    return ImportProblem.objects.filter(batch=batch).select_related("batch").order_by("line", "pk")
