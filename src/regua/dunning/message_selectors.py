"""Reading messages: who may see what, and how each stands in words."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import MessageStatus
from regua.dunning.models import DunningMessage, DunningStep, MessageTemplate
from regua.dunning.sending import LEASE, doubtful
from regua.web.status import Icon, Status, Tone

STATUSES = {
    MessageStatus.QUEUED: Status("Na fila", Tone.QUEUED, Icon("clock")),
    MessageStatus.SENDING: Status("Enviando", Tone.SENT, Icon("send")),
    MessageStatus.SENT: Status("Enviada", Tone.DONE, Icon("circle-check")),
    MessageStatus.FAILED: Status("Não enviada", Tone.REFUSED, Icon("circle-x")),
    MessageStatus.DROPPED: Status("Dispensada", Tone.MUTED, Icon("circle-minus")),
}
DOUBTFUL = Status("Em dúvida", Tone.UNSETTLED, Icon("help-circle"))


def messages_visible(actor: User) -> QuerySet[DunningMessage]:
    return visible(
        DunningMessage.objects.select_related(
            "receivable__customer", "receivable__contract", "step", "template"
        ),
        actor=actor,
        permission=Permission.VIEW_DUNNING,
    )


def messages_in_trouble(actor: User) -> QuerySet[DunningMessage]:
    """Those that were not sent and those in doubt, for which somebody has to decide."""
    return messages_visible(actor).filter(
        Q(status=MessageStatus.FAILED) | doubtful(),
        # Said once more for the planner: an index holds these alone.
        status__in=[MessageStatus.SENDING, MessageStatus.FAILED],
    )


def is_doubtful(message: DunningMessage) -> bool:
    """``sending.doubtful`` of a row at hand."""
    if message.status != MessageStatus.SENDING:
        return False
    left = message.due_at is not None and message.due_at < timezone.now() - LEASE
    return bool(message.problem) or left


def shown_status(message: DunningMessage) -> Status:
    return DOUBTFUL if is_doubtful(message) else STATUSES[MessageStatus(message.status)]


def templates_in_use() -> QuerySet[MessageTemplate]:
    """The texts that hold now."""
    return MessageTemplate.objects.filter(replaced_by=None).select_related("created_by")


def uses_of(templates: QuerySet[MessageTemplate]) -> dict[int, int]:
    """Text → how many steps that hold use it."""
    rows = DunningStep.objects.filter(
        archived_at=None, policy__active=True, template__in=templates
    ).values("template")
    return {row["template"]: row["steps"] for row in rows.order_by().annotate(steps=Count("pk"))}


def earlier_texts(template: MessageTemplate) -> list[MessageTemplate]:
    """What stood in a text's place before it, the newest first."""
    found: list[MessageTemplate] = []
    current = template
    while (
        before := MessageTemplate.objects.filter(replaced_by=current)
        .select_related("created_by")
        .first()
    ) is not None:
        found.append(before)
        current = before
    return found
