"""The colours of status: one meaning, one tone, everywhere, never without icon and word."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Icon(str):
    """Marks a string as an icon name, so that tools/assets.py vendors it."""

    __slots__ = ()


class Tone(StrEnum):
    """What a colour says. The names are CSS classes: ``tone-queued``."""

    QUEUED = "queued"  # grey: waiting for us
    SENT = "sent"  # blue: on its way
    NOTICE = "notice"  # amber: attention, a term is running
    ACTIVE = "active"  # red: listed, overdue, failed
    REMOVAL = "removal"  # purple: being taken off
    DONE = "done"  # green: removed, paid, approved
    REFUSED = "refused"  # dark red outline: somebody said no
    UNSETTLED = "unsettled"  # striped amber: we do not know yet
    MUTED = "muted"  # grey outline: cancelled, inactive


class Status(NamedTuple):
    label: str
    tone: Tone
    icon: str


# By the codes of restrictions (design.md); `{% badge restriction.status %}` draws them.
STATUSES: dict[str, Status] = {
    "draft": Status("Aguardando", Tone.MUTED, Icon("hourglass-low")),
    "awaiting_approval": Status("Aguarda aprovação", Tone.NOTICE, Icon("hourglass-low")),
    "awaiting_removal": Status("Aguarda a baixa", Tone.QUEUED, Icon("clock")),
    "queued": Status("Na fila", Tone.QUEUED, Icon("clock")),
    "sent": Status("Enviada", Tone.SENT, Icon("send")),
    "notified": Status("Comunicada", Tone.NOTICE, Icon("mail")),
    "active": Status("Ativa", Tone.ACTIVE, Icon("ban")),
    "removal_queued": Status("Baixa na fila", Tone.REMOVAL, Icon("clock")),
    "removal_sent": Status("Baixa solicitada", Tone.REMOVAL, Icon("eraser")),
    "removed": Status("Baixada", Tone.DONE, Icon("circle-check")),
    "refused": Status("Recusada", Tone.REFUSED, Icon("circle-x")),
    "cancelled": Status("Cancelada", Tone.MUTED, Icon("circle-minus")),
    "unknown": Status("A esclarecer", Tone.UNSETTLED, Icon("help-circle")),
    "unavailable": Status("Birô não informa", Tone.UNSETTLED, Icon("plug-connected-x")),
}
