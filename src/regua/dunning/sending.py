"""The senders of messages: one per channel, each row at most once.

A row is looked at once more just before it leaves, with its text written down and its status
``sending`` on disk; then it leaves, and what came of it is recorded. Whoever is killed in between
leaves a row that nobody can tell of: it is shown as doubtful, and only a person sends it again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from regua.compliance.services import notice_keep
from regua.dunning import reasons
from regua.dunning.choices import Channel, MessageStatus, TemplateKind
from regua.dunning.hours import leaves_at
from regua.dunning.message_lines import Doubtful, Down, Later, Letter, Line, Refused, line_of
from regua.dunning.models import (
    DunningMessage,
    DunningParameters,
    MessageGateway,
    MessageTemplate,
)
from regua.dunning.rendering import creditor_name, debt_of, opt_out_url, render
from regua.dunning.running import PAUSING
from regua.dunning.selectors import has_address
from regua.integrations.exclusive import only_one
from regua.organization.models import Branch
from regua.web.named import statement

SEND_TASK = "dunning.send"
LOCK = 0x4D534753  # "MSGS"
LEASE = timedelta(minutes=2)
"""Far longer than any attempt lasts: a row that is being sent since then was left by its sender."""
RETRY = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
"""Before a channel that is down is tried again."""
TURN = 60.0
"""Seconds after which a sender makes room for other work."""
DOUBTS = 3
"""After so many in a row the channel is left alone for a while."""
_LOOK = timedelta(seconds=15)
"""How long a branch's hours are taken as read."""
_SENTENCES = {
    "debt.received": "O título foi pago.",
    "debt.cancelled": "O título foi cancelado.",
    "message.late": "O título venceu antes de a mensagem poder sair.",
    "message.passed": "A régua já passou para um passo seguinte.",
}

logger = logging.getLogger(__name__)


# --- the jobs ------------------------------------------------------------------------------------


def senders_ask() -> None:
    """Ask for a sender wherever messages may leave now."""
    now = timezone.now()
    for channel in Channel:
        if _due(channel, now).exists():
            sender_ask(channel)


def sender_ask(channel: str) -> None:
    """Ask for a channel's sender; while one waits, also for its time, no other does."""
    try:
        with transaction.atomic():
            app.configure_task(
                SEND_TASK, queue="dunning", queueing_lock=f"{SEND_TASK}:{channel}"
            ).defer(channel=channel)
    except AlreadyEnqueued:
        return


def sender_set(channel: str, *, after: timedelta = timedelta(0)) -> None:
    """Let a channel's next sender begin then, whoever has asked for it."""
    with transaction.atomic(), connection.cursor() as cursor:
        sender_ask(channel)
        cursor.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + make_interval(secs => %s)"
            " WHERE queueing_lock = %s AND status = 'todo'",
            [after.total_seconds(), f"{SEND_TASK}:{channel}"],
        )


def sender_run(channel: str, *, should_stop: Callable[[], bool]) -> None:
    """The work of a channel's job."""
    with only_one(LOCK, list(Channel).index(Channel(channel))) as alone:
        if not alone:
            return
        ends = time.monotonic() + TURN
        try:
            messages_drain(channel, should_stop=lambda: should_stop() or time.monotonic() > ends)
        except Down as down:
            logger.warning("messages by %s wait: %s", channel, down.sentence)
            sender_set(channel, after=PAUSE)


# --- the work ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """Nothing of this branch leaves before then."""

    branch_id: int
    until: datetime
    problem: str = ""


class _Dropped:
    """It must not leave any more, and that is written down."""


@dataclass(frozen=True, slots=True)
class _Taken:
    message: DunningMessage
    letter: Letter
    notice: bool


def messages_drain(channel: str, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Send what may leave by a channel now; how many were accepted.

    Raises ``Down`` where the channel takes nothing at the moment; what was not sent is still due.
    """
    sent = doubts = 0
    hours = _Hours()
    try:
        with closing(line_of(channel)) as line:
            while not should_stop() and _due(channel, timezone.now()).exists():
                line.open()
                taken = _take(channel, hours)
                if taken is None:
                    break
                if isinstance(taken, _Held):
                    _put_off(channel, taken)
                if not isinstance(taken, _Taken):
                    continue
                outcome = _send(line, taken)
                sent += outcome == MessageStatus.SENT
                doubts = doubts + 1 if outcome == MessageStatus.SENDING else 0
                if doubts == DOUBTS:
                    raise Down("Várias mensagens seguidas ficaram em dúvida. As outras esperam.")
    except Down as down:
        MessageGateway.objects.filter(channel=channel, active=True).update(problem=down.sentence)
        raise
    if sent:
        MessageGateway.objects.filter(channel=channel).exclude(problem="").update(problem="")
    return sent


def _due(channel: str, now: datetime) -> QuerySet[DunningMessage]:
    return DunningMessage.objects.filter(
        channel=channel, status=MessageStatus.QUEUED, due_at__lte=now
    )


def _take(channel: str, hours: _Hours) -> _Taken | _Held | _Dropped | None:
    """Take the next message and write down, for good, that it is leaving and what it says.

    None where others have taken all there are.
    """
    now = timezone.now()
    with transaction.atomic():
        message = (
            _due(channel, now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related(
                "receivable__customer", "receivable__contract", "receivable__branch__company"
            )
            .order_by("due_at")
            .first()
        )
        if message is None:
            return None
        branch = message.receivable.branch
        if (opens := hours.opens(branch, now)) > now:
            return _Held(branch.pk, opens)
        if not has_address(branch):
            problem = "Falta o endereço da filial, que toda cobrança precisa mostrar."
            return _Held(branch.pk, now + RETRY, problem)
        if why_not := _why_not(message, now):
            _record(message, MessageStatus.DROPPED, f"{why_not} A mensagem não foi enviada.")
            return _Dropped()
        return _leave(message, now)


def _leave(message: DunningMessage, now: datetime) -> _Taken:
    template = _current(MessageTemplate.objects.get(pk=message.template_id))
    debt = message.receivable
    url = opt_out_url(debt.customer_id, message.channel)
    rendered = render(
        channel=message.channel,
        kind=template.kind,
        subject=template.subject,
        body=template.body,
        debt=debt_of(debt),
        on=timezone.localdate(now),
        opt_out_url=url,
    )
    customer = debt.customer
    letter = Letter(
        reference=f"mensagem-{message.pk}",
        channel=message.channel,
        to=customer.email if message.channel == Channel.EMAIL else customer.mobile,
        sender=creditor_name(debt.branch),
        subject=rendered.subject,
        body=rendered.body,
        opt_out_url=url,
        at=now,
    )
    DunningMessage.objects.filter(pk=message.pk).update(
        status=MessageStatus.SENDING,
        due_at=now,
        template=template,
        recipient=letter.to,
        subject=letter.subject,
        body=letter.body,
        problem="",
    )
    return _Taken(message, letter, notice=template.kind == TemplateKind.NOTICE)


def _current(template: MessageTemplate) -> MessageTemplate:
    """The text that holds now: one mended since the run is not sent with its mistake."""
    while template.replaced_by is not None:
        template = template.replaced_by
    return template


def _send(line: Line, taken: _Taken) -> str:
    """What became of it, recorded."""
    message = taken.message
    try:
        line.send(taken.letter)
    except Refused as no:
        _record(message, MessageStatus.FAILED, no.sentence)
        return MessageStatus.FAILED
    except Later as later:
        _record(message, MessageStatus.QUEUED, later.sentence, due_at=timezone.now() + RETRY)
        return MessageStatus.QUEUED
    except Down as down:
        _record(message, MessageStatus.QUEUED, down.sentence, due_at=timezone.now())
        raise
    except Doubtful as doubt:
        _record(message, MessageStatus.SENDING, doubt.sentence, due_at=timezone.now())
        return MessageStatus.SENDING
    _accepted(taken)
    return MessageStatus.SENT


def _accepted(taken: _Taken) -> None:
    now = timezone.now()
    with transaction.atomic():
        _record(taken.message, MessageStatus.SENT, "", sent_at=now)
        if not taken.notice:
            return
        try:
            notice_keep(
                receivable=taken.message.receivable,
                data=taken.letter.proof,
                filename=f"aviso-de-cobranca-{taken.message.pk}",
                dated_on=timezone.localdate(now),
            )
        except ValidationError as error:  # sent before the debt was late: it proves nothing
            logger.warning("message %s is no proof: %s", taken.message.pk, error.messages[0])


def _record(
    message: DunningMessage,
    status: MessageStatus,
    problem: str,
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> None:
    changes = {"status": status, "problem": problem, "due_at": due_at, "sent_at": sent_at}
    if status == MessageStatus.QUEUED:
        changes |= {"recipient": "", "subject": "", "body": ""}
    # Only where it is still ours: a person may have settled a doubt meanwhile.
    DunningMessage.objects.filter(
        pk=message.pk, status__in=[MessageStatus.QUEUED, MessageStatus.SENDING]
    ).update(**changes)


def _why_not(message: DunningMessage, now: datetime) -> str:
    """What has happened since the step that forbids this message; empty where nothing has."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("dunning", "message_fit", pausing=PAUSING),
            {
                "message": message.pk,
                "today": timezone.localdate(now),
                "message_inactive": DunningParameters.current().message_inactive,
            },
        )
        (codes,) = cursor.fetchone()
    return " ".join(_SENTENCES.get(code) or reasons.sentence(code) for code in codes)


def _put_off(channel: str, held: _Held) -> None:
    """Let what is due of a branch wait, but for what another sender holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dunning_dunningmessage SET due_at = %s::timestamptz, problem = %s::text"
            " WHERE id IN (SELECT id FROM dunning_dunningmessage"
            " WHERE channel = %s AND due_at <= %s::timestamptz AND status = 'queued'"
            " AND branch_id = %s FOR UPDATE SKIP LOCKED)",
            [held.until, held.problem, channel, timezone.now(), held.branch_id],
        )


class _Hours:
    """When each branch's messages may leave, asked again every few seconds."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[datetime, datetime]] = {}

    def opens(self, branch: Branch, now: datetime) -> datetime:
        """``now``, or the later moment at which they may."""
        asked, opens = self._known.get(branch.pk, (now, None))
        if opens is None or now - asked > _LOOK:
            asked, opens = now, leaves_at(branch, now=now)
            self._known[branch.pk] = asked, opens
        return max(now, opens)


def doubtful(now: datetime | None = None) -> Q:
    """The messages of which nobody knows whether they left."""
    since = (now or timezone.now()) - LEASE
    return Q(status=MessageStatus.SENDING) & (~Q(problem="") | Q(due_at__lt=since))
