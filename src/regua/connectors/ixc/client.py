"""The listing call of IXC Provedor's webservice, a page at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regua.bureaus.redact import redact_text
from regua.connectors.contract import Account
from regua.connectors.errors import Misconfigured
from regua.connectors.http import HttpClient, check_address, unreadable

PATH = "/webservice/v1"

Record = Mapping[str, str]
Filter = tuple[str, str, str]
"""Column, operator, value."""


@dataclass(frozen=True, slots=True)
class Listing:
    records: list[Record] = field(repr=False)
    last: bool
    """Nothing comes after these."""


class IxcClient:
    """One account's calls. Values come as texts, whatever the JSON had; null as ``""``."""

    def __init__(self, account: Account) -> None:
        address = account.base_url.strip().rstrip("/").removesuffix(PATH)
        base_url = check_address(address, allow_private=account.allow_private)
        token = account.settings.get("token", "").strip()
        if not token:
            raise Misconfigured("Falta o token do IXC. Nada foi lido.")
        self._http = HttpClient(
            account,
            base_url=base_url,
            headers={
                "Authorization": "Basic " + base64.b64encode(token.encode()).decode(),
                "ixcsoft": "listar",
            },
        )

    def close(self) -> None:
        self._http.close()

    def list(
        self,
        resource: str,
        *,
        after: int,
        size: int,
        filters: Sequence[Filter] = (),
        table: str = "",
    ) -> Listing:
        """The next ``size`` records with an id above ``after``, in the order of their ids.

        Always the first page of what is still to come: lines that are added, changed or deleted
        meanwhile shift nothing. ``table`` is what the columns belong to where it is not called as
        the resource is. Raises ``SourceError``.
        """
        table = table or resource
        body = {
            "qtype": f"{table}.id",
            "query": str(after),
            "oper": ">",
            "page": "1",
            "rp": str(size),
            "sortname": f"{table}.id",
            "sortorder": "asc",
        }
        if filters:
            body["grid_param"] = json.dumps(
                [{"TB": f"{table}.{name}", "OP": oper, "P": value} for name, oper, value in filters]
            )
        answer = self._http.post(f"{PATH}/{resource}", body)
        return _read(resource, answer, after=after)


def _read(resource: str, answer: Any, *, after: int) -> Listing:
    if not isinstance(answer, Mapping):
        raise unreadable("era esperado um objeto")
    if answer.get("type") == "error" or ("message" in answer and "registros" not in answer):
        # Errors come with the code 200, too.
        said = redact_text(str(answer.get("message", "")))[:200].strip() or "sem dizer por quê"
        raise Misconfigured(
            f"O IXC não deixou ler {resource}: {said} Confira as permissões do token."
        )
    total = _whole(answer.get("total"))
    found = answer.get("registros")
    if found is None and total == 0:
        found = []
    if not isinstance(found, list):
        raise unreadable(f"{resource} veio sem a lista de linhas")
    records: list[Record] = []
    for line in found:
        if not isinstance(line, Mapping):
            raise unreadable(f"uma linha de {resource} não é um objeto")
        record = {str(name): _text(value) for name, value in line.items()}
        number = _whole(record.get("id"))
        if number is None or number <= after:
            # Going on would mean to read the same lines for ever, or to leave some out.
            raise unreadable(f"as linhas de {resource} não vieram na ordem pedida")
        after = number
        records.append(record)
    return Listing(records, last=not records or (total is not None and total <= len(records)))


def _text(value: Any) -> str:
    if value is None or isinstance(value, Mapping | list):
        return ""
    return str(value).strip()


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
