"""The connector for IXC Provedor; what it assumes is in ``README.md``."""

from __future__ import annotations

from regua.connectors.contract import Account, FormField, Kind, Source

from .source import IxcSource


class IxcConnector:
    slug = "ixc"
    name = "IXC Provedor"
    verified = False
    address_help = "O endereço com que vocês abrem o IXC. Ex.: https://ixc.seuprovedor.com.br"
    form_fields = (
        FormField(
            name="token",
            label="Token",
            help="O token de webservice gerado no IXC, como 12:9a8b7c… Ele só precisa de leitura. "
            "Libere lá o endereço IP deste servidor.",
            secret=True,
        ),
        FormField(
            name="filial",
            label="Filial no IXC",
            help="O ID da filial no IXC. Vazio, são lidas todas as filiais de lá.",
            required=False,
        ),
    )
    kinds = tuple(Kind)

    def connect(self, account: Account) -> Source:
        return IxcSource(account)


connector = IxcConnector()
