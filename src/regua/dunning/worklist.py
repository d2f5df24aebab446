"""Reading the worklist: whose turn it is, what a customer was told, what operators achieved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission, roles_with
from regua.accounts.selectors import people_of
from regua.dunning.choices import Channel, ContactResult, MessageStatus
from regua.dunning.contacts import LONGEST_PROMISE
from regua.dunning.models import (
    DunningContact,
    DunningEntry,
    DunningMessage,
    DunningStanding,
    DunningTask,
    MessageOptOut,
)
from regua.dunning.selectors import tasks_visible
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.receivables.selectors import Overdue, overdue_by_customer, receivables_visible
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import latest_by_receivable
from regua.web import formats
from regua.web.named import statement
from regua.web.status import Icon, Tone

COUNTED = 500
"""How many waiting tasks are counted for the left bar, at most: more say nothing more."""
SHOWN = 40
"""How many contacts, messages and debts of a customer a page shows."""
LOOKS: dict[str, tuple[str, Tone]] = {
    ContactResult.PROMISE: (Icon("calendar-due"), Tone.SENT),
    ContactResult.RENEGOTIATION: (Icon("arrows-exchange"), Tone.NOTICE),
    ContactResult.DISPUTE: (Icon("message-circle"), Tone.NOTICE),
    ContactResult.PAID: (Icon("receipt"), Tone.DONE),
    ContactResult.CALL_BACK: (Icon("clock"), Tone.QUEUED),
    ContactResult.NO_ANSWER: (Icon("phone-off"), Tone.QUEUED),
    ContactResult.WRONG_NUMBER: (Icon("phone-x"), Tone.QUEUED),
    ContactResult.REFUSED: (Icon("hand-stop"), Tone.ACTIVE),
}
"""The icon and colour of each result."""
_MESSAGE_LOOKS = {
    MessageStatus.SENT: Tone.DONE,
    MessageStatus.FAILED: Tone.ACTIVE,
    MessageStatus.DROPPED: Tone.MUTED,
}


@dataclass(frozen=True, slots=True)
class Row:
    task: DunningTask
    debt: Overdue
    last: DunningContact | None
    promise: DunningContact | None
    """The one that still runs, or has just been broken."""


@dataclass(slots=True)
class Achieved:
    """What one operator did in a period."""

    name: str
    results: dict[str, int] = field(default_factory=dict)
    made: int = 0
    kept: int = 0
    broken: int = 0
    promised: Decimal = Decimal(0)

    @property
    def contacts(self) -> int:
        return sum(self.results.values())

    @property
    def running(self) -> int:
        return self.made - self.kept - self.broken


def tasks_open(actor: User, branch_ids: Sequence[int] | None = None) -> QuerySet[DunningTask]:
    """What has to be done; ``branch_ids``: only there."""
    found = tasks_visible(actor).filter(done_at=None).select_related("branch")
    return found if branch_ids is None else found.filter(branch__in=branch_ids)


def waiting_for(actor: User) -> int:
    """How many contacts are due that are the actor's or nobody's, counted up to ``COUNTED``."""
    if not actor.can(Permission.RECORD_CONTACT):
        return 0
    due = DunningTask.objects.filter(done_at=None, due_on__lte=timezone.localdate())
    if not actor.all_branches:
        due = due.filter(branch__in=actor.branch_ids)
    mine = due.filter(assigned_to=actor)[:COUNTED].count()
    free = due.filter(assigned_to=None)[: COUNTED - mine].count() if mine < COUNTED else 0
    return mine + free


def rows_of(tasks: Sequence[DunningTask], actor: User) -> list[Row]:
    """A page of tasks with what one needs to know before calling, in a constant few queries."""
    ids = [task.customer_id for task in tasks]
    debts = overdue_by_customer(ids, actor=actor)
    last = {
        contact.customer_id: contact
        for contact in DunningContact.objects.filter(customer__in=ids)
        .order_by("customer_id", "-pk")
        .distinct("customer_id")
    }
    promises = {
        contact.customer_id: contact
        for contact in DunningContact.objects.filter(
            customer__in=ids, result=ContactResult.PROMISE, withdrawn_at=None
        )
        .order_by("customer_id", "-pk")
        .distinct("customer_id")
    }
    return [
        Row(
            task,
            debts.get(task.customer_id, Overdue()),
            last.get(task.customer_id),
            promises.get(task.customer_id),
        )
        for task in tasks
    ]


def contacts_visible(actor: User) -> QuerySet[DunningContact]:
    return visible(
        DunningContact.objects.select_related("customer__branch", "actor"),
        actor=actor,
        permission=Permission.VIEW_DUNNING,
        branch="customer__branch",
    )


def open_task(customer: Customer, actor: User) -> DunningTask | None:
    return tasks_open(actor).filter(customer=customer).first()


def people_for(branch_id: int) -> list[User]:
    """Who may be given a contact of this branch."""
    return list(people_of(branch_id, roles=roles_with(Permission.RECORD_CONTACT)))


def opted_out(customer: Customer, channel: Channel) -> bool:
    return MessageOptOut.objects.filter(customer=customer, channel=channel).exists()


@dataclass(frozen=True, slots=True)
class Debt:
    receivable: Receivable
    stage: str
    listing: Restriction | None


def debts_of(customer: Customer, actor: User) -> list[Debt]:
    """What the customer owes and what is due by today, the oldest first."""
    rows = list(
        receivables_visible(actor)
        .filter(
            Q(status__in=["open", "partial"]),
            customer=customer,
            due_date__lte=timezone.localdate(),
        )
        .order_by("due_date", "pk")[:SHOWN]
    )
    ids = [row.pk for row in rows]
    stages = {
        standing.receivable_id: standing.get_stage_display()
        for standing in DunningStanding.objects.filter(receivable__in=ids)
    }
    listings = latest_by_receivable(ids, actor=actor)
    return [Debt(row, stages.get(row.pk, ""), listings.get(row.pk)) for row in rows]


def story_of(customer: Customer, actor: User) -> list[dict[str, Any]]:
    """Contacts and messages, newest first, as ``web/components/timeline.html`` wants them."""
    contacts = contacts_visible(actor).filter(customer=customer)[:SHOWN]
    told = [_contact_entry(contact) for contact in contacts]
    told += _message_entries(customer)
    told.sort(key=lambda entry: entry["order"], reverse=True)
    return told[:SHOWN]


def _contact_entry(contact: DunningContact) -> dict[str, Any]:
    icon, tone = LOOKS[contact.result]
    words = []
    if contact.promised_on:
        amount = f" {formats.brl(contact.promised_amount)}" if contact.promised_amount else ""
        words.append(f"Prometeu{amount} até {formats.day(contact.promised_on)}.")
    if contact.withdrawn_at:
        words.append(f"A promessa deixou de valer em {formats.day(contact.withdrawn_at)}.")
    if contact.note:
        words.append(contact.note)
    return {
        "title": contact.get_result_display(),
        "at": contact.at,
        "order": contact.at,
        "tone": tone,
        "icon": icon,
        "text": " ".join(words),
        "source": f"{contact.get_kind_display()} · {contact.actor.name}",
    }


def _message_entries(customer: Customer) -> list[dict[str, Any]]:
    rows = list(
        DunningMessage.objects.filter(receivable__customer=customer)
        .select_related("template", "receivable")
        .order_by("-pk")[:SHOWN]
    )
    taken = {
        (entry.receivable_id, entry.step_id): formats.day_start(entry.on)
        for entry in DunningEntry.objects.filter(
            receivable__in=[row.receivable_id for row in rows], step__isnull=False
        )
    }
    entries = []
    for row in rows:
        at = row.sent_at or taken.get((row.receivable_id, row.step_id)) or row.due_at
        if at is None:
            continue
        entries.append(
            {
                "title": row.template.name,
                "at": row.sent_at or timezone.localtime(at).date(),
                "order": at,
                "tone": _MESSAGE_LOOKS.get(MessageStatus(row.status), Tone.QUEUED),
                "icon": Icon("mail"),
                "text": row.problem,
                "source": f"{row.get_channel_display()} da régua, título {row.receivable.number}: "
                f"{row.get_status_display().lower()}",
            }
        )
    return entries


def achieved(actor: User, *, since: date, until: date, branch_ids: Sequence[int]) -> list[Achieved]:
    """A period's contacts per operator and result, and what became of the promises in them."""
    rows: dict[int, Achieved] = {}
    if not actor.can(Permission.VIEW_DUNNING):
        return []
    branches = [pk for pk in branch_ids if actor.sees_branch(pk)]
    begins, ends = formats.day_start(since), formats.day_end(until)
    for actor_id, name, result, many in (
        DunningContact.objects.filter(customer__branch__in=branches, at__gte=begins, at__lt=ends)
        .order_by()
        .values_list("actor_id", "actor__name", "result")
        .annotate(many=Count("pk"))
    ):
        rows.setdefault(actor_id, Achieved(name)).results[result] = many
    with connection.cursor() as cursor:
        cursor.execute(
            statement("dunning", "worklist_promises"),
            {
                "since": since,
                "until": until,
                "from": begins,
                "to": ends,
                "longest": LONGEST_PROMISE,
                "today": timezone.localdate(),
                "branches": branches,
            },
        )
        found = cursor.fetchall()
    names = dict(User.objects.filter(pk__in=[line[0] for line in found]).values_list("pk", "name"))
    for actor_id, made, amount, kept, broken in found:
        row = rows.setdefault(actor_id, Achieved(names[actor_id]))
        row.made, row.promised, row.kept, row.broken = made, amount, kept, broken
    return sorted(rows.values(), key=lambda row: (-row.contacts, row.name))


def last_contact(customer: Customer) -> int:
    """The id of the customer's newest contact; 0 where there is none."""
    return DunningContact.objects.filter(customer=customer).aggregate(last=Max("pk"))["last"] or 0
