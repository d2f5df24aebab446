"""*Testar conexão*: one sentence that says what keeps an integration from its bureau."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from regua.bureaus.errors import BureauError, Trouble
from regua.integrations.models import Integration
from regua.web import formats

CLOCK_TOLERANCE = 60.0
"""Seconds; beyond it signatures of webhooks look stale and tokens end at the wrong moment."""


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """What a test of the connection found; each text is one sentence, '' where there is nothing."""

    problem: str = ""
    warning: str = ""
    """What does not stop the calls but will make trouble: the clock."""
    products: int = 0


def problem_of(error: Exception, integration: Integration) -> str:
    """Say in one sentence what is wrong and what to do about it."""
    address = urlsplit(integration.base_url)
    match getattr(error, "trouble", None):
        case Trouble.CREDENTIALS:
            return (
                "O birô não aceitou as credenciais da integração: confira o Client ID, o Client "
                "Secret e o ambiente com o birô, grave e teste de novo."
            )
        case Trouble.CONTRACT:
            return (
                "As credenciais estão certas, mas o birô informa falta de saldo ou pendência no "
                "contrato: acerte com o birô e teste de novo."
            )
        case Trouble.UNKNOWN_HOST:
            return (
                f"O endereço {address.hostname} não foi encontrado na internet (DNS): confira se "
                "está escrito certo."
            )
        case Trouble.NOTHING_LISTENS:
            return (
                f"Nada atende em {address.netloc}, a conexão foi recusada: confira o endereço e a "
                "porta."
            )
        case Trouble.NO_TLS:
            return (
                f"Não houve conexão segura com {address.netloc}, porque o certificado não é "
                "confiável ou o servidor não usa TLS: confira o endereço ou fale com o birô."
            )
        case Trouble.NOT_A_BUREAU:
            return (
                f"Quem atende em {address.netloc} não responde como o birô: confira o endereço "
                "que consta no contrato."
            )
        case Trouble.PRIVATE_NETWORK:
            return (
                f"O endereço {address.hostname} leva à rede interna, o que esta instalação não "
                "permite: corrija-o ou fale com quem a administra."
            )
        case Trouble.TIMEOUT:
            return (
                f"O birô não respondeu em {settings.CONFIG.bureau_timeout:g} s: tente de novo em "
                "alguns minutos e, se continuar, confira o endereço ou fale com o birô."
            )
    said = error.message if isinstance(error, BureauError) else str(error)
    return said.partition(". ")[0].rstrip(".") + "."


def clock_warning(ahead: float | None) -> str:
    """Warn where the bureau's clock is ``ahead`` of ours by more than the tolerance (seconds)."""
    if ahead is None or abs(ahead) <= CLOCK_TOLERANCE:
        return ""
    minutes = round(abs(ahead) / 60)
    apart = "1 minuto" if minutes == 1 else f"{formats.number(minutes)} minutos"
    return (
        f"O relógio deste servidor está {apart} {'atrasado' if ahead > 0 else 'adiantado'} em "
        "relação ao do birô: acerte-o (NTP), senão os avisos do birô são recusados e o token vence "
        "na hora errada."
    )
