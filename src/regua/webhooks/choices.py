"""The words of outgoing webhooks."""

from __future__ import annotations

from django.db.models import TextChoices


class EventType(TextChoices):
    """What a subscriber may be told of; the values are the ``type`` on the wire."""

    INQUIRY_COMPLETED = "inquiry.completed", "Consulta concluída"
    INQUIRY_DECIDED = "inquiry.decided", "Decisão tomada"
    RESTRICTION_CHANGED = "restriction.changed", "Negativação mudou de situação"
    REMOVAL_DUE = "restriction.removal_due", "Prazo de baixa começou"
    REMOVAL_NEAR = "restriction.removal_deadline_near", "Prazo de baixa acabando"
    RUN_FINISHED = "dunning.run_finished", "Execução da régua terminou"


TEST = "webhook.test"
"""The ``type`` of the event that a person sends to see whether it arrives."""
TYPES = {**dict(EventType.choices), TEST: "Teste"}


class DeliveryStatus(TextChoices):
    PENDING = "pending", "Na fila"
    DELIVERED = "delivered", "Entregue"
    FAILED = "failed", "Não entregue"
    """Tried for about a day and given up, or the endpoint said that it is gone."""


class DisabledReason(TextChoices):
    PERSON = "person", "Desativado por uma pessoa"
    GONE = "gone", "O destino respondeu que não existe mais (410)"
    FAILING = "failing", "Dias seguidos sem nenhuma entrega"


class WatchKind(TextChoices):
    """What was seen at its beginning and has a later turn to tell of."""

    INQUIRY = "inquiry", "consulta"
    DUTY = "duty", "prazo de baixa"
    RUN = "run", "execução"
