"""What Régua asks of any billing system, in neutral words; a connector translates it.

Pure Python: no Django, no models. Rows are texts under the field names of ``imports.kinds``; dates
are ISO, money has a point and two places. A connector only reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What can be read, by the slugs of ``imports.kinds``; in the order in which it must come."""

    CUSTOMERS = "customers"
    CONTRACTS = "contracts"
    RECEIVABLES = "receivables"
    PROSPECTS = "prospects"
    LEADS = "leads"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One line of the connection's form; its value arrives in ``Account.settings``."""

    name: str
    label: str
    help: str = ""
    required: bool = True
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where to call and as whom."""

    base_url: str
    settings: Mapping[str, str] = field(repr=False)
    """By ``FormField.name``; secrets among it."""
    timeout: float = 60.0
    """Seconds to wait for an answer."""
    pause: float = 0.5
    """Seconds between two calls."""
    allow_private: bool = False
    """True where the installation permits a system inside its own network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows and where to go on after them."""

    columns: tuple[str, ...]
    """Field names of ``imports.kinds``; besides, ``prospect_external_id`` for leads and
    ``customer_external_id`` for prospects say what they became."""
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    cursor: str
    """Hand it to the next ``pull``, once the rows are safe. Opaque, at most 500 characters."""
    read: int
    """Lines that the system gave; some of them may be of no use here."""
    last: bool = False
    """Nothing follows for now: ``cursor`` begins the next pass, which asks for what changed."""


class Source(Protocol):
    """One account's open line. Raises ``errors.SourceError`` only. Not thread-safe."""

    def __enter__(self) -> Source: ...

    def __exit__(self, *exc: object) -> None: ...

    def check(self) -> None:
        """Try to read one line of all that is needed."""

    def pull(self, kind: Kind, cursor: str) -> Iterator[Page]:
        """The pages of one pass, from ``cursor`` on (``""``: from the very beginning).

        A page at a time is held. Rows may come again, in this pass or in the next: who stores them
        finds them by ``external_id``. The last page says so.
        """


class Connector(Protocol):
    """A plug-in: the object that an entry point of ``regua.connectors`` names."""

    slug: str
    name: str
    verified: bool
    """False until it has been tried against the real system."""
    address_help: str
    form_fields: tuple[FormField, ...]
    kinds: tuple[Kind, ...]

    def connect(self, account: Account) -> Source:
        """Raises ``Misconfigured`` where the address cannot be right; calls nobody."""
