"""Telling people by e-mail what must come off soon: counts and a link, no name, no CPF.

Who collects is reminded while two business days or less are left; the finance manager and the
administrator are told from the day before the last one. Each once a day until it is off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from smtplib import SMTPException, SMTPServerDisconnected

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.accounts.selectors import people_of
from regua.calendar import business_day_after, is_business_day
from regua.organization.models import Branch
from regua.organization.selectors import days_off_by_branch
from regua.restrictions.models import ReminderRefusal, RemovalDuty

logger = logging.getLogger(__name__)

REMIND_DAYS = 2
"""Business days left from which who collects is reminded."""
ESCALATE_DAYS = 1
"""And from which the manager is told: before the last day begins."""
_LOCK = 548_003
_TO = {
    "reminded_on": (Role.COLLECTIONS,),
    "escalated_on": (Role.FINANCE_MANAGER, Role.ADMINISTRATOR),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One branch's counts in an e-mail."""

    branch: str
    late: int
    today: int
    soon: int

    def __str__(self) -> str:
        parts = [
            f"{self.late} {'atrasada' if self.late == 1 else 'atrasadas'}" if self.late else "",
            f"{self.today} {'vence' if self.today == 1 else 'vencem'} hoje" if self.today else "",
            f"{self.soon} {'vence' if self.soon == 1 else 'vencem'} logo" if self.soon else "",
        ]
        return f"{self.branch}: {', '.join(part for part in parts if part)}."


def reminders_send() -> int:
    """Send today's reminders; return how many e-mails the server took.

    What nobody was told of is not marked, and whom the server refused is told of it all in the
    next run (``reminders_refused``). Otherwise repeating it sends nothing again. Where no SMTP
    server is set, or it cannot be reached, nothing is marked and the screens alone say it.
    """
    if not settings.EMAIL_HOST:
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        today = timezone.localdate()
        mails: dict[User, list[_Line]] = {}
        told: list[tuple[str, list[int], set[User]]] = []
        missed = set(
            ReminderRefusal.objects.filter(refused_on=today).values_list("user_id", flat=True)
        )
        for branch, limits in _limits(today).items():
            for mark, limit in limits.items():
                rows = RemovalDuty.objects.filter(branch=branch, ended_at=None, due_on__lt=limit)
                untold = rows.filter(Q(**{mark: None}) | Q(**{f"{mark}__lt": today}))
                everything, news = _line(branch, rows, today), _line(branch, untold, today)
                people = set(people_of(branch.pk, roles=_TO[mark]).exclude(email=""))
                for person in people:
                    line = everything if person.pk in missed else news
                    if line is not None:
                        mails.setdefault(person, []).append(line)
                told.append((mark, list(untold.values_list("pk", flat=True)), people))
        taken, refused = _send(mails)
        for mark, keys, people in told:
            if people & taken:
                RemovalDuty.objects.filter(pk__in=keys, ended_at=None).update(**{mark: today})
        if taken or refused:
            ReminderRefusal.objects.all().delete()
            # Also whom nobody came to, the server having gone meanwhile.
            ReminderRefusal.objects.bulk_create(
                ReminderRefusal(user=person, refused_on=today) for person in mails.keys() - taken
            )
    return len(taken)


def reminders_refused(branches: Iterable[Branch]) -> list[User]:
    """Who works in one of ``branches`` and was not reached today, by name."""
    missed = ReminderRefusal.objects.filter(refused_on=timezone.localdate()).values("user")
    people = User.objects.filter(pk__in=missed, is_active=True)
    here = Q(all_branches=True) | Q(branches__in=list(branches))
    return list(people.filter(here).distinct().order_by("name"))


def _alone() -> bool:
    """Whether no other worker sends them at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _limits(today: date) -> dict[Branch, dict[str, date]]:
    """Branch → mark → the first due day that is no reason to tell anybody yet."""
    waiting = RemovalDuty.objects.filter(ended_at=None).order_by().values("branch").distinct()
    branches = list(Branch.objects.filter(pk__in=waiting))
    off = days_off_by_branch(branches)
    return {
        branch: {
            "reminded_on": business_day_after(today, REMIND_DAYS + 1, off[branch.pk]),
            "escalated_on": business_day_after(today, ESCALATE_DAYS + 1, off[branch.pk]),
        }
        for branch in branches
        if is_business_day(today, off[branch.pk])
    }


def _line(branch: Branch, rows: QuerySet[RemovalDuty], today: date) -> _Line | None:
    counts = rows.aggregate(
        late=Count("pk", filter=Q(due_on__lt=today)),
        today=Count("pk", filter=Q(due_on=today)),
        soon=Count("pk", filter=Q(due_on__gt=today)),
    )
    return _Line(branch.name, **counts) if any(counts.values()) else None


def _send(mails: dict[User, list[_Line]]) -> tuple[set[User], set[User]]:
    """Whose e-mail the server took, and whose it refused; neither where it could not be reached."""
    taken: set[User] = set()
    refused: set[User] = set()
    if not mails:
        return taken, refused
    try:
        with get_connection() as server:
            for person, lines in mails.items():
                try:
                    _mail(person, lines, server).send()
                    taken.add(person)
                except SMTPServerDisconnected:
                    raise  # it is no answer about this person
                except SMTPException as error:
                    refused.add(person)
                    # The class alone: an answer of the server may hold an address.
                    logger.warning("no reminder to user %s: %s", person.pk, type(error).__name__)
    except (OSError, SMTPException) as error:
        logger.warning(
            "%s reminders were not sent: %s", len(mails) - len(taken), type(error).__name__
        )
    return taken, refused


def _mail(person: User, lines: list[_Line], server: BaseEmailBackend) -> EmailMessage:
    late = sum(line.late for line in lines)
    today = sum(line.today for line in lines)
    subject = (
        f"Régua: {_count(late, 'baixa atrasada', 'baixas atrasadas')}"
        if late
        else f"Régua: {_count(today, 'baixa vence hoje', 'baixas vencem hoje')}"
        if today
        else "Régua: baixas que vencem logo"
    )
    url = f"{settings.CONFIG.base_url}{reverse('restriction_overdue_removals')}"
    each = "\n".join(f"- {line}" for line in lines)
    body = (
        f"Olá, {person.name}.\n\n"
        "Estas negativações precisam sair do birô, e o prazo está acabando ou já acabou:\n\n"
        f"{each}\n\n"
        f"Veja quais são e peça as baixas em {url}\n\n"
        "Depois do pagamento, a lei dá cinco dias úteis (Súmula 548 do STJ). "
        "Este aviso sai uma vez por dia enquanto houver baixas assim.\n"
    )
    return EmailMessage(subject, body, to=[person.email], connection=server)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
