"""The states of a restriction and the moves between them."""

from __future__ import annotations

from django.db.models import TextChoices

from regua.bureaus.contract import ListingStatus, NeutralReason


class Status(TextChoices):
    DRAFT = "draft", "Rascunho"
    QUEUED = "queued", "Na fila"
    SENT = "sent", "Enviada"
    NOTIFIED = "notified", "Comunicada"
    ACTIVE = "active", "Ativa"
    REMOVAL_QUEUED = "removal_queued", "Baixa na fila"
    REMOVAL_SENT = "removal_sent", "Baixa solicitada"
    REMOVED = "removed", "Baixada"
    REFUSED = "refused", "Recusada"
    CANCELLED = "cancelled", "Cancelada"


FINAL = (Status.REMOVED, Status.REFUSED, Status.CANCELLED)
LIVE = tuple(status for status in Status if status not in FINAL)
AT_BUREAU = (Status.SENT, Status.NOTIFIED, Status.ACTIVE)
"""Known to the bureau and not being removed: what a removal may start from."""

MOVES: dict[Status, tuple[Status, ...]] = {
    Status.DRAFT: (Status.QUEUED, Status.CANCELLED),
    # From the queue a record may be found further along than "sent", once its lost answer is
    # looked up.
    Status.QUEUED: (
        Status.SENT,
        Status.NOTIFIED,
        Status.ACTIVE,
        Status.REMOVAL_SENT,
        Status.REMOVED,
        Status.REFUSED,
        Status.CANCELLED,
    ),
    Status.SENT: (
        Status.NOTIFIED,
        Status.ACTIVE,
        Status.REMOVAL_QUEUED,
        Status.REMOVAL_SENT,
        Status.REMOVED,
        Status.REFUSED,
    ),
    Status.NOTIFIED: (
        Status.ACTIVE,
        Status.REMOVAL_QUEUED,
        Status.REMOVAL_SENT,
        Status.REMOVED,
        Status.REFUSED,
    ),
    Status.ACTIVE: (Status.REMOVAL_QUEUED, Status.REMOVAL_SENT, Status.REMOVED),
    # Back only when the bureau refuses the removal itself.
    Status.REMOVAL_QUEUED: (
        Status.REMOVAL_SENT,
        Status.REMOVED,
        Status.SENT,
        Status.NOTIFIED,
        Status.ACTIVE,
        Status.REFUSED,
    ),
    Status.REMOVAL_SENT: (Status.REMOVED,),
    Status.REMOVED: (),
    Status.REFUSED: (),
    Status.CANCELLED: (),
}
"""The legal moves; the database enforces the same table (migration ``0002``)."""

FROM_BUREAU: dict[ListingStatus, Status] = {
    ListingStatus.RECEIVED: Status.SENT,
    ListingStatus.NOTIFIED: Status.NOTIFIED,
    ListingStatus.ACTIVE: Status.ACTIVE,
    ListingStatus.REMOVAL_RECEIVED: Status.REMOVAL_SENT,
    ListingStatus.REMOVED: Status.REMOVED,
    ListingStatus.REJECTED: Status.REFUSED,
}
"""Our status for the bureau's; "unavailable" is a flag, not a status."""


class Form(TextChoices):
    """How a listing came about (*forma de negativação*)."""

    MANUAL = "manual", "Manual"
    AUTOMATIC = "automatic", "Automática"


class Source(TextChoices):
    """Who or what told us of a change."""

    PERSON = "person", "Pessoa"
    SENDER = "sender", "Envio ao birô"
    SYNC = "sync", "Sincronização"
    WEBHOOK = "webhook", "Aviso do birô"


class RemovalReason(TextChoices):
    """Our neutral reasons, as people read them; only those that a creditor may give."""

    PAID = NeutralReason.PAID.value, "Pagamento da dívida"
    RENEGOTIATED = NeutralReason.RENEGOTIATED.value, "Renegociação"
    DEBT_CANCELLED = NeutralReason.DEBT_CANCELLED.value, "Cancelamento do título"
    WRONGLY_LISTED = NeutralReason.WRONGLY_LISTED.value, "Inclusão indevida"
    COURT_ORDER = NeutralReason.COURT_ORDER.value, "Ordem judicial"
    CONTESTED = NeutralReason.CONTESTED.value, "Contestação do cliente"
    FRAUD = NeutralReason.FRAUD.value, "Fraude"
    DECEASED = NeutralReason.DECEASED.value, "Falecimento"
    DATA_CORRECTION = NeutralReason.DATA_CORRECTION.value, "Correção de dados"
    OWNERSHIP_CHANGE = NeutralReason.OWNERSHIP_CHANGE.value, "Mudança de titularidade"
