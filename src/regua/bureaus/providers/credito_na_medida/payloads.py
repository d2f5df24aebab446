"""The wire of Crédito na Medida: every path, field name, code value and header it uses.

No public documentation of this bureau exists; the contract spoken here is assumed. The day a
customer hands over the real manual, this is the module that changes: the rest of the adapter asks
it to build and to read, and knows no name of the wire. The tables of meanings (which reason a
removal code stands for, what a refusal code and a field's name say) are in ``codes``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from regua.bureaus.contract import (
    Address,
    BureauCode,
    Debtor,
    EarlierInquiry,
    InquiryPending,
    InquiryReport,
    InquiryRequest,
    ListingPage,
    ListingRecord,
    ListingRequest,
    ListingStatus,
    Pending,
    PendingKind,
    PersonKind,
    Product,
    Score,
    WebhookEvent,
)
from regua.bureaus.reading import MalformedAnswer, Record, records

from .codes import BUREAU_ONLY_REMOVAL_CODES, REASON_OF_REMOVAL_CODE

# --- paths ---------------------------------------------------------------------------------------

TOKEN = "/oauth/token"  # noqa: S105
PRODUCTS = "/v1/produtos"
RESTRICTION_CODES = "/v1/codigos/restricao"
REMOVAL_CODES = "/v1/codigos/baixa"
INQUIRIES = "/v1/consultas"
LISTINGS = "/v1/negativacoes"

_PROTOCOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")


def inquiry_path(protocol: str) -> str:
    return f"{INQUIRIES}/{quote(protocol, safe='')}"


def inquiry_pdf_path(protocol: str) -> str:
    return f"{inquiry_path(protocol)}/pdf"


def listing_path(protocol: str) -> str:
    return f"{LISTINGS}/{quote(protocol, safe='')}"


def removal_path(protocol: str) -> str:
    return f"{listing_path(protocol)}/baixa"


def is_protocol(protocol: str) -> bool:
    """Tell whether this can be a protocol; anything else must not end up in a path."""
    return _PROTOCOL.fullmatch(protocol) is not None


# --- headers and code values ---------------------------------------------------------------------

IDEMPOTENCY_KEY = "Idempotency-Key"
SIGNATURE = "X-CNM-Assinatura"
PDF = "application/pdf"

ALREADY_LISTED = "059"
NOTHING_TO_REMOVE = "022"

_PROCESSING = "PROCESSANDO"
_LISTING_CHANGED = "negativacao.alterada"

_PERSON_KINDS = {"F": PersonKind.PERSON, "J": PersonKind.COMPANY, "A": PersonKind.ANY}
_PENDING_KINDS = {
    "PENDENCIA": PendingKind.DEBT,
    "PROTESTO": PendingKind.PROTEST,
    "CHEQUE": PendingKind.CHEQUE,
    "ACAO": PendingKind.LAWSUIT,
    "FALENCIA": PendingKind.BANKRUPTCY,
}
_STATUSES = {
    "RECEBIDA": ListingStatus.RECEIVED,
    "COMUNICADO_ENVIADO": ListingStatus.NOTIFIED,
    "ATIVA": ListingStatus.ACTIVE,
    "BAIXA_RECEBIDA": ListingStatus.REMOVAL_RECEIVED,
    "BAIXADA": ListingStatus.REMOVED,
    "REJEITADA": ListingStatus.REJECTED,
    "INDISPONIVEL": ListingStatus.UNAVAILABLE,
}

# --- what we send --------------------------------------------------------------------------------


def inquiry_body(request: InquiryRequest) -> dict[str, Any]:
    return {
        "documento": request.document.upper(),
        "produto": request.product,
        "referencia": request.reference,
    }


def listing_body(request: ListingRequest) -> dict[str, Any]:
    body = {
        "referencia": request.reference,
        "codigo_restricao": request.reason_code,
        "contrato": request.contract,
        "nosso_numero": request.our_number,
        "valor": _money(request.amount),
        "vencimento": request.due_date.isoformat(),
        "credor": {"documento": request.creditor_document.upper()},
        "devedor": _debtor(request.debtor),
    }
    if request.co_debtor is not None:
        body["coobrigado"] = _debtor(request.co_debtor)
    return body


def removal_body(*, removal_code: str, on: date) -> dict[str, Any]:
    return {"codigo_baixa": removal_code, "data": on.isoformat()}


def find_params(*, document: str, contract: str, cursor: str | None) -> dict[str, str]:
    params = {"documento": document.upper(), "contrato": contract}
    return params | ({"cursor": cursor} if cursor else {})


def changes_params(*, since: datetime | None, cursor: str | None, limit: int) -> dict[str, str]:
    params = {"limite": str(limit)}
    if since is not None:
        params["desde"] = since.astimezone(UTC).isoformat()
    if cursor:
        params["cursor"] = cursor
    return params


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _debtor(debtor: Debtor) -> dict[str, Any]:
    return {
        "documento": debtor.document.upper(),
        "nome": debtor.name,
        "sexo": debtor.sex,
        "nascimento": debtor.birth_date.isoformat() if debtor.birth_date else None,
        "celular": debtor.mobile,
        "email": debtor.email,
        "endereco": _address(debtor.address),
    }


def _address(address: Address) -> dict[str, str]:
    return {
        "cep": address.postal_code,
        "logradouro": address.street,
        "numero": address.number,
        "complemento": address.complement,
        "bairro": address.district,
        "cidade": address.city,
        "uf": address.state,
    }


# --- what we receive -----------------------------------------------------------------------------
# Every reader takes parsed JSON and raises MalformedAnswer where it is not what was agreed.


def read_products(payload: Any) -> list[Product]:
    return [
        Product(
            code=row.text("codigo"),
            name=row.text("nome"),
            person_kind=row.choice("tipo_pessoa", _PERSON_KINDS),
            price=row.money("preco"),
        )
        for row in records(payload)
    ]


def read_restriction_codes(payload: Any) -> list[BureauCode]:
    return [
        BureauCode(
            code=row.text("codigo"),
            description=row.text("descricao"),
            person_kind=row.choice("tipo_pessoa", _PERSON_KINDS),
        )
        for row in records(payload)
    ]


def read_removal_codes(payload: Any) -> list[BureauCode]:
    rows = [(row.text("codigo"), row.text("descricao")) for row in records(payload)]
    return [
        BureauCode(
            code=code,
            description=description,
            reason=REASON_OF_REMOVAL_CODE.get(code),
            bureau_only=code in BUREAU_ONLY_REMOVAL_CODES,
        )
        for code, description in rows
    ]


def read_protocol(payload: Any) -> str:
    """Read the protocol of a request that was taken."""
    return _protocol(Record(payload))


def read_inquiry(payload: Any) -> InquiryReport | InquiryPending:
    answer = Record(payload)
    protocol = _protocol(answer)
    if answer.optional_text("situacao") == _PROCESSING:
        return InquiryPending(protocol)
    score = answer.optional_record("score")
    return InquiryReport(
        protocol=protocol,
        document=answer.text("documento").upper(),
        product=answer.text("produto"),
        name=answer.optional_text("nome"),
        document_status=answer.optional_text("situacao_documento"),
        born_or_opened_on=answer.optional_day("nascimento") or answer.optional_day("abertura"),
        score=_read_score(score) if score else None,
        pendings=tuple(_read_pending(row) for row in answer.records("pendencias")),
        earlier_inquiries=tuple(
            EarlierInquiry(occurred_on=row.day("data"), segment=row.optional_text("segmento"))
            for row in answer.records("consultas_anteriores")
        ),
        pendings_total=answer.money("valor_total_pendencias"),
        generated_at=answer.instant("gerado_em"),
        raw=payload,
    )


def read_listing(payload: Any) -> ListingRecord:
    return _read_listing(Record(payload))


def read_listings(payload: Any) -> ListingPage:
    page = Record(payload)
    return ListingPage(
        items=tuple(_read_listing(row) for row in page.records("itens")),
        next_cursor=page.optional_text("proximo") or None,
    )


class Failure:
    """The body of an error answer; nothing in it is required, nothing in it is trusted."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.code = _code(payload.get("codigo"))
        self.message = _loose_text(payload.get("mensagem"))
        protocol = _loose_text(payload.get("protocolo"))
        self.protocol = protocol if is_protocol(protocol) else ""
        rows = payload.get("campos")
        self.fields = [
            (_field(row.get("campo")), _code(row.get("codigo")), _loose_text(row.get("mensagem")))
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, Mapping)
        ]


def _protocol(answer: Record) -> str:
    protocol = answer.text("protocolo")
    if not is_protocol(protocol):
        raise MalformedAnswer("o protocolo não é utilizável")
    return protocol


def _read_score(score: Record) -> Score:
    return Score(
        value=score.integer("valor", at_most=1000),
        band=score.text("faixa"),
        default_probability=score.optional_fraction("probabilidade_inadimplencia"),
    )


def _read_pending(row: Record) -> Pending:
    return Pending(
        kind=row.choice("tipo", _PENDING_KINDS, default=PendingKind.OTHER),
        creditor=row.optional_text("credor"),
        amount=row.money("valor"),
        occurred_on=row.optional_day("data"),
        contract=row.optional_text("contrato"),
        origin=row.optional_text("origem"),
    )


def _read_listing(row: Record) -> ListingRecord:
    return ListingRecord(
        protocol=_protocol(row),
        reference=row.optional_text("referencia"),
        document=row.text("documento").upper(),
        contract=row.text("contrato"),
        amount=row.money("valor"),
        due_date=row.day("vencimento"),
        # A state we have no word for tells us nothing: what was known stays.
        status=row.choice("situacao", _STATUSES, default=ListingStatus.UNAVAILABLE),
        code=row.optional_text("codigo"),
        message=row.optional_text("mensagem"),
        notified_on=row.optional_day("comunicado_em"),
        visible_on=row.optional_day("visivel_em"),
        removed_on=row.optional_day("baixada_em"),
        removal_code=row.optional_text("codigo_baixa"),
        version=row.integer("versao"),
        changed_at=row.instant("alterada_em"),
    )


def _loose_text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _code(value: Any) -> str:
    text = str(value) if isinstance(value, int) else _loose_text(value)
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,10}", text) else ""


def _field(value: Any) -> str:
    text = _loose_text(value)
    return text if re.fullmatch(r"[a-z_]{1,40}(\.[a-z_]{1,40}){0,4}", text) else ""


# --- webhooks ------------------------------------------------------------------------------------


def read_signature(header: str) -> tuple[int, list[str]] | None:
    """Read ``t=<unix>,v1=<hex>`` into its instant and signatures, or None."""
    moments = re.findall(r"(?:^|,)\s*t=([0-9]{1,12})\s*(?=,|$)", header)
    signatures = re.findall(r"(?:^|,)\s*v1=([0-9a-fA-F]{64})\s*(?=,|$)", header)
    if len(moments) != 1 or not signatures:
        return None
    return int(moments[0]), [signature.lower() for signature in signatures]


def sign(*, secret: str, moment: int, body: bytes) -> str:
    """Return the hex signature of a webhook delivered at ``moment``."""
    return hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def read_event(body: bytes) -> WebhookEvent:
    try:
        payload = json.loads(body.decode())
    except (ValueError, RecursionError):
        payload = None
    event = Record(payload, where="aviso")
    event.choice("tipo", {_LISTING_CHANGED: _LISTING_CHANGED})
    return WebhookEvent(
        event_id=event.text("evento_id"),
        occurred_at=event.instant("ocorrido_em"),
        listing=_read_listing(event.record("negativacao")),
    )
