"""Messages through a real mail server and a real HTTP gateway, at most once each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.compliance.models import Evidence
from regua.dunning.choices import Channel, MessageStatus, TemplateKind
from regua.dunning.message_lines import Down
from regua.dunning.message_services import (
    gateway_save,
    message_resend,
    opt_out_set,
    template_save,
)
from regua.dunning.models import (
    DunningContact,
    DunningMessage,
    DunningPolicy,
    DunningStep,
    MessageGateway,
    MessageTemplate,
)
from regua.dunning.sending import (
    LEASE,
    RETRY,
    doubtful,
    messages_drain,
    sender_run,
    senders_ask,
)
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from tests import factories
from tests.dunning.mailbox import Mailbox, open_mailbox
from tests.processes.running import environment, eventually
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=SAO_PAULO)
GATEWAY_BODY = '{"para": "{{ para }}", "texto": "{{ texto }}", "id": "{{ id }}"}'


@pytest.fixture(autouse=True)
def working_hours() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(TUESDAY, tick=True) as clock:
        yield clock


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as box:
        yield box


def step(
    branch: Branch,
    *,
    kind: TemplateKind = TemplateKind.COLLECTION,
    channel: Channel = Channel.EMAIL,
    days: int = 5,
    body: str = "Olá, {{ primeiro_nome }}: {{ valor_aberto }}.",
) -> DunningStep:
    number = MessageTemplate.objects.count()
    template = MessageTemplate.objects.create(
        name=f"Texto {number}",
        channel=channel,
        kind=kind,
        subject="Fatura de {{ mes_referencia }}" if channel == Channel.EMAIL else "",
        body=body,
    )
    policy = DunningPolicy.objects.filter(branch=branch).first()
    policy = policy or DunningPolicy.objects.create(name="Régua", branch=branch)
    return DunningStep.objects.create(
        policy=policy,
        name="Cobrança",
        stage="AC",
        days=days,
        action="message",
        channel=channel,
        template=template,
    )


def debt(branch: Branch, **fields: Any) -> Receivable:
    days_overdue = fields.pop("days_overdue", 5)
    fields.setdefault("email", "maria@exemplo.test")
    return factories.receivable(factories.customer(branch, **fields), days_overdue=days_overdue)


def message(of: Receivable, by: DunningStep, **fields: Any) -> DunningMessage:
    assert by.template is not None
    return DunningMessage.objects.create(
        receivable=of,
        step=by,
        branch=of.branch,
        template=by.template,
        channel=by.channel,
        due_at=fields.pop("due_at", timezone.now()),
        **fields,
    )


def state(row: DunningMessage) -> tuple[str, bool]:
    row.refresh_from_db()
    return row.status, row.due_at is None


def test_what_leaves_is_what_is_kept(mailbox: Mailbox, branch: Branch) -> None:
    row = message(debt(branch), step(branch))
    assert messages_drain(Channel.EMAIL) == 1
    assert messages_drain(Channel.EMAIL) == 0
    [mail] = mailbox.taken
    row.refresh_from_db()
    assert (row.status, row.problem, row.recipient) == ("sent", "", "maria@exemplo.test")
    assert row.sent_at is not None
    assert mail["Subject"] == row.subject == "Fatura de novembro de 2026"
    assert mail.get_content().splitlines() == row.body.splitlines()
    assert mail["To"] == "maria@exemplo.test"
    assert mail["From"] == '"Provedor de Teste, filial Centro" <cobranca@exemplo.test>'
    assert mail["Message-ID"] == f"<mensagem-{row.pk}@exemplo.test>"
    assert mail["List-Unsubscribe"].strip(" <>") in row.body
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_many_use_one_connection(mailbox: Mailbox, branch: Branch) -> None:
    by = step(branch)
    for _ in range(20):
        message(debt(branch), by)
    assert messages_drain(Channel.EMAIL) == 20
    assert len(mailbox.connections) == 1


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("paid", "O título foi pago."),
        ("cancelled", "O título foi cancelado."),
        ("disputed", "O cliente contesta o título."),
        ("promised", "O cliente prometeu pagar, e o dia ainda não chegou."),
        ("opt_out", "O cliente não quer mensagens por este canal."),
        ("dunned", "O cliente está com Considera na cobrança automatizada em Não."),
        ("no_address", "Falta o e-mail do cliente."),
    ],
)
def test_what_happened_meanwhile_keeps_it_from_leaving(
    mailbox: Mailbox, branch: Branch, manager: User, operator: User, what: str, why: str
) -> None:
    of = debt(branch)
    row = message(of, step(branch))
    match what:
        case "paid":
            payment_record(
                receivable=of, actor=manager, amount=of.open_amount, paid_on=timezone.localdate()
            )
        case "cancelled":
            Receivable.objects.filter(pk=of.pk).update(status="cancelled")
        case "disputed":
            Receivable.objects.filter(pk=of.pk).update(disputed=True)
        case "promised":
            DunningContact.objects.create(
                customer=of.customer,
                kind="phone",
                result="promise",
                promised_on=timezone.localdate(),
                actor=operator,
            )
        case "opt_out":
            opt_out_set(customer=of.customer, channel=Channel.EMAIL, actor=operator)
        case "dunned":
            of.customer.dunned = False
            of.customer.save()
        case "no_address":
            of.customer.email = ""
            of.customer.save()
    assert messages_drain(Channel.EMAIL) == 0
    assert mailbox.taken == []
    assert state(row) == (MessageStatus.DROPPED, True)
    assert row.problem == f"{why} A mensagem não foi enviada."


def test_a_reminder_that_came_too_late_says_nothing_false(mailbox: Mailbox, branch: Branch) -> None:
    by = step(branch, kind=TemplateKind.REMINDER, days=0, body="Sua fatura vence hoje.")
    today, past = debt(branch, days_overdue=0), debt(branch, days_overdue=2)
    rows = [message(today, by), message(past, by)]
    assert messages_drain(Channel.EMAIL) == 1
    assert [state(row)[0] for row in rows] == ["sent", "dropped"]
    assert "venceu antes de a mensagem poder sair" in rows[1].problem


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-11-24 07:59", "2026-11-24 08:00"),
        ("2026-11-24 20:00", "2026-11-25 08:00"),
        ("2026-11-28 14:30", "2026-11-30 08:00"),  # Saturday afternoon
        ("2026-11-20 10:00", "2026-11-21 08:00"),  # a national holiday
    ],
)
def test_quiet_hours(
    mailbox: Mailbox,
    branch: Branch,
    working_hours: time_machine.Coordinates,
    now: str,
    leaves: str,
) -> None:
    working_hours.move_to(datetime.fromisoformat(now).replace(tzinfo=SAO_PAULO))
    by = step(branch)
    rows = [message(debt(branch), by) for _ in range(3)]
    assert messages_drain(Channel.EMAIL) == 0
    assert mailbox.taken == []
    opens = datetime.fromisoformat(leaves).replace(tzinfo=SAO_PAULO)
    for row in rows:
        assert state(row) == (MessageStatus.QUEUED, False)
        assert row.due_at == opens
    working_hours.move_to(opens)
    assert messages_drain(Channel.EMAIL) == 3


def test_a_branch_without_address_sends_nothing(mailbox: Mailbox) -> None:
    branch = factories.branch("Sem endereço")
    row = message(debt(branch), step(branch))
    assert messages_drain(Channel.EMAIL) == 0
    assert mailbox.taken == []
    assert state(row) == (MessageStatus.QUEUED, False)
    assert "endereço da filial" in row.problem


def test_a_mended_text_is_the_one_that_leaves(
    mailbox: Mailbox, branch: Branch, manager: User
) -> None:
    by = step(branch, body="Texto com êro.")
    row = message(debt(branch), by)
    assert by.template is not None
    mended = template_save(
        actor=manager,
        template=by.template,
        name="Outro nome",
        channel="sms",
        kind="notice",
        subject="Assunto",
        body="Texto sem erro.",
    )
    assert (mended.channel, mended.kind) == ("email", "collection")
    assert messages_drain(Channel.EMAIL) == 1
    assert mailbox.texts[0].startswith("Texto sem erro.")
    row.refresh_from_db()
    assert row.template == mended
    by.refresh_from_db()
    assert by.template == mended


# --- the mail server's answers -------------------------------------------------------------------


def test_a_refused_address_does_not_hold_up_the_others(mailbox: Mailbox, branch: Branch) -> None:
    by = step(branch)
    mailbox.answers["nao@exemplo.test"] = "550 unknown"
    mailbox.answers["depois@exemplo.test"] = "450 greylisted"
    no = message(debt(branch, email="nao@exemplo.test"), by)
    later = message(debt(branch, email="depois@exemplo.test"), by)
    yes = message(debt(branch), by)
    assert messages_drain(Channel.EMAIL) == 1
    assert state(no) == (MessageStatus.FAILED, True)
    assert no.problem == "O servidor de e-mail recusou o endereço do cliente (código 550)."
    assert state(later) == (MessageStatus.QUEUED, False)
    assert later.due_at is not None
    assert later.due_at > timezone.now() + RETRY / 2
    assert state(yes) == (MessageStatus.SENT, True)


def test_a_message_that_is_refused(mailbox: Mailbox, branch: Branch) -> None:
    row = message(debt(branch), step(branch))
    mailbox.to_data = ["554 spam"]
    assert messages_drain(Channel.EMAIL) == 0
    assert state(row) == (MessageStatus.FAILED, True)
    assert "recusou a mensagem (código 554)" in row.problem


def test_a_connection_that_breaks_leaves_a_doubt_and_no_second_message(
    mailbox: Mailbox, branch: Branch, operator: User
) -> None:
    row = message(debt(branch), step(branch))
    mailbox.breaks_off = True
    assert messages_drain(Channel.EMAIL) == 0
    mailbox.breaks_off = False
    assert messages_drain(Channel.EMAIL) == 0
    assert len(mailbox.taken) == 1, "it was not sent twice"
    assert state(row) == (MessageStatus.SENDING, False)
    assert "Não dá para saber se a mensagem saiu" in row.problem
    assert DunningMessage.objects.filter(doubtful()).get() == row

    again = message_resend(message=row, actor=operator)
    assert state(row) == (MessageStatus.DROPPED, True)
    assert f"{operator.name} mandou enviar de novo" in row.problem
    assert messages_drain(Channel.EMAIL) == 1
    assert state(again) == (MessageStatus.SENT, True)


def test_doubt_after_doubt_lets_the_others_wait(mailbox: Mailbox, branch: Branch) -> None:
    by = step(branch)
    for _ in range(5):
        message(debt(branch), by)
    mailbox.breaks_off = True
    with pytest.raises(Down):
        messages_drain(Channel.EMAIL)
    assert DunningMessage.objects.filter(doubtful()).count() == 3
    assert DunningMessage.objects.filter(status="queued").count() == 2


def test_a_server_that_is_away_is_tried_again(
    mailbox: Mailbox, branch: Branch, settings: Any
) -> None:
    row = message(debt(branch), step(branch))
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    with pytest.raises(Down):
        messages_drain(Channel.EMAIL)
    assert state(row) == (MessageStatus.QUEUED, False)
    settings.EMAIL_PORT = port
    assert messages_drain(Channel.EMAIL) == 1


# --- the notice ----------------------------------------------------------------------------------


def test_an_accepted_notice_is_evidence_on_its_debt(
    mailbox: Mailbox, branch: Branch, settings: Any
) -> None:
    of = debt(branch)
    row = message(of, step(branch, kind=TemplateKind.NOTICE))
    assert messages_drain(Channel.EMAIL) == 1
    proof = Evidence.objects.get()
    assert (proof.kind, proof.receivable, proof.contract) == ("overdue_notice", of, of.contract)
    assert (proof.dated_on, proof.uploaded_by) == (date(2026, 11, 24), None)
    assert (proof.content_type, proof.filename) == (
        "message/rfc822",
        f"aviso-de-cobranca-{row.pk}.eml",
    )
    [mail] = mailbox.taken
    kept = bytes(proof.content.data).decode()
    assert f"Message-ID: {mail['Message-ID']}" in kept
    assert f"Date: {mail['Date']}" in kept
    assert "cadastros de inadimplentes" in kept


def test_a_notice_that_was_refused_proves_nothing(mailbox: Mailbox, branch: Branch) -> None:
    mailbox.to_data = ["554 no"]
    message(debt(branch), step(branch, kind=TemplateKind.NOTICE))
    messages_drain(Channel.EMAIL)
    assert not Evidence.objects.exists()


def test_a_notice_before_the_debt_is_late_proves_nothing(mailbox: Mailbox, branch: Branch) -> None:
    message(debt(branch, days_overdue=0), step(branch, kind=TemplateKind.NOTICE))
    assert messages_drain(Channel.EMAIL) == 1
    assert not Evidence.objects.exists()


# --- SMS and WhatsApp ----------------------------------------------------------------------------


@pytest.fixture
def gateway(sandbox: Sandbox, branch: Branch, manager: User) -> MessageGateway:
    sandbox.control("DELETE", "/caixa")
    return gateway_save(
        actor=manager,
        channel=Channel.SMS,
        url=f"{sandbox.url}/v1/mensagens",
        body=GATEWAY_BODY,
        header_name="X-Chave",
        secret=sandbox.client_secret,
        cost=factories.Decimal("0.08"),
        active=True,
    )


def texts(sandbox: Sandbox) -> list[dict[str, str]]:
    found: list[dict[str, str]] = sandbox.control("GET", "/caixa")
    return found


def test_an_sms_with_its_secret(gateway: MessageGateway, sandbox: Sandbox, branch: Branch) -> None:
    assert sandbox.client_secret not in gateway.header_sealed
    of = debt(branch, name='Maria "Aspas" \\ Silva')
    row = message(
        of, step(branch, channel=Channel.SMS, kind=TemplateKind.NOTICE, body="{{ nome }}")
    )
    assert messages_drain(Channel.SMS) == 1
    [text] = texts(sandbox)
    row.refresh_from_db()
    assert text["to"] == f"55{of.customer.mobile}"
    assert text["text"] == row.body
    assert row.body.startswith('Maria "Aspas" \\ Silva\n')
    assert text["reference"] == f"mensagem-{row.pk}"
    proof = Evidence.objects.get()
    assert proof.content_type == "text/plain"
    assert row.body in bytes(proof.content.data).decode()


FAULTS = [
    ({"kind": "status", "status": 422}, "failed", 0),
    ({"kind": "status", "status": 500}, "doubtful", 0),
    ({"kind": "status", "status": 503}, "doubtful", 0),
    ({"kind": "lost_answer"}, "doubtful", 1),
    ({"kind": "drop"}, "doubtful", 0),
    ({"kind": "status", "status": 403}, "queued", 0),
    ({"kind": "status", "status": 429}, "queued", 0),
]


@pytest.mark.parametrize(("fault", "becomes", "arrived"), FAULTS)
def test_what_a_gateway_may_answer(
    gateway: MessageGateway,
    sandbox: Sandbox,
    branch: Branch,
    fault: dict[str, Any],
    becomes: str,
    arrived: int,
) -> None:
    row = message(debt(branch), step(branch, channel=Channel.SMS))
    sandbox.add_faults({"path": "/v1/mensagens", "method": "POST", **fault})
    if becomes == "queued":
        with pytest.raises(Down):
            messages_drain(Channel.SMS)
        gateway.refresh_from_db()
        assert "Nada foi enviado" in gateway.problem
    else:
        assert messages_drain(Channel.SMS) == 0
    sandbox.clear_faults()
    now, _ = state(row)
    assert now == {"doubtful": "sending"}.get(becomes, becomes)
    assert row.problem
    assert DunningMessage.objects.filter(doubtful()).exists() == (becomes == "doubtful")
    again = messages_drain(Channel.SMS)
    assert again == (becomes == "queued"), "only what surely did not leave is sent again"
    assert len(texts(sandbox)) == arrived + again
    gateway.refresh_from_db()
    assert gateway.problem == ""


def test_a_gateway_that_cannot_be_reached_is_tried_again(
    gateway: MessageGateway, sandbox: Sandbox, branch: Branch
) -> None:
    row = message(debt(branch), step(branch, channel=Channel.SMS))
    MessageGateway.objects.update(url="http://127.0.0.1:9/sms")
    with pytest.raises(Down):
        messages_drain(Channel.SMS)
    assert state(row) == (MessageStatus.QUEUED, False)
    MessageGateway.objects.update(url=f"{sandbox.url}/v1/mensagens")
    assert messages_drain(Channel.SMS) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.5/sms",
        "https://169.254.169.254/latest",
        "https://intranet/sms",
        "http://sms.exemplo.com.br/enviar",
        "https://u:s@sms.exemplo.com.br/",
        "ftp://sms.exemplo.com.br/",
        "https://2130706433/",
    ],
)
def test_the_internal_network_is_out_of_reach(
    gateway: MessageGateway, branch: Branch, manager: User, url: str
) -> None:
    with pytest.raises(Exception, match="Este endereço não pode ser usado"):
        gateway_save(
            actor=manager,
            channel=Channel.SMS,
            url=url,
            body=GATEWAY_BODY,
            header_name="",
            secret="",
            cost=factories.Decimal(0),
            active=True,
        )
    # Also where it came to be there by another way.
    MessageGateway.objects.update(url=url)
    row = message(debt(branch), step(branch, channel=Channel.SMS))
    with pytest.raises(Down):
        messages_drain(Channel.SMS)
    assert state(row) == (MessageStatus.QUEUED, False)


# --- workers -------------------------------------------------------------------------------------

SENDER = """
import sys, django
from datetime import datetime
django.setup()
import time_machine
from regua.dunning.sending import messages_drain
with time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=True):
    print(messages_drain("email"))
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_leaves_a_doubt_and_no_second_message(
    mailbox: Mailbox,
    branch: Branch,
    operator: User,
    working_hours: time_machine.Coordinates,
) -> None:
    by = step(branch)
    first, second = message(debt(branch), by), message(debt(branch), by)

    def sender() -> subprocess.Popen[str]:
        variables = environment(
            REGUA_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}",
            REGUA_MAIL_FROM="cobranca@exemplo.test",
            DJANGO_SETTINGS_MODULE="regua.project.settings",
        )
        return subprocess.Popen(
            [sys.executable, "-c", SENDER, timezone.now().isoformat()],
            env=variables,
            stdout=subprocess.PIPE,
            text=True,
        )

    mailbox.holds = True
    process = sender()
    try:
        assert mailbox.has_one.wait(60)
        first.refresh_from_db()
        assert first.status == MessageStatus.SENDING, "on disk before it left"
        assert first.body
    finally:
        process.kill()
        process.communicate()
    mailbox.holds = False

    process = sender()
    assert process.communicate(timeout=60)[0].strip() == "1"
    assert [mail["Message-ID"] for mail in mailbox.taken] == [
        f"<mensagem-{row.pk}@exemplo.test>" for row in (first, second)
    ]
    assert state(first) == (MessageStatus.SENDING, False)
    assert not DunningMessage.objects.filter(doubtful()).exists(), "it may still be on its way"
    working_hours.shift(LEASE + timedelta(seconds=1))
    assert DunningMessage.objects.filter(doubtful()).get() == first
    again = message_resend(message=first, actor=operator)
    assert messages_drain(Channel.EMAIL) == 1
    assert state(again) == (MessageStatus.SENT, True)


@pytest.mark.django_db(transaction=True)
def test_two_senders_share_and_send_each_once(mailbox: Mailbox, branch: Branch) -> None:
    import threading

    by = step(branch)
    for _ in range(30):
        message(debt(branch), by)
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(messages_drain(Channel.EMAIL))
        finally:
            connection.close()

    senders = [threading.Thread(target=work) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert sum(counts) == 30
    assert len({mail["Message-ID"] for mail in mailbox.taken}) == len(mailbox.taken) == 30


@pytest.mark.django_db(transaction=True)
def test_one_sender_is_asked_for_where_messages_may_leave(branch: Branch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    by = step(branch)
    message(debt(branch), by)
    message(
        debt(branch), step(branch, channel=Channel.SMS, days=6), due_at=TUESDAY.replace(year=2027)
    )
    for _ in range(3):
        senders_ask()
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args ->> 'channel' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("dunning.send", "email")]


def test_nothing_to_send_again(branch: Branch, operator: User, outsider: User) -> None:
    row = message(debt(branch), step(branch))
    with pytest.raises(Exception, match="Nada mudou"):
        message_resend(message=row, actor=operator)
    DunningMessage.objects.update(status="failed", due_at=None)
    with pytest.raises(Exception, match="filial"):
        message_resend(message=row, actor=outsider)
    message_resend(message=row, actor=operator)
    with pytest.raises(Exception, match="Nada mudou"):
        message_resend(message=row, actor=operator)
    assert eventually(DunningMessage.objects.filter(status="queued").count) == 1


@pytest.mark.django_db(transaction=True)
def test_a_channel_that_is_down_is_left_alone_for_a_minute(
    mailbox: Mailbox, branch: Branch, settings: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    settings.EMAIL_PORT = 9
    message(debt(branch), step(branch))
    senders_ask()  # as the dispatcher does while the sender works
    sender_run("email", should_stop=lambda: False)
    senders_ask()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scheduled_at > now() + interval '50 seconds' FROM procrastinate_jobs"
        )
        assert cursor.fetchall() == [(True,)]
