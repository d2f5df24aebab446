"""The words of what the bureau tells unasked, and of comparing its ledger with ours."""

from __future__ import annotations

from django.db.models import TextChoices


class DeliveryOutcome(TextChoices):
    """What became of a delivered webhook."""

    PENDING = "pending", "Esperando"
    APPLIED = "applied", "Aplicado"
    STALE = "stale", "Já sabido"
    UNKNOWN = "unknown", "Sem negativação aqui"
    FAILED = "failed", "Não pôde ser aplicado"


class RunState(TextChoices):
    QUEUED = "queued", "Na fila"
    READING = "reading", "Lendo o birô"
    DONE = "done", "Concluída"
    FAILED = "failed", "Não concluída"


OPEN_RUNS = (RunState.QUEUED, RunState.READING)


class DifferenceKind(TextChoices):
    ONLY_THEIRS = "only_theirs", "Só no birô"
    ONLY_OURS = "only_ours", "Só aqui"
    STATUS = "status", "Situação diferente"
    AMOUNT = "amount", "Valor diferente"
    DUE_DATE = "due_date", "Vencimento diferente"


class Remedy(TextChoices):
    """What can be done about a difference; the labels are those of its buttons."""

    ADOPT = "adopt", "Adotar aqui"
    ADOPT_REMOVE = "adopt_remove", "Adotar e pedir baixa"
    CLOSE = "close", "Encerrar aqui"
    RELIST = "relist", "Negativar de novo"
    ACCEPT = "accept", "Aceitar a situação do birô"
    CORRECT = "correct", "Corrigir no birô"
    REVIEW = "review", "Marcar como conferida"


REMEDIES: dict[DifferenceKind, tuple[Remedy, ...]] = {
    DifferenceKind.ONLY_THEIRS: (Remedy.ADOPT, Remedy.ADOPT_REMOVE, Remedy.REVIEW),
    DifferenceKind.ONLY_OURS: (Remedy.CLOSE, Remedy.RELIST),
    DifferenceKind.STATUS: (Remedy.ACCEPT, Remedy.REVIEW),
    DifferenceKind.AMOUNT: (Remedy.CORRECT, Remedy.REVIEW),
    DifferenceKind.DUE_DATE: (Remedy.CORRECT, Remedy.REVIEW),
}
"""For each kind what may be done, the button that stands out first."""
