"""What the API answers when it does not do what was asked (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field


class Kind(NamedTuple):
    """A kind of problem (RFC 9457)."""

    status: int
    title: str


PROBLEMS: dict[str, Kind] = {
    "bad_request": Kind(400, "Pedido malformado"),
    "unreadable_body": Kind(400, "Corpo ilegível"),
    "idempotency_key_missing": Kind(400, "Falta o cabeçalho Idempotency-Key"),
    "unauthenticated": Kind(401, "Token ausente, desconhecido, vencido ou revogado"),
    "missing_scope": Kind(403, "O token não tem este escopo"),
    "not_allowed": Kind(403, "O perfil não permite"),
    "not_found": Kind(404, "Não encontrado"),
    "method_not_allowed": Kind(405, "Método não aceito"),
    "request_under_way": Kind(409, "O mesmo pedido está em andamento"),
    "changed_meanwhile": Kind(409, "Mudou enquanto isso"),
    "precondition_failed": Kind(412, "Mudou desde que foi lido"),
    "body_too_large": Kind(413, "Corpo grande demais"),
    "unsupported_media_type": Kind(415, "Tipo de conteúdo não aceito"),
    "invalid_request": Kind(422, "Campos com problema"),
    "invalid_cursor": Kind(422, "Cursor ilegível"),
    "idempotency_key_reused": Kind(422, "Idempotency-Key usada em outro pedido"),
    "refused": Kind(422, "Pedido recusado"),
    "bureau_failed": Kind(424, "O birô não atendeu"),
    "precondition_required": Kind(428, "Falta o cabeçalho If-Match"),
    "rate_limited": Kind(429, "Pedidos demais"),
    "internal_error": Kind(500, "Falha nossa"),
}
"""By their stable code."""


class FieldError(Schema):
    field: str = Field(description="Caminho do campo, como `address.state` ou `items.3.amount`.")
    message: str


class ProblemOut(Schema):
    """RFC 9457. Decida pelo `code`, que não muda; o texto pode mudar."""

    type: str = Field(description="Endereço que descreve o problema.")
    title: str
    status: int
    code: str
    detail: str = Field(description="O que houve, o que foi e não foi feito, e o que fazer.")
    errors: list[FieldError] = Field(description="Problemas por campo; vazio se não houver.")


class Problem(Exception):
    """Answers the request with one of ``PROBLEMS``; ``detail`` is a sentence in Portuguese."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def response(self) -> HttpResponse:
        kind = PROBLEMS[self.code]
        body = {
            "type": f"/api/v1/#problema-{self.code}",
            "title": kind.title,
            "status": kind.status,
            "code": self.code,
            "detail": self.detail,
            "errors": [{"field": name, "message": said} for name, said in self.errors],
        }
        return HttpResponse(
            json.dumps(body, ensure_ascii=False),
            status=kind.status,
            content_type="application/problem+json",
            headers=self.headers,
        )
