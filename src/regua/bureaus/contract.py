"""What Régua asks of any bureau, in neutral words; an adapter translates it to one wire.

What it lends an adapter to do so is in ``connection``.

Pure Python: no Django, no models. Money is ``Decimal`` in BRL with two places, days are ``date`` in
the bureau's calendar (America/Sao_Paulo), instants are aware ``datetime``. Documents are bare and
upper-case: 11 digits for a CPF, 14 characters for a CNPJ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .connection import Connection


class PersonKind(StrEnum):
    """Whom a product or a code is for: natural person, legal person, or any."""

    PERSON = "F"
    COMPANY = "J"
    ANY = "A"


class Environment(StrEnum):
    PRODUCTION = "production"
    STAGING = "staging"


class ListingStatus(StrEnum):
    """Where a listing stands at the bureau, as the bureau tells it."""

    RECEIVED = "received"
    NOTIFIED = "notified"
    ACTIVE = "active"
    REMOVAL_RECEIVED = "removal_received"
    REMOVED = "removed"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


class PendingKind(StrEnum):
    DEBT = "debt"
    PROTEST = "protest"
    CHEQUE = "cheque"
    LAWSUIT = "lawsuit"
    BANKRUPTCY = "bankruptcy"
    OTHER = "other"
    """A kind we have no word for yet: a paid report is not thrown away because of one odd line."""


class NeutralReason(StrEnum):
    """Our own reasons for a removal; each provider maps its codes to them."""

    PAID = "paid"
    PARTIALLY_PAID = "partially_paid"
    RENEGOTIATED = "renegotiated"
    WRONGLY_LISTED = "wrongly_listed"
    COURT_ORDER = "court_order"
    CONTESTED = "contested"
    FRAUD = "fraud"
    DECEASED = "deceased"
    DATA_CORRECTION = "data_correction"
    FIVE_YEARS = "five_years"
    LETTER_RETURNED = "letter_returned"
    OWNERSHIP_CHANGE = "ownership_change"
    DEBT_CANCELLED = "debt_cancelled"


# --- catalogue -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    code: str
    name: str
    person_kind: PersonKind
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauCode:
    """A restriction (listing) or removal code of the bureau's own table."""

    code: str
    description: str
    person_kind: PersonKind = PersonKind.ANY
    reason: NeutralReason | None = None
    """The neutral reason this code stands for, where the provider knows; removal codes only."""
    bureau_only: bool = False
    """True for removal codes that only the bureau itself may use."""


# --- inquiry -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryRequest:
    document: str = field(repr=False)
    product: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    value: int
    """0 (worst) to 1000 (best)."""
    band: str
    """A (best) to E (worst)."""
    default_probability: Decimal | None
    """0 to 1: the bureau's estimate that the person defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    kind: PendingKind
    creditor: str
    amount: Decimal
    occurred_on: date | None
    contract: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierInquiry:
    occurred_on: date
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryReport:
    """The bureau's finished answer to one question about one document."""

    protocol: str
    document: str = field(repr=False)
    product: str
    name: str = field(repr=False)
    document_status: str
    born_or_opened_on: date | None = field(repr=False)
    score: Score | None
    pendings: tuple[Pending, ...] = field(repr=False)
    earlier_inquiries: tuple[EarlierInquiry, ...]
    pendings_total: Decimal
    generated_at: datetime
    raw: Mapping[str, Any] = field(repr=False)
    """The bureau's payload as received."""


@dataclass(frozen=True, slots=True)
class InquiryPending:
    """The bureau is still working; ask again for ``protocol``."""

    protocol: str


# --- listing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    postal_code: str
    """8 digits."""
    street: str
    number: str
    complement: str
    district: str
    city: str
    state: str
    """UF, two upper-case letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    document: str = field(repr=False)
    name: str = field(repr=False)
    sex: str | None = field(repr=False)
    """``F``, ``M`` or None (companies)."""
    birth_date: date | None = field(repr=False)
    mobile: str = field(repr=False)
    """Digits with area code, no country code."""
    email: str | None = field(repr=False)
    address: Address = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    reference: str
    """Our key; the bureau gives it back in every record."""
    reason_code: str
    contract: str
    our_number: str
    amount: Decimal
    due_date: date
    creditor_document: str
    debtor: Debtor = field(repr=False)
    co_debtor: Debtor | None = field(default=None, repr=False)
    """A second person who answers for the debt; only where ``Capabilities.co_debtor``."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The bureau took the listing or already had it (``already_there``). Taken is not accepted."""

    protocol: str
    already_there: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """The bureau took the removal, or had nothing left to remove (``already_gone``)."""

    protocol: str
    already_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRecord:
    """One line of the bureau's ledger."""

    protocol: str
    reference: str
    document: str = field(repr=False)
    contract: str
    amount: Decimal
    due_date: date
    status: ListingStatus
    code: str
    message: str
    notified_on: date | None
    visible_on: date | None
    removed_on: date | None
    removal_code: str
    version: int
    """Grows at every change; an older version never replaces a newer one."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ListingPage:
    items: tuple[ListingRecord, ...]
    next_cursor: str | None


# --- what an adapter is --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    inquiry_pdf: bool = False
    change_feed: bool = False
    webhooks: bool = False
    find_by_debt: bool = False
    calls_per_second: int = 10
    """How often the bureau may be called where its contract says nothing else, 1 to 1000."""
    co_debtor: bool = False
    """A listing may name a second person who answers for the debt."""
    typed_by_product: bool = False
    """A report asks for its inquiries by product, not by kind of person."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the bureau refused (continues "O birô recusou …: ") and what a person can do."""

    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One line of the integration's form.

    ``base_url``, ``client_id``, ``client_secret`` and ``webhook_secret`` become those attributes of
    ``Connection``; any other ``name`` arrives in ``Connection.settings``.
    """

    name: str
    label: str
    help: str = ""
    required: bool = True
    secret: bool = False


class BureauClient(Protocol):
    """One integration's open line to its bureau. Raises ``errors.BureauError`` only.

    Not thread-safe; use it as a context manager so that its connections are closed.
    """

    def __enter__(self) -> BureauClient: ...

    def __exit__(self, *exc: object) -> None: ...

    def products(self) -> list[Product]: ...

    def restriction_codes(self) -> list[BureauCode]: ...

    def removal_codes(self) -> list[BureauCode]: ...

    def inquire(
        self, request: InquiryRequest, *, idempotency_key: str
    ) -> InquiryReport | InquiryPending:
        """Ask (and pay for) a report. Repeating with the same key never asks twice."""

    def inquiry(self, protocol: str) -> InquiryReport | InquiryPending: ...

    def inquiry_pdf(self, protocol: str) -> bytes: ...

    def list_debt(self, request: ListingRequest, *, idempotency_key: str) -> Submission:
        """Send a debt to be listed; "already listed" is a success with ``already_there``."""

    def listing(self, protocol: str) -> ListingRecord: ...

    def find_listings(self, *, document: str, contract: str) -> list[ListingRecord]:
        """Every record of that debtor and contract, to settle an unknown outcome."""

    def changes(self, *, since: datetime | None, cursor: str | None, limit: int) -> ListingPage:
        """One page of the records changed at or after ``since``, oldest change first.

        Pages may be short and rows may repeat; ``next_cursor`` None ends it.
        """

    def remove(
        self, protocol: str, *, removal_code: str, on: date, idempotency_key: str
    ) -> Removal:
        """Ask for the removal; "nothing to remove" is a success with ``already_gone``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    event_id: str
    occurred_at: datetime
    listing: ListingRecord


class Provider(Protocol):
    """A bureau's adapter, found through the entry point group ``regua.bureaus``."""

    slug: str
    name: str
    verified: bool
    """False until somebody has run it against the real service."""
    capabilities: Capabilities
    default_base_url: Mapping[Environment, str]
    form_fields: tuple[FormField, ...]

    def connect(self, connection: Connection) -> BureauClient: ...

    def explain(self, code: str) -> Explanation | None:
        """What a refusal code of this bureau means, None where it is not known."""

    def read_webhook(
        self, *, headers: Mapping[str, str], body: bytes, secret: str, now: datetime
    ) -> WebhookEvent:
        """Verify and read a delivered webhook.

        Raises ``Refused`` on a bad or stale signature and on a body that cannot be read, and
        ``Misconfigured`` where there is no secret to check against.
        """
