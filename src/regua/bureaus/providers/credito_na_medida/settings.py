"""What the application may know about this bureau before calling it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from regua.bureaus.contract import Capabilities, Environment, FormField

SLUG = "credito_na_medida"
NAME = "Crédito na Medida"
VERIFIED = False

CAPABILITIES = Capabilities(
    inquiry_pdf=True, change_feed=True, webhooks=True, find_by_debt=True, co_debtor=True
)

# No public address of this bureau is known, so none is suggested: the form asks for it.
DEFAULT_BASE_URL: Mapping[Environment, str] = MappingProxyType(
    {Environment.PRODUCTION: "", Environment.STAGING: ""}
)

FORM_FIELDS = (
    FormField(
        name="base_url",
        label="Endereço do birô",
        help="O endereço da API que o birô informou no contrato. Começa com https://",
    ),
    FormField(name="client_id", label="Client ID", help="Fornecido pelo birô."),
    FormField(
        name="client_secret",
        label="Client Secret",
        help="Fornecido pelo birô. Fica cifrado e não é mostrado de novo.",
        secret=True,
    ),
    FormField(
        name="webhook_secret",
        label="Segredo dos avisos",
        help="Só se o birô for avisar as mudanças; sem ele, a conciliação busca as mudanças.",
        required=False,
        secret=True,
    ),
)
