"""Reminders and escalation through a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.test import Client, override_settings

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.restrictions import jobs
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.duties import duty_open
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.reminders import reminders_refused, reminders_send
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
LAST = date(2026, 11, 27)  # a Friday


class Inbox:
    """What the server took, and whether it takes anything."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, EmailMessage]] = []
        self.refusing: set[str] = set()
        self.leaves_after: int | None = None

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, _: Any
    ) -> str:
        if address in self.refusing:
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        if self.leaves_after is not None and len(self.taken) >= self.leaves_after:
            return "421 closing"
        self.taken += [(to, message) for to in envelope.rcpt_tos]
        return "250 OK"

    @property
    def to(self) -> list[str]:
        return sorted(to for to, _ in self.taken)

    def text(self, person: User) -> str:
        [message] = [message for to, message in self.taken if to == person.email]
        return f"{message['subject']}\n{message.get_content()}"


class Server(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    server = Server(box, hostname="127.0.0.1", port=0)
    server.start()
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=server.port,
        DEFAULT_FROM_EMAIL="regua@exemplo.test",
    ):
        yield box
    server.stop()


@pytest.fixture
def row(branch: Branch) -> Restriction:
    bare.integration(branch)
    return due(branch)


def due(branch: Branch, last: date = LAST) -> Restriction:
    customer = factories.customer(branch, name="Fulana Sigilosa")
    row = bare.listing(factories.receivable(customer))
    duty_open(row, cause=DutyCause.PAID, starts_on=date(2026, 11, 19), due_on=last)
    return row


def on(day: str, hour: int = 9) -> time_machine.travel:
    moment = datetime.fromisoformat(day).replace(hour=hour, tzinfo=SAO_PAULO)
    return time_machine.travel(moment, tick=False)


@pytest.mark.parametrize(
    ("day", "reminded", "escalated"),
    [
        ("2026-11-24", False, False),  # three business days left
        ("2026-11-25", True, False),
        ("2026-11-26", True, True),  # before the last day begins
        ("2026-11-27", True, True),
        ("2026-11-28", False, False),  # nobody reads on Saturday
        ("2026-11-30", True, True),
    ],
)
def test_who_is_told_when(
    inbox: Inbox,
    row: Restriction,
    operator: User,
    manager: User,
    administrator: User,
    attendant: User,
    outsider: User,
    day: str,
    reminded: bool,
    escalated: bool,
) -> None:
    with on(day):
        reminders_send()
        reminders_send()
    expected = [operator.email] * reminded + [manager.email, administrator.email] * escalated
    assert inbox.to == sorted(expected), "each once, however often it is repeated"
    duty = RemovalDuty.objects.get()
    today = date.fromisoformat(day)
    assert duty.reminded_on == (today if reminded else None)
    assert duty.escalated_on == (today if escalated else None)


def test_the_e_mail_counts_and_links_and_names_nobody(
    inbox: Inbox, row: Restriction, branch: Branch, operator: User, settings: Any
) -> None:
    due(branch, date(2026, 11, 26))
    due(branch, date(2026, 11, 25))
    with on("2026-11-26"):
        assert reminders_send() == 1
    text = inbox.text(operator)
    assert "Régua: 1 baixa atrasada" in text
    assert "- Centro: 1 atrasada, 1 vence hoje, 1 vence logo." in text
    assert f"{settings.CONFIG.base_url}/negativacoes/pagos/" in text
    assert "Fulana" not in text
    assert row.customer.document not in text


def test_again_the_next_day_until_it_is_off(inbox: Inbox, row: Restriction, operator: User) -> None:
    for day in ("2026-11-25", "2026-11-26"):
        with on(day):
            reminders_send()
    assert inbox.to == [operator.email] * 2
    Restriction.objects.filter(pk=row.pk).update(status=Status.REMOVED, removed_on=LAST)
    with on("2026-11-27"):
        assert reminders_send() == 0


def test_a_person_of_two_branches_gets_one(
    inbox: Inbox, row: Restriction, branch: Branch, other_branch: Branch
) -> None:
    bare.integration(other_branch)
    due(other_branch)
    both = factories.user(Role.COLLECTIONS, branch, other_branch)
    gone = factories.user(Role.COLLECTIONS, branch, is_active=False)
    with on("2026-11-26"):
        reminders_send()
    assert inbox.to == [both.email]
    assert "Centro" in inbox.text(both)
    assert "Litoral" in inbox.text(both)
    assert gone.email not in inbox.to


def test_without_a_server_nothing_is_sent_and_nothing_is_marked(
    row: Restriction, operator: User
) -> None:
    with on("2026-11-26"):
        assert reminders_send() == 0
    assert RemovalDuty.objects.get().reminded_on is None


def test_a_server_that_is_away_is_tried_again(
    inbox: Inbox, row: Restriction, operator: User
) -> None:
    with on("2026-11-26"):
        with override_settings(EMAIL_PORT=9):
            assert reminders_send() == 0
        assert RemovalDuty.objects.get().reminded_on is None
        assert reminders_send() == 1
    assert inbox.to == [operator.email]


def test_one_address_refused_does_not_stop_the_others_and_is_told_later_the_same_day(
    inbox: Inbox, row: Restriction, branch: Branch, operator: User
) -> None:
    other = factories.user(Role.COLLECTIONS, branch)
    inbox.refusing.add(operator.email)
    with on("2026-11-26"):
        assert reminders_send() == 1
        assert inbox.to == [other.email]
        assert reminders_refused([branch]) == [operator]
        assert RemovalDuty.objects.get().reminded_on is not None, "the other was reminded"

        due(branch)
        assert reminders_send() == 1
        assert inbox.to == [other.email] * 2, "of the new one"
        assert reminders_refused([branch]) == [operator]

        inbox.refusing.clear()
        assert reminders_send() == 1
        assert "- Centro: 2 vencem logo." in inbox.text(operator), "of all that it missed"
        assert reminders_refused([branch]) == []
        assert reminders_send() == 0
    assert len(inbox.taken) == 3


def test_what_nobody_was_reminded_of_is_not_marked(
    inbox: Inbox,
    row: Restriction,
    branch: Branch,
    other_branch: Branch,
    operator: User,
    manager: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox.refusing.add(operator.email)
    with on("2026-11-26"):
        assert reminders_send() == 1
        duty = RemovalDuty.objects.get()
        assert (duty.reminded_on, duty.escalated_on) == (None, date(2026, 11, 26))
        assert reminders_refused([branch]) == [operator]
        assert reminders_refused([other_branch]) == []
        inbox.refusing.clear()
        assert reminders_send() == 1
    duty.refresh_from_db()
    assert duty.reminded_on == date(2026, 11, 26)
    assert inbox.to == sorted([operator.email, manager.email])
    assert f"user {operator.pk}" in caplog.text
    assert operator.email not in caplog.text


def test_a_server_that_goes_away_half_way_is_asked_again_for_the_rest(
    inbox: Inbox, row: Restriction, branch: Branch, operator: User
) -> None:
    other = factories.user(Role.COLLECTIONS, branch)
    inbox.leaves_after = 1
    with on("2026-11-26"):
        assert reminders_send() == 1
        assert len(reminders_refused([branch])) == 1
        inbox.leaves_after = None
        assert reminders_send() == 1
        assert reminders_refused([branch]) == []
    assert inbox.to == sorted([operator.email, other.email])


def test_the_worklist_names_whom_the_reminder_did_not_reach(
    inbox: Inbox,
    row: Restriction,
    branch: Branch,
    operator: User,
    client: Client,
) -> None:
    inbox.refusing.add(operator.email)
    client.force_login(operator)
    with on("2026-11-26"):
        reminders_send()
        page = client.get("/negativacoes/pagos/").content.decode()
        assert "O lembrete de hoje não chegou a <strong>" + operator.name in page
        assert operator.email not in page.split("O lembrete de hoje")[1].split("</div>")[0]
    with on("2026-11-27"):
        page = client.get("/negativacoes/pagos/").content.decode()
    assert "O lembrete de hoje" not in page, "another day, another round"


@pytest.mark.parametrize(("hour", "sent"), [(7, 0), (8, 1), (17, 1), (18, 0)])
def test_only_in_the_hours_in_which_somebody_reads(
    inbox: Inbox, row: Restriction, operator: User, hour: int, sent: int
) -> None:
    with on("2026-11-26", hour):
        jobs.remind(timestamp=0)
    assert len(inbox.taken) == sent
