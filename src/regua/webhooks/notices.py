"""Telling the administrators by e-mail that an endpoint was disabled by itself."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.accounts.selectors import people_of
from regua.webhooks.choices import DisabledReason
from regua.webhooks.models import WebhookEndpoint

logger = logging.getLogger(__name__)


def notices_send() -> int:
    """Tell of each endpoint once; how many e-mails the server took.

    Where no server is set, or it took none, the next run tries again; the screens say it anyway.
    """
    if not settings.EMAIL_HOST:
        return 0
    taken = 0
    with transaction.atomic():
        untold = WebhookEndpoint.objects.select_for_update(skip_locked=True, no_key=True).filter(
            disabled_reason__in=[DisabledReason.GONE, DisabledReason.FAILING], noticed_at=None
        )
        for endpoint in untold:
            people = _people(endpoint)
            sent = sum(_send(endpoint, person) for person in people)
            if sent or not people:
                WebhookEndpoint.objects.filter(pk=endpoint.pk).update(noticed_at=timezone.now())
            taken += sent
    return taken


def _people(endpoint: WebhookEndpoint) -> list[User]:
    if endpoint.branch_id is not None:
        rows = people_of(endpoint.branch_id, roles=[Role.ADMINISTRATOR])
    else:
        rows = User.objects.filter(is_active=True, role=Role.ADMINISTRATOR, all_branches=True)
    return list(rows.exclude(email=""))


def _send(endpoint: WebhookEndpoint, person: User) -> bool:
    url = f"{settings.CONFIG.base_url}{reverse('webhook_detail', args=[endpoint.pk])}"
    why = (
        "O destino respondeu que não existe mais (código 410)."
        if endpoint.disabled_reason == DisabledReason.GONE
        else "Há dias nenhuma entrega dá certo, apesar das muitas tentativas."
    )
    body = (
        f"Olá, {person.name}.\n\n"
        f"A Régua desativou o webhook “{endpoint.name}”. {why}\n\n"
        "O que estava na fila continua guardado por 30 dias. O que acontecer enquanto ele estiver "
        "desativado não será enviado depois.\n\n"
        f"Veja o que o destino respondeu, corrija e ative de novo em {url}\n"
    )
    subject = f"Régua: o webhook “{endpoint.name}” foi desativado"
    try:
        with get_connection() as server:
            EmailMessage(subject, body, to=[person.email], connection=server).send()
    except (OSError, SMTPException) as error:
        # The class alone: an answer of the server may hold an address.
        logger.warning("no notice to user %s: %s", person.pk, type(error).__name__)
        return False
    return True
