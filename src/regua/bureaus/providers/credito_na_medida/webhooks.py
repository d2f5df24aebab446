"""Verify what claims to come from the bureau before believing a word of it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from regua.bureaus.contract import WebhookEvent
from regua.bureaus.errors import BureauError, Misconfigured, Refused
from regua.bureaus.reading import MalformedAnswer

from . import payloads

REPLAY_WINDOW = timedelta(minutes=5)
"""How far from our clock a delivery may be signed, in either direction."""
MAX_BODY_BYTES = 256 * 1024


def read_webhook(
    *,
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    now: datetime,
    replay_window: timedelta = REPLAY_WINDOW,
) -> WebhookEvent:
    """Return the event of a delivery that is genuine, fresh and readable; or raise ``Refused``."""
    if not secret:
        raise Misconfigured(
            "Chegou um aviso do birô, mas a integração não tem o segredo dos avisos. "
            "O aviso foi ignorado. Preencha o segredo na integração."
        )
    if len(body) > MAX_BODY_BYTES:
        raise _refused("é grande demais")
    signature = payloads.read_signature(_header(headers, payloads.SIGNATURE))
    if signature is None:
        raise _refused("veio sem assinatura")
    moment, claimed = signature
    expected = payloads.sign(secret=secret, moment=moment, body=body)
    if not any(hmac.compare_digest(expected, candidate) for candidate in claimed):
        raise _refused("tem assinatura que não confere")
    if abs(now.timestamp() - moment) > replay_window.total_seconds():
        raise _refused("foi assinado há tempo demais")
    failure: BureauError
    try:
        return payloads.read_event(body)
    except MalformedAnswer as exc:
        failure = _refused(f"não pôde ser lido ({exc})")
    raise failure


def _header(headers: Mapping[str, str], name: str) -> str:
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _refused(problem: str) -> Refused:
    return Refused(
        f"Um aviso que diz vir do birô {problem}. Ele foi ignorado e nada mudou. "
        "Se continuar, confira o segredo dos avisos com o birô."
    )
