"""Passes over IXC's tables: all of one first, then what changed since, in pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from regua.connectors.contract import Account, Kind, Page

from . import mapping
from .client import Filter, IxcClient, Record

PAGE_SIZE = 200
OVERLAP = timedelta(hours=3)
"""Read again: clocks differ, and so does the time zone of a server in Manaus or Rio Branco."""
DAYS_BACK = timedelta(days=7)
"""The same for columns that are days: a payment is often entered days after it was made."""
WHOLE_AGAIN = timedelta(days=7)
"""So often what may still change is read anew, for whatever the filters leave out."""
_ZONE = ZoneInfo("America/Sao_Paulo")

Places = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Table:
    resource: str
    columns: tuple[str, ...]
    row: Callable[..., tuple[str, ...] | None]
    branch: str
    """The column of the branch."""
    sweeps: tuple[str, ...]
    """Columns that tell of a change; each is asked for by itself."""
    again: tuple[Filter, ...] = ()
    """What is read anew every so often; empty: everything."""
    table: str = ""
    places: bool = False


_TABLES = {
    Kind.CUSTOMERS: _Table(
        "cliente",
        mapping.CUSTOMER,
        mapping.customer,
        "filial_id",
        ("ultima_atualizacao",),
        places=True,
    ),
    Kind.CONTRACTS: _Table(
        "cliente_contrato",
        mapping.CONTRACT,
        mapping.contract,
        "id_filial",
        ("ultima_atualizacao",),
    ),
    Kind.RECEIVABLES: _Table(
        "fn_areceber",
        mapping.RECEIVABLE,
        mapping.receivable,
        "filial_id",
        # Some installations are said not to filter by the first: the days make up for it.
        ("ultima_atualizacao", "data_emissao", "pagamento_data", "data_cancelamento"),
        # Years of bills that were paid long ago are not worth the calls.
        again=(("status", "=", "A"), ("status", "=", "P")),
    ),
    Kind.PROSPECTS: _Table(
        "crm_canditados",  # as IXC spells it
        mapping.PROSPECT,
        mapping.prospect,
        "filial_id",
        ("ultima_atualizacao",),
        table="cliente",
        places=True,
    ),
    Kind.LEADS: _Table(
        "contato",
        mapping.LEAD,
        mapping.lead,
        "id_filial",
        ("ultima_atualizacao",),
        places=True,
    ),
}


@dataclass(frozen=True, slots=True)
class _Cursor:
    since: str = ""
    """What changed from here on is asked for; empty: everything."""
    whole: str = ""
    """When the last reading of everything that may change began."""
    again: bool = False
    """This pass is such a reading."""
    began: str = ""
    """When this pass began; empty between passes."""
    sweep: int = 0
    after: int = 0

    @classmethod
    def load(cls, text: str) -> _Cursor:
        return cls(**json.loads(text)) if text else cls()

    def dump(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


class IxcSource:
    """One account's open line; see ``contract.Source``."""

    def __init__(self, account: Account) -> None:
        self._client = IxcClient(account)
        self._branch = account.settings.get("filial", "").strip()
        self._places: Places | None = None

    def __enter__(self) -> IxcSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def check(self) -> None:
        for known in _TABLES.values():
            self._client.list(known.resource, table=known.table, after=0, size=1)
        for resource in ("cidade", "uf"):
            self._client.list(resource, after=0, size=1)

    def pull(self, kind: Kind, cursor: str) -> Iterator[Page]:
        """See ``contract.Source``."""
        table = _TABLES[kind]
        at = _begun(_Cursor.load(cursor))
        row = partial(table.row, places=self._read_places()) if table.places else table.row
        sweeps = _sweeps(table, at)
        while True:
            found = self._client.list(
                table.resource,
                table=table.table,
                after=at.after,
                size=PAGE_SIZE,
                filters=[*sweeps[at.sweep], *self._branch_filter(table)],
            )
            rows = tuple(mapped for record in found.records if (mapped := row(record)))
            read = len(found.records)
            if not found.last:
                at = replace(at, after=int(found.records[-1]["id"]))
            elif at.sweep + 1 < len(sweeps):
                at = replace(at, after=0, sweep=at.sweep + 1)
            else:
                yield Page(
                    columns=table.columns, rows=rows, read=read, cursor=_ended(at).dump(), last=True
                )
                return
            yield Page(columns=table.columns, rows=rows, read=read, cursor=at.dump())

    def _branch_filter(self, table: _Table) -> list[Filter]:
        return [(table.branch, "=", self._branch)] if self._branch else []

    def _read_places(self) -> Places:
        """City id → its name and state; read once, there are under six thousand."""
        if self._places is None:
            states = {line["id"]: line.get("sigla", "") for line in self._everything("uf")}
            self._places = {
                line["id"]: (line.get("nome", ""), states.get(line.get("uf", ""), ""))
                for line in self._everything("cidade")
            }
        return self._places

    def _everything(self, resource: str) -> Iterator[Record]:
        after = 0
        while True:
            found = self._client.list(resource, after=after, size=1000)
            yield from found.records
            if found.last:
                return
            after = int(found.records[-1]["id"])


def _begun(at: _Cursor) -> _Cursor:
    if at.began:
        return at  # goes on where it was left
    now = datetime.now(_ZONE).replace(tzinfo=None, microsecond=0)
    again = bool(at.whole) and now - datetime.fromisoformat(at.whole) > WHOLE_AGAIN
    whole = at.whole if at.whole and not again else now.isoformat()
    return replace(at, began=now.isoformat(), whole=whole, again=again, sweep=0, after=0)


def _ended(at: _Cursor) -> _Cursor:
    since = datetime.fromisoformat(at.began) - OVERLAP
    return _Cursor(since=since.isoformat(), whole=at.whole)


def _sweeps(table: _Table, at: _Cursor) -> list[list[Filter]]:
    """The conditions of each sweep of this pass."""
    if not at.since or (at.again and not table.again):
        return [[]]
    since = datetime.fromisoformat(at.since)
    days = (since - DAYS_BACK).strftime("%Y-%m-%d")
    changed: list[Filter] = [
        (name, ">=", f"{since:%Y-%m-%d %H:%M:%S}" if name == "ultima_atualizacao" else days)
        for name in table.sweeps
    ]
    return [[condition] for condition in (*(table.again if at.again else ()), *changed)]
