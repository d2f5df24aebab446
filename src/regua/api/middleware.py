"""What every request to the API passes: token, rate, size and kind of body, once-only POSTs; and
every failure, whoever found it, leaves as a problem (RFC 9457).

It stands before sessions and CSRF, which are about browsers: a program is known by its token alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError

from regua.accounts.requests import Request
from regua.api import calling, idempotency
from regua.web import rest
from regua.web.problems import Problem

logger = logging.getLogger(__name__)

ROOT = "/api/v1/"
OPEN = (ROOT, f"{ROOT}openapi.json")
"""The documentation, which needs no token."""
MAX_BODY = 8 * 1024 * 1024
"""Bytes."""
_WRITES = ("POST", "PUT", "PATCH")
_CODES = {
    400: ("bad_request", "O pedido não pôde ser lido. Nada foi feito."),
    403: ("not_allowed", "Isto não é permitido. Nada foi feito."),
    404: ("not_found", "Não há nada neste endereço. Confira o caminho e o número."),
    405: ("method_not_allowed", "Este endereço não aceita este método. Veja o cabeçalho Allow."),
    413: ("body_too_large", "O corpo passa de 8 MB. Nada foi feito. Divida em partes."),
}


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROOT) or request.path_info in OPEN:
            return self.get_response(request)
        try:
            response = self.get_response(request)
        except Problem as problem:
            response = problem.response()
        if response.status_code >= 400:
            response = _as_problem(response)
        for name, value in getattr(request, "api_headers", {}).items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answers the request here: no other middleware looks at it any more."""
        if not request.path_info.startswith(ROOT) or request.path_info in OPEN:
            return None
        try:
            return _answer(request, lambda: view(request, *args, **kwargs))
        except Problem as problem:
            return problem.response()
        except Exception:
            logger.exception("API %s %s", request.method, request.resolver_match)
            return Problem(
                "internal_error",
                "Algo falhou aqui, e nada foi gravado. Repita com a mesma chave; se continuar, "
                "avise quem instalou a Régua.",
            ).response()


def _answer(request: HttpRequest, do: Callable[[], HttpResponse]) -> HttpResponse:
    token, user = calling.caller(request)
    allowance = calling.counted(token)
    api = cast(Request, request)
    api.user = user
    request.scopes = frozenset(token.scopes)  # type: ignore[attr-defined]
    request.api_headers = allowance.headers  # type: ignore[attr-defined]
    if allowance.calls > allowance.limit:
        raise Problem(
            "rate_limited",
            f"Este token pode fazer {allowance.limit} chamadas por minuto. Nada foi feito. Espere "
            f"{allowance.reset} s.",
            headers={"Retry-After": str(allowance.reset)},
        )
    if request.method in _WRITES:
        _read(request)
    match = request.resolver_match
    if request.method != "POST":
        return do()
    calls_out = match is not None and match.url_name in rest.CALLS_OUT
    return idempotency.once(request, token, do, calls_out=calls_out)


def _read(request: HttpRequest) -> None:
    """Take the body in, whatever length it was announced with. Raises ``Problem``."""
    try:
        body = request.read(MAX_BODY + 1)
    except (UnreadablePostError, RawPostDataException, OSError):
        raise Problem("bad_request", "O corpo não chegou inteiro. Nada foi feito.") from None
    if len(body) > MAX_BODY:
        raise Problem(*_CODES[413])
    request._body = body
    if body and request.content_type != "application/json":
        raise Problem(
            "unsupported_media_type",
            "Mande o corpo em JSON, com Content-Type: application/json. Nada foi feito.",
        )


def _as_problem(response: HttpResponse) -> HttpResponse:
    if response.get("Content-Type", "").startswith("application/problem+json"):
        return response
    code, detail = _CODES.get(
        response.status_code,
        ("internal_error", "Algo falhou aqui. Se continuar, avise quem instalou a Régua.")
        if response.status_code >= 500
        else _CODES[400],
    )
    kept = {name: response[name] for name in ("Allow",) if name in response}
    return Problem(code, detail, headers=kept).response()
