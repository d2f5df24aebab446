"""What people do about messages: texts, channels, sending again, who wants none."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.addresses import check_base_url
from regua.bureaus.errors import Misconfigured
from regua.dunning.choices import Channel, MessageStatus, TemplateKind
from regua.dunning.hours import leaves_at
from regua.dunning.message_lines import (
    GatewayLine,
    Letter,
    Line,
    MailLine,
    Outcome,
    check_gateway_body,
    check_header,
)
from regua.dunning.models import (
    DunningMessage,
    DunningStep,
    MessageGateway,
    MessageOptOut,
    MessageTemplate,
)
from regua.dunning.rendering import (
    check_text,
    creditor_name,
    invented_debt,
    opt_out_url,
    render,
)
from regua.dunning.sending import doubtful, sender_ask, sender_set
from regua.integrations.services import constraint_of
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.web import formats

NOBODY = 0
"""The customer of a test: its link says no to nothing."""


# --- texts ---------------------------------------------------------------------------------------


def template_save(
    *,
    actor: User,
    template: MessageTemplate | None = None,
    name: str,
    channel: str,
    kind: str,
    subject: str,
    body: str,
) -> MessageTemplate:
    """Write a new text, or another in the place of ``template``, whose steps then use it.

    Channel and purpose stay those of the replaced one. Raises ``ValidationError`` by field.
    """
    require(actor, Permission.MANAGE_DUNNING)
    if template is not None:
        channel, kind = template.channel, template.kind
    if channel != Channel.EMAIL:
        subject = ""
    fresh = MessageTemplate(
        name=name.strip(),
        channel=channel,
        kind=kind,
        subject=" ".join(subject.split()),
        body=body.replace("\r\n", "\n").strip(),
        created_by=actor,
    )
    _check(fresh)
    try:
        with transaction.atomic():
            return _replace(template, fresh) if template else _add(fresh)
    except IntegrityError as error:
        if constraint_of(error) != "message_template_once":
            raise
        raise ValidationError(
            {"name": f"Já existe uma mensagem com o nome “{fresh.name}”. Escolha outro."}
        ) from None


def _check(template: MessageTemplate) -> None:
    problems: dict[str, list[str]] = {}
    for field in ("subject", "body"):
        try:
            check_text(getattr(template, field))
        except ValidationError as error:
            problems[field] = error.messages
    if template.channel == Channel.EMAIL and not template.subject:
        problems["subject"] = ["Escreva o assunto do e-mail."]
    try:
        template.clean_fields(exclude=["created_by", "replaced_by"])
    except ValidationError as error:
        problems = error.message_dict | problems
    if problems:
        raise ValidationError(problems)


def _add(template: MessageTemplate) -> MessageTemplate:
    template.save()
    return template


def _replace(template: MessageTemplate, fresh: MessageTemplate) -> MessageTemplate:
    locked = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    if locked.replaced_by_id:
        raise ValidationError(
            "Outra pessoa mudou esta mensagem agora há pouco. Nada foi gravado. "
            "Volte à lista, abra a mensagem de novo e refaça a mudança."
        )
    if all(
        getattr(locked, field) == getattr(fresh, field) for field in ("name", "subject", "body")
    ):
        return locked
    # Both bear the same name for a moment; only one may without being replaced.
    fresh.replaced_by = locked
    fresh.save()
    locked.replaced_by = fresh
    locked.save(update_fields=["replaced_by"])
    fresh.replaced_by = None
    fresh.save(update_fields=["replaced_by"])
    DunningStep.objects.filter(template=locked).update(template=fresh)
    return fresh


def template_test(
    *, actor: User, branch: Branch, channel: str, kind: str, subject: str, body: str, to: str
) -> None:
    """Send a text, filled with invented data, to the person who writes it.

    ``to`` is a mobile number, for what is no e-mail. Raises ``ValidationError`` with a sentence
    where it did not leave.
    """
    require(actor, Permission.MANAGE_DUNNING)
    now = timezone.now()
    url = opt_out_url(NOBODY, channel)
    on = timezone.localdate(now)
    rendered = render(
        channel=channel,
        kind=kind,
        subject=subject,
        body=body,
        debt=invented_debt(branch, on=on),
        on=on,
        opt_out_url=url,
    )
    letter = Letter(
        reference=f"teste-{uuid.uuid4()}",
        channel=channel,
        to=to,
        sender=creditor_name(branch),
        subject=f"[Teste] {rendered.subject}",
        body=rendered.body,
        opt_out_url=url,
        at=now,
    )
    if channel == Channel.EMAIL:
        _try(MailLine(), letter)
        return
    gateway = MessageGateway.objects.filter(channel=channel, active=True).first()
    if gateway is None:
        raise ValidationError(
            f"Nenhum canal de {Channel(channel).label} está configurado. O teste não foi enviado. "
            "Configure em Parâmetros de cobrança > Canais."
        )
    _try(GatewayLine(gateway), letter)


def _try(line: Line, letter: Letter) -> None:
    try:
        with closing(line):
            line.open()
            line.send(letter)
    except Outcome as outcome:
        raise ValidationError(outcome.sentence) from None


# --- channels ------------------------------------------------------------------------------------


def gateway_save(
    *,
    actor: User,
    channel: str,
    url: str,
    body: str,
    header_name: str,
    secret: str,
    cost: Decimal,
    active: bool,
) -> MessageGateway:
    """Write a channel's gateway down; without ``secret`` the one there is stays.

    A secret is not taken along to another address: whoever changes that must know it. Raises
    ``ValidationError`` by field.
    """
    require(actor, Permission.MANAGE_DUNNING)
    with transaction.atomic():
        rows = MessageGateway.objects.select_for_update().order_by("-active", "-pk")
        gateway = rows.filter(channel=channel).first() or MessageGateway(channel=channel)
        moved = bool(gateway.pk) and gateway.url != url.strip()
        gateway.url, gateway.body = url.strip(), body.strip()
        gateway.header_name, gateway.cost, gateway.active = header_name.strip(), cost, active
        gateway.problem = ""
        _check_gateway(gateway, secret=secret, moved=moved)
        gateway.save()
        if not gateway.header_name:
            gateway.seal("")
        elif secret:
            gateway.seal(secret)
        gateway.save(update_fields=["header_sealed"])
        if active:
            # What waited for it has been mended.
            sender_set(channel)
    return gateway


def _check_gateway(gateway: MessageGateway, *, secret: str, moved: bool) -> None:
    problems: dict[str, list[str]] = {}
    try:
        check_base_url(gateway.url, allow_private=settings.CONFIG.allow_private_bureau)
    except Misconfigured:
        problems["url"] = [
            "Este endereço não pode ser usado. Ele precisa começar com https://, sem senha, sem ? "
            "nem #, e não pode apontar para a rede interna."
        ]
    checks = (("body", check_gateway_body), ("header_name", check_header))
    for field, check in checks:
        try:
            check(getattr(gateway, field))
        except ValidationError as error:
            problems[field] = error.messages
    if secret and not gateway.header_name:
        problems["header_name"] = ["Diga em que cabeçalho o segredo vai."]
    if secret and not (secret.isascii() and secret.isprintable()):
        problems["secret"] = ["O segredo tem um caractere que um cabeçalho não leva."]
    elif gateway.header_name and not secret and (moved or not gateway.header_sealed):
        problems["secret"] = [
            "O endereço mudou: escreva o segredo de novo, para que ele não vá a quem não o conhece."
            if moved
            else "Escreva o segredo que vai neste cabeçalho."
        ]
    try:
        gateway.clean_fields()
    except ValidationError as error:
        problems = error.message_dict | problems
    if problems:
        raise ValidationError(problems)


def channel_test(*, actor: User, branch: Branch, channel: str, to: str) -> None:
    """Send a short test by a channel as it is saved. Raises ``ValidationError`` as above."""
    template_test(
        actor=actor,
        branch=branch,
        channel=channel,
        kind=TemplateKind.REMINDER,
        subject="Mensagem de teste da Régua",
        body="Mensagem de teste da Régua: o canal funciona.",
        to=to,
    )


# --- messages ------------------------------------------------------------------------------------


def message_resend(*, message: DunningMessage, actor: User) -> DunningMessage:
    """Send once more what was not sent, or of which nobody knows.

    A new row goes on its way, the old one keeps what became of it and who asked. Raises
    ``ValidationError`` where there is nothing to repeat.
    """
    now = timezone.now()
    with transaction.atomic():
        old = _settle(message, actor, now, "mandou enviar de novo")
        fresh = DunningMessage.objects.create(
            receivable_id=old.receivable_id,
            step_id=old.step_id,
            branch_id=old.branch_id,
            template_id=old.template_id,
            channel=old.channel,
            due_at=leaves_at(old.branch, now=now),
        )
        sender_ask(old.channel)
    return fresh


def message_leave(*, message: DunningMessage, actor: User) -> None:
    """Decide that what was not sent, or is in doubt, is not sent again. Raises as above."""
    with transaction.atomic():
        _settle(message, actor, timezone.now(), "decidiu não enviar de novo")


def _settle(message: DunningMessage, actor: User, now: datetime, what: str) -> DunningMessage:
    """End a message that waits for a person; it keeps what became of it, and who decided."""
    require(actor, Permission.RUN_DUNNING, branch_id=message.branch_id)
    old = DunningMessage.objects.select_for_update().get(pk=message.pk)
    waits = Q(status=MessageStatus.FAILED) | doubtful(now)
    if not DunningMessage.objects.filter(waits, pk=old.pk).exists():
        raise ValidationError(
            "Esta mensagem já saiu, está na fila ou alguém já decidiu sobre ela. Nada mudou."
        )
    known = old.problem or "Não dá para saber se a mensagem saiu: o envio foi interrompido."
    DunningMessage.objects.filter(pk=old.pk).update(
        status=MessageStatus.DROPPED,
        due_at=None,
        problem=f"{known} {actor.name} {what} em {formats.instant(now)}.",
    )
    return old


def opt_out_set(*, customer: Customer, channel: str, actor: User) -> None:
    """Write down that a customer told us not to write by a channel; once is enough."""
    require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
    MessageOptOut.objects.get_or_create(
        customer=customer, channel=Channel(channel), defaults={"created_by": actor}
    )


def opt_out_clear(*, customer: Customer, channel: str, actor: User) -> None:
    """The customer wants messages by that channel again."""
    require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
    MessageOptOut.objects.filter(customer=customer, channel=Channel(channel)).delete()


def opt_out_by_customer(*, customer_id: int, channel: str) -> None:
    """The customer said so by the link in a message; also twice, also of nobody."""
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is not None:
        MessageOptOut.objects.get_or_create(customer=customer, channel=Channel(channel))
