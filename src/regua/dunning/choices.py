"""The words of the *régua de cobrança*."""

from __future__ import annotations

from django.db.models import TextChoices


class Stage(TextChoices):
    """Where a receivable stands (*etapa*): the field's codes, kept as they are known."""

    REMINDER = "LP", "Lembrete de pagamento"
    DUE = "CV", "No vencimento"
    NOTICE = "AC", "Aviso de cobrança"
    PENDENCY = "IP", "Informe de pendência"
    SCHEDULE = "AP", "Agendar pagamento"
    IN_PERSON = "CAP", "Cobrança automática e presencial"
    LIST = "NC", "Negativar cliente"
    RECEIVED = "RCA", "Título recebido"
    CANCELLED = "CCA", "Título cancelado"
    RENEGOTIATED = "RCB", "Título renegociado"
    UNLIST = "RN", "Remover negativação"


STEP_STAGES = (
    Stage.REMINDER,
    Stage.DUE,
    Stage.NOTICE,
    Stage.PENDENCY,
    Stage.SCHEDULE,
    Stage.IN_PERSON,
    Stage.LIST,
)
"""What a step of a policy may be; the others follow from what becomes of the debt."""


class Action(TextChoices):
    """A step's automatic half."""

    NONE = "none", "Só marcar a etapa"
    MESSAGE = "message", "Enviar mensagem"
    LIST = "list", "Negativar"


class AutoList(TextChoices):
    """*Negativar automaticamente* of a step that lists."""

    YES = "yes", "Sim"
    DEFAULT = "default", "Padrão"
    NO = "no", "Não"


class Channel(TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    WHATSAPP = "whatsapp", "WhatsApp"


class ContactKind(TextChoices):
    """How a person gets in touch: a step's manual half, and what was done of it."""

    PHONE = "phone", "Telefone"
    WHATSAPP = "whatsapp", "WhatsApp"
    EMAIL = "email", "E-mail"
    VISIT = "visit", "Visita"


class ContactResult(TextChoices):
    PROMISE = "promise", "Prometeu pagar"
    RENEGOTIATION = "renegotiation", "Quer renegociar"
    DISPUTE = "dispute", "Contesta a dívida"
    PAID = "paid", "Diz que já pagou"
    CALL_BACK = "call_back", "Pediu para falar depois"
    NO_ANSWER = "no_answer", "Não atendeu"
    WRONG_NUMBER = "wrong_number", "Número errado"
    REFUSED = "refused", "Não vai pagar"


class RunState(TextChoices):
    SIMULATING = "simulating", "Simulando"
    SIMULATED = "simulated", "Aguardando aprovação"
    RUNNING = "running", "Executando"
    PAUSED = "paused", "Pausada"
    DONE = "done", "Concluída"
    CANCELLED = "cancelled", "Cancelada"


WORKING = (RunState.SIMULATING, RunState.RUNNING)
"""What workers have something to do for."""
ENDED = (RunState.DONE, RunState.CANCELLED)


class SliceState(TextChoices):
    WAITING = "waiting", "Na fila"
    SIMULATED = "simulated", "Simulada"
    DONE = "done", "Executada"


class MessageStatus(TextChoices):
    QUEUED = "queued", "Na fila"
    SENDING = "sending", "Enviando"
    """A sender has taken it; should it stay so, nobody knows whether it left, and it is not sent
    again by itself."""
    SENT = "sent", "Enviada"
    FAILED = "failed", "Não enviada"
    DROPPED = "dropped", "Dispensada"
    """The debt was settled, disputed or promised before it left."""


class TemplateKind(TextChoices):
    """What a message is for; a notice carries what the law wants in it."""

    REMINDER = "reminder", "Lembrete"
    COLLECTION = "collection", "Cobrança"
    NOTICE = "notice", "Aviso de cobrança (RGC)"
