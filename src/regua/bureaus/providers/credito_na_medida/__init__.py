"""Crédito na Medida, over an assumed contract: see README.md in this folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regua.bureaus.connection import Connection
from regua.bureaus.contract import BureauClient, Explanation, WebhookEvent

from . import settings
from .client import CreditoNaMedidaClient
from .codes import EXPLANATIONS
from .webhooks import read_webhook

__all__ = ["CreditoNaMedida", "provider"]


class CreditoNaMedida:
    slug = settings.SLUG
    name = settings.NAME
    verified = settings.VERIFIED
    capabilities = settings.CAPABILITIES
    default_base_url = settings.DEFAULT_BASE_URL
    form_fields = settings.FORM_FIELDS

    def connect(self, connection: Connection) -> BureauClient:
        return CreditoNaMedidaClient(connection)

    def explain(self, code: str) -> Explanation | None:
        return EXPLANATIONS.get(code)

    def read_webhook(
        self, *, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
    ) -> WebhookEvent:
        return read_webhook(headers=headers, body=body, secret=secret, now=now)


provider = CreditoNaMedida()
