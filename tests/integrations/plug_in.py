"""A second bureau, as a package of somebody else's would bring it: other fields, other address."""

from __future__ import annotations

from typing import Any

from regua.bureaus.connection import Connection
from regua.bureaus.contract import Capabilities, Environment, FormField, PersonKind, Product


class PlugInClient:
    """Shows as its one product what it was given to sign in with."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __enter__(self) -> PlugInClient:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def products(self) -> list[Product]:
        given = self.connection.settings
        name = f"{given['login']}/{given['senha']}@{self.connection.base_url}"
        return [Product(code="X", name=name, person_kind=PersonKind.ANY, price=1)]  # type: ignore[arg-type]

    def restriction_codes(self) -> list[Any]:
        return []

    def removal_codes(self) -> list[Any]:
        return []


class PlugIn:
    slug = "exemplo"
    name = "Birô Exemplo"
    verified = True
    capabilities = Capabilities()
    default_base_url = {
        Environment.PRODUCTION: "https://api.exemplo.test",
        Environment.STAGING: "https://homologa.exemplo.test",
    }
    form_fields = (
        FormField(name="base_url", label="Endereço"),
        FormField(name="login", label="Login do convênio"),
        FormField(name="senha", label="Senha do convênio", secret=True),
        FormField(name="contrato", label="Número do contrato", required=False),
    )

    def connect(self, connection: Connection) -> PlugInClient:
        return PlugInClient(connection)

    def explain(self, code: str) -> None:
        return None

    def read_webhook(self, **_: Any) -> Any:
        raise NotImplementedError


provider = PlugIn()
