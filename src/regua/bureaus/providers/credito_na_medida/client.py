"""One integration's line to Crédito na Medida."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from regua.bureaus.connection import Connection
from regua.bureaus.contract import (
    BureauCode,
    InquiryPending,
    InquiryReport,
    InquiryRequest,
    ListingPage,
    ListingRecord,
    ListingRequest,
    Product,
    Removal,
    Submission,
)
from regua.bureaus.errors import BureauError, Misconfigured, NotFound, OutcomeUnknown, TryLater
from regua.bureaus.http import Answer, HttpClient, check_base_url
from regua.bureaus.oauth import ClientCredentialsAuth
from regua.bureaus.reading import MalformedAnswer

from . import payloads
from .failures import Action, failure_of

MAX_FOUND_PAGES = 20
"""One debtor and contract never fill this many pages; more means a bureau that goes in circles."""

_CATALOGUE = Action("a leitura das tabelas", "As tabelas ficaram como estavam.")
_INQUIRY = Action("a consulta", "Nada foi consultado nem cobrado.")
_INQUIRY_READING = Action("a leitura da consulta", "Nada mudou.", by_protocol=True)
_LISTING = Action("a negativação", "Nada foi registrado.")
_LISTING_READING = Action("a leitura da negativação", "Nada mudou.", by_protocol=True)
_LEDGER_READING = Action("a leitura das negativações", "Nada mudou.")
_REMOVAL = Action("a baixa", "A negativação continua como estava no birô.", by_protocol=True)

T = TypeVar("T")


class CreditoNaMedidaClient:
    """Speak the wire of ``payloads`` and raise nothing but ``BureauError``."""

    def __init__(self, connection: Connection) -> None:
        if not connection.client_id or not connection.client_secret:
            raise Misconfigured(
                "Faltam o client_id e o client_secret na integração. Nada foi enviado. "
                "Preencha os dois com o que o birô forneceu."
            )
        base_url = check_base_url(connection.base_url, allow_private=connection.allow_private)
        self._http = HttpClient(
            base_url=base_url,
            journal=connection.journal,
            timeout=connection.timeout,
            allow_private=connection.allow_private,
            auth=ClientCredentialsAuth(
                token_url=base_url + payloads.TOKEN,
                client_id=connection.client_id,
                client_secret=connection.client_secret,
                tokens=connection.tokens,
            ),
        )

    def __enter__(self) -> CreditoNaMedidaClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- catalogue ---

    def products(self) -> list[Product]:
        return self._get(payloads.PRODUCTS, payloads.read_products, _CATALOGUE)

    def restriction_codes(self) -> list[BureauCode]:
        return self._get(payloads.RESTRICTION_CODES, payloads.read_restriction_codes, _CATALOGUE)

    def removal_codes(self) -> list[BureauCode]:
        return self._get(payloads.REMOVAL_CODES, payloads.read_removal_codes, _CATALOGUE)

    # --- inquiries ---

    def inquire(
        self, request: InquiryRequest, *, idempotency_key: str
    ) -> InquiryReport | InquiryPending:
        answer = self._http.post(
            payloads.INQUIRIES,
            body=payloads.inquiry_body(request),
            headers={payloads.IDEMPOTENCY_KEY: idempotency_key},
        )
        if answer.status not in (200, 201, 202):
            raise failure_of(answer, _INQUIRY, personal=[request.document])
        result = _read(answer, payloads.read_inquiry)
        if isinstance(result, InquiryReport) and result.document != request.document.upper():
            raise answer.unreadable("é sobre outro documento")
        return result

    def inquiry(self, protocol: str) -> InquiryReport | InquiryPending:
        _check_protocol(protocol)
        answer = self._http.get(payloads.inquiry_path(protocol))
        if answer.status not in (200, 202):
            raise failure_of(answer, _INQUIRY_READING)
        return _same_protocol(answer, _read(answer, payloads.read_inquiry), protocol)

    def inquiry_pdf(self, protocol: str) -> bytes:
        _check_protocol(protocol)
        answer = self._http.get(payloads.inquiry_pdf_path(protocol), accept=payloads.PDF)
        if answer.status == 202:
            raise TryLater(
                "O relatório ainda não está pronto no birô. Nada mudou. "
                "Tente de novo em alguns instantes.",
                http_status=202,
                retry_after=answer.retry_after,
            )
        if answer.status != 200:
            raise failure_of(answer, _INQUIRY_READING)
        if not answer.content.startswith(b"%PDF-"):
            raise answer.unreadable("não é um PDF")
        return answer.content

    # --- listings ---

    def list_debt(self, request: ListingRequest, *, idempotency_key: str) -> Submission:
        answer = self._http.post(
            payloads.LISTINGS,
            body=payloads.listing_body(request),
            headers={payloads.IDEMPOTENCY_KEY: idempotency_key},
        )
        if answer.status in (200, 201, 202):
            return Submission(_read(answer, payloads.read_protocol), already_there=False)
        failure = payloads.Failure(answer.error_payload())
        if answer.status == 409 and failure.code == payloads.ALREADY_LISTED:
            if failure.protocol:
                return Submission(failure.protocol, already_there=True)
            raise OutcomeUnknown(
                "O birô diz que esta dívida já está negativada, mas não com qual protocolo. "
                "Nada foi registrado de novo. O protocolo será procurado no birô.",
                code=failure.code,
                http_status=409,
            )
        raise failure_of(answer, _LISTING, personal=_personal_data(request))

    def listing(self, protocol: str) -> ListingRecord:
        _check_protocol(protocol)
        answer = self._http.get(payloads.listing_path(protocol))
        if answer.status != 200:
            raise failure_of(answer, _LISTING_READING)
        return _same_protocol(answer, _read(answer, payloads.read_listing), protocol)

    def find_listings(self, *, document: str, contract: str) -> list[ListingRecord]:
        found: dict[str, ListingRecord] = {}
        cursor: str | None = None
        for _ in range(MAX_FOUND_PAGES):
            params = payloads.find_params(document=document, contract=contract, cursor=cursor)
            page = self._page(params, cursor=cursor)
            for record in page.items:
                # A bureau that overlooks the filter must not make us adopt a stranger's listing.
                if record.document == document.upper() and record.contract == contract:
                    _keep_newest(found, record)
            cursor = page.next_cursor
            if cursor is None:
                return list(found.values())
        raise TryLater(
            "O birô devolveu registros demais para um só contrato. Nada mudou. "
            "A busca será refeita mais tarde; se continuar, fale com o birô."
        )

    def changes(self, *, since: datetime | None, cursor: str | None, limit: int) -> ListingPage:
        params = payloads.changes_params(since=since, cursor=cursor, limit=limit)
        return self._page(params, cursor=cursor)

    def remove(
        self, protocol: str, *, removal_code: str, on: date, idempotency_key: str
    ) -> Removal:
        _check_protocol(protocol)
        answer = self._http.post(
            payloads.removal_path(protocol),
            body=payloads.removal_body(removal_code=removal_code, on=on),
            headers={payloads.IDEMPOTENCY_KEY: idempotency_key},
        )
        if answer.status in (200, 201, 202):
            taken = _read(answer, payloads.read_protocol)
            if taken != protocol:
                raise answer.unreadable("traz outro protocolo")
            return Removal(protocol, already_gone=False)
        failure = payloads.Failure(answer.error_payload())
        if answer.status == 409 and failure.code == payloads.NOTHING_TO_REMOVE:
            return Removal(protocol, already_gone=True)
        raise failure_of(answer, _REMOVAL)

    # --- shared ---

    def _get(self, path: str, read: Callable[[Any], T], action: Action) -> T:
        answer = self._http.get(path)
        if answer.status != 200:
            raise failure_of(answer, action)
        return _read(answer, read)

    def _page(self, params: Mapping[str, str], *, cursor: str | None) -> ListingPage:
        answer = self._http.get(payloads.LISTINGS, params=params)
        if answer.status != 200:
            raise failure_of(answer, _LEDGER_READING, personal=[params.get("documento", "")])
        page = _read(answer, payloads.read_listings)
        if cursor is not None and page.next_cursor == cursor:
            raise answer.unreadable("a página seguinte é ela mesma")
        return page


def _read(answer: Answer, read: Callable[[Any], T]) -> T:
    """Read a success; one that cannot be read leaves a POST's outcome unknown."""
    failure: BureauError
    try:
        return read(answer.payload())
    except MalformedAnswer as exc:
        failure = answer.unreadable(str(exc))
    raise failure


Protocolled = TypeVar("Protocolled", InquiryReport | InquiryPending, ListingRecord)


def _same_protocol(answer: Answer, result: Protocolled, protocol: str) -> Protocolled:
    if result.protocol != protocol:
        raise answer.unreadable("é sobre outro protocolo")
    return result


def _check_protocol(protocol: str) -> None:
    if not payloads.is_protocol(protocol):
        raise NotFound(
            "Este protocolo não tem o formato do birô. Nada foi enviado. "
            "Confira na conciliação o que o birô tem deste cliente."
        )


def _keep_newest(found: dict[str, ListingRecord], record: ListingRecord) -> None:
    known = found.get(record.protocol)
    if known is None or record.version >= known.version:
        found[record.protocol] = record


def _personal_data(request: ListingRequest) -> Iterable[str]:
    debtor = request.debtor
    return (
        debtor.document,
        debtor.name,
        debtor.email or "",
        debtor.mobile,
        debtor.address.postal_code,
        debtor.address.street,
    )
