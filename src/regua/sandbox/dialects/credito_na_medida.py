"""Routes and JSON of the "Crédito na Medida" wire contract, over the engine."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote

from aiohttp import web

from regua.sandbox.catalogue import (
    PRODUCTS,
    REMOVAL_CODES,
    RESTRICTION_CODES,
    Product,
    ReasonCode,
)
from regua.sandbox.clock import to_microseconds
from regua.sandbox.engine import Bureau
from regua.sandbox.pdf import one_page
from regua.sandbox.refusals import Kind, Refusal, malformed
from regua.sandbox.store import Row

Line = TypeVar("Line", Product, ReasonCode)
PAGE_SIZE = 100
LARGEST_PAGE = 500
STATUS = {
    Kind.MALFORMED: 400,
    Kind.UNKNOWN_CALLER: 401,
    Kind.NO_BALANCE: 402,
    Kind.NOT_CONTRACTED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.INVALID: 422,
}
FINAL = (Kind.CONFLICT, Kind.INVALID)
"""Refusals that a repeated Idempotency-Key gets again; the others may pass and then succeed."""


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    body: dict[str, Any] = {"codigo": refusal.code, "mensagem": refusal.message, **refusal.details}
    if refusal.kind is Kind.INVALID:
        body["campos"] = [
            {"campo": problem.field, "codigo": problem.code, "mensagem": problem.message}
            for problem in refusal.problems
        ]
    return body


def answer(status: int, body: Any) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.json_response(text=text, status=status)


def refusal_answer(refusal: Refusal) -> web.Response:
    response = answer(STATUS[refusal.kind], refusal_body(refusal))
    if refusal.kind is Kind.UNKNOWN_CALLER:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


class Dialect:
    """The handlers of one bureau."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    def routes(self) -> list[web.RouteDef]:
        listing = "/v1/negativacoes/{protocolo}"
        inquiry = "/v1/consultas/{protocolo}"
        return [
            web.post("/oauth/token", self.issue_token),
            web.get("/v1/produtos", self.products),
            web.get("/v1/codigos/restricao", self.restriction_codes),
            web.get("/v1/codigos/baixa", self.removal_codes),
            web.post("/v1/consultas", self.ask),
            web.get(inquiry, self.inquiry),
            web.get(f"{inquiry}/pdf", self.inquiry_pdf),
            web.post("/v1/negativacoes", self.list_debt),
            web.get("/v1/negativacoes", self.changes),
            web.get(listing, self.listing),
            web.post(f"{listing}/baixa", self.remove),
        ]

    # Auth

    async def issue_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        client_id, client_secret = _basic_credentials(request)
        if form.get("grant_type") != "client_credentials":
            raise malformed("GRANT", "grant_type deve ser client_credentials.")
        token = self._bureau.accounts.issue_token(client_id, client_secret)
        response = answer(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": math.ceil(self._bureau.config.token_seconds),
            },
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def _account(self, request: web.Request) -> Row:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(Kind.UNKNOWN_CALLER, "AUTH", "Token não informado.")
        return self._bureau.accounts.of_token(token.strip())

    # Catalogue

    async def products(self, request: web.Request) -> web.Response:
        self._account(request)
        return answer(
            200,
            [
                {
                    "codigo": product.code,
                    "nome": product.name,
                    "tipo_pessoa": product.person,
                    "preco": product.price,
                    "moeda": "BRL",
                }
                for product in self._listed(PRODUCTS)
            ],
        )

    async def restriction_codes(self, request: web.Request) -> web.Response:
        self._account(request)
        return answer(
            200,
            [
                {"codigo": code.code, "descricao": code.description, "tipo_pessoa": code.person}
                for code in self._listed(RESTRICTION_CODES)
            ],
        )

    async def removal_codes(self, request: web.Request) -> web.Response:
        self._account(request)
        return answer(
            200,
            [
                {
                    "codigo": code.code,
                    "descricao": code.description,
                    "uso": "BIRO" if code.bureau_only else "CREDOR",
                }
                for code in self._listed(REMOVAL_CODES)
            ],
        )

    def _listed(self, table: Mapping[str, Line]) -> list[Line]:
        return [line for code, line in table.items() if code not in self._bureau.withdrawn]

    # Inquiries

    async def ask(self, request: web.Request) -> web.Response:
        account = self._account(request)
        body = await _json_object(request)

        def work() -> tuple[int, Any]:
            protocol, report = self._bureau.inquiries.ask(account, body)
            return (202, _processing(protocol)) if report is None else (200, report)

        return self._once(request, account, body, work)

    async def inquiry(self, request: web.Request) -> web.Response:
        protocol = request.match_info["protocolo"]
        report = self._bureau.inquiries.report(self._account(request), protocol)
        return answer(202, _processing(protocol)) if report is None else answer(200, report)

    async def inquiry_pdf(self, request: web.Request) -> web.Response:
        protocol = request.match_info["protocolo"]
        report = self._bureau.inquiries.report(self._account(request), protocol)
        if report is None:
            return answer(202, _processing(protocol))
        return web.Response(body=one_page(_printed(report)), content_type="application/pdf")

    # Listings

    async def list_debt(self, request: web.Request) -> web.Response:
        account = self._account(request)
        body = await _json_object(request)

        def work() -> tuple[int, Any]:
            protocol = self._bureau.listings.receive(account, body)
            return 202, {"protocolo": protocol, "situacao": "RECEBIDA"}

        return self._once(request, account, body, work)

    async def listing(self, request: web.Request) -> web.Response:
        account = self._account(request)
        return answer(200, self._bureau.listings.find(account, request.match_info["protocolo"]))

    async def remove(self, request: web.Request) -> web.Response:
        account = self._account(request)
        body = await _json_object(request)
        protocol = request.match_info["protocolo"]

        def work() -> tuple[int, Any]:
            situation = self._bureau.listings.remove(account, protocol, body)
            return 202, {"protocolo": protocol, "situacao": situation}

        return self._once(request, account, body, work)

    async def changes(self, request: web.Request) -> web.Response:
        account = self._account(request)
        query = request.query
        items, following = self._bureau.listings.changes(
            account,
            since_us=_moment(query.get("desde") or ""),
            after=_position(query.get("cursor") or ""),
            limit=_limit(query.get("limite") or ""),
            document=query.get("documento"),
            contract=query.get("contrato"),
        )
        return answer(
            200, {"itens": items, "proximo": following and _cursor(following), "fonte": "sandbox"}
        )

    def _once(
        self,
        request: web.Request,
        account: Row,
        body: dict[str, Any],
        work: Callable[[], tuple[int, Any]],
    ) -> web.Response:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not (key.isascii() and key.isprintable() and 0 < len(key) <= 200):
            raise malformed("IDEMPOTENCIA", "Idempotency-Key é obrigatória.")

        def final_answer() -> tuple[int, Any]:
            try:
                return work()
            except Refusal as refusal:
                if refusal.kind not in FINAL:
                    raise
                return STATUS[refusal.kind], refusal_body(refusal)

        asked = [request.method, request.path, body]
        (status, content), repeated = self._bureau.once(
            account["client_id"], key, asked, final_answer
        )
        response = answer(status, content)
        if repeated:
            response.headers["Idempotency-Replayed"] = "true"
        return response


def _basic_credentials(request: web.Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        if not colon:
            raise ValueError
    except (ValueError, binascii.Error):
        raise Refusal(Kind.UNKNOWN_CALLER, "AUTH", "Credenciais não informadas.") from None
    return unquote(client_id), unquote(secret)


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise malformed("JSON", "O corpo não é JSON em UTF-8.") from None
    if not isinstance(body, dict):
        raise malformed("JSON", "O corpo deve ser um objeto JSON.")
    return body


def _processing(protocol: str) -> dict[str, str]:
    return {"protocolo": protocol, "situacao": "PROCESSANDO"}


def _printed(report: dict[str, Any]) -> list[str]:
    score = report["score"]
    lines = [
        "Crédito na Medida (birô de testes) - relatório de consulta",
        "Dados inventados, sem valor legal",
        "",
        f"Protocolo: {report['protocolo']}",
        f"Documento: {report['documento']} ({report['situacao_documento']})",
        f"Nome: {report['nome']}",
        f"Produto: {report['produto']}",
        f"Score: {score['valor']} (faixa {score['faixa']})" if score else "Score: não disponível",
        f"Gerado em: {report['gerado_em']}",
        "",
        f"Pendências: {len(report['pendencias'])}, total R$ {report['valor_total_pendencias']}",
    ]
    lines += [
        f"{item['data']}  {item['tipo']}  {item['credor']}  R$ {item['valor']}"
        for item in report["pendencias"]
    ]
    return lines


def _moment(text: str) -> int:
    """Microseconds of `desde`; a plus sign that arrived as a blank is forgiven."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise ValueError
        return to_microseconds(moment)
    except (ValueError, OverflowError):
        message = "desde deve ser uma data e hora ISO 8601 com fuso."
        raise malformed("DESDE", message) from None


def _limit(text: str) -> int:
    if not text:
        return PAGE_SIZE
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise malformed("LIMITE", "limite deve ser um inteiro positivo.")
    return min(int(text), LARGEST_PAGE)


def _cursor(position: tuple[int, int]) -> str:
    return base64.urlsafe_b64encode("{}.{}".format(*position).encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[int, int]:
    if not cursor:
        return 0, 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        changed, _, identity = text.partition(".")
        position = int(changed), int(identity)
        if not 0 <= min(position) <= max(position) < 2**63:
            raise ValueError
        return position
    except ValueError:
        raise malformed("CURSOR", "Cursor inválido.") from None
