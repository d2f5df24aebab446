"""The states of a restriction and the moves between them."""

from __future__ import annotations

from django.db.models import TextChoices

from regua.bureaus.contract import ListingStatus
from regua.integrations.choices import Reason


class Status(TextChoices):
    DRAFT = "draft", "Aguardando"
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
    ROUTINE = "routine", "Rotina automática"
    RECONCILE = "reconcile", "Conciliação"


class RemovalReason(TextChoices):
    """Our neutral reasons, as people read them; only those that a creditor may give."""

    PAID = Reason.PAID.value, Reason.PAID.label
    PARTIALLY_PAID = Reason.PARTIALLY_PAID.value, Reason.PARTIALLY_PAID.label
    RENEGOTIATED = Reason.RENEGOTIATED.value, Reason.RENEGOTIATED.label
    DEBT_CANCELLED = Reason.DEBT_CANCELLED.value, Reason.DEBT_CANCELLED.label
    WRONGLY_LISTED = Reason.WRONGLY_LISTED.value, Reason.WRONGLY_LISTED.label
    COURT_ORDER = Reason.COURT_ORDER.value, Reason.COURT_ORDER.label
    CONTESTED = Reason.CONTESTED.value, Reason.CONTESTED.label
    FRAUD = Reason.FRAUD.value, Reason.FRAUD.label
    DECEASED = Reason.DECEASED.value, Reason.DECEASED.label
    DATA_CORRECTION = Reason.DATA_CORRECTION.value, Reason.DATA_CORRECTION.label
    OWNERSHIP_CHANGE = Reason.OWNERSHIP_CHANGE.value, Reason.OWNERSHIP_CHANGE.label
    LETTER_RETURNED = Reason.LETTER_RETURNED.value, Reason.LETTER_RETURNED.label
    FIVE_YEARS = Reason.FIVE_YEARS.value, Reason.FIVE_YEARS.label


STAND_INS = {RemovalReason.FIVE_YEARS: RemovalReason.WRONGLY_LISTED}
"""Where a bureau keeps the code of a reason to itself, the code of this one is sent ("at the
creditor's request"); our record keeps the true reason."""


class Correction(TextChoices):
    """What was wrong in a listing: it is taken off and asked for anew with what is right."""

    PARTIAL_PAYMENT = "partial_payment", "Pagamento em parte"
    AMOUNT = "amount", "Valor"
    DUE_DATE = "due_date", "Vencimento"
    NAME = "name", "Nome do cliente"
    ADDRESS = "address", "Endereço do cliente"


class DutyCause(TextChoices):
    """Why a listing must come off by a day."""

    PAID = "paid", "Dívida paga"
    DEBT_CANCELLED = "debt_cancelled", "Título cancelado"
    RENEGOTIATED = "renegotiated", "Dívida renegociada"
    CORRECTION = "correction", "Dado errado"
    AMOUNT_CHANGED = "amount_changed", "Valor mudou"
    CONTESTED = "contested", "Contestação procedente"
    COURT_ORDER = "court_order", "Ordem judicial"
    DECEASED = "deceased", "Falecimento"
    OWNERSHIP_CHANGE = "ownership_change", "Mudança de titularidade"
    FIVE_YEARS = "five_years", "Prazo de cinco anos"


class DutyOutcome(TextChoices):
    MET = "met", "No prazo"
    LATE = "late", "Fora do prazo"
    VOID = "void", "Deixou de valer"


class Dated(TextChoices):
    """Which of its dates a period is about."""

    REQUESTED = "requested", "Pedido"
    SENT = "sent", "Envio ao birô"
    VISIBLE = "visible", "Visibilidade"
    REMOVED = "removed", "Baixa"
