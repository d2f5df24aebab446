"""What the API's handlers of all apps share; who may call, and how often, is ``regua.api``'s.

    customers = rest.Resource("Clientes")

    @customers.get("/customers/{id}", scope="parties:read", answer=CustomerOut)
    def customer_get(request: Request, id: rest.Id, response: HttpResponse) -> CustomerOut: ...

``request.user`` is the person the program acts for, narrowed to its token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from ninja.responses import NinjaJSONEncoder
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from regua.web import keyset
from regua.web.problems import Problem as Problem

T = TypeVar("T")

MAX_PAGE = 200
_MAX_KEY = 2**63 - 1
CALLS_OUT: set[str] = set()
"""Handlers that call a bureau: each call is logged before it leaves, so that no transaction may be
open around them."""


# --- Values -------------------------------------------------------------------------------------


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Contém um caractere que não pode ser guardado (NUL).")
    return text


def _plausible(day: date) -> date:
    if not 1900 <= day.year <= 2999:
        raise ValueError("Confira o ano.")
    return day


Key = Annotated[int, Field(ge=1, le=_MAX_KEY)]
Id = Annotated[Path[Key], Field(description="Número.")]
Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]
"""Further bounded by ``Field(max_length=…)``."""
Day = Annotated[date, AfterValidator(_plausible)]
Money = Annotated[
    Decimal,
    Field(gt=0, max_digits=14, decimal_places=2, examples=["129.90"], description="Reais."),
]


class In(Schema):
    """What a program sends: a field that nobody knows is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")


class Paging(Schema):
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Itens por página.")
    cursor: str | None = Field(
        None, max_length=2000, description="O `next_cursor` da página anterior."
    )


class Page(Schema, Generic[T]):
    items: list[T]
    next_cursor: str | None = Field(description="Para a página seguinte; nulo na última.")


def page(
    rows: QuerySet[Any], paging: Paging, ordering: Sequence[str], show: Callable[[Any], Any]
) -> dict[str, Any]:
    """A page of ``rows`` by key. Raises ``Problem`` for a cursor of another list or of nobody's."""
    return shown(keyset_page(rows, paging, ordering), show)


def keyset_page(
    rows: QuerySet[Any], paging: Paging, ordering: Sequence[str]
) -> keyset.KeysetPage[Any]:
    try:
        return keyset.paginate(
            rows, ordering=ordering, cursor=paging.cursor, page_size=paging.limit, strict=True
        )
    except keyset.BadCursor:
        raise Problem(
            "invalid_cursor",
            "O cursor não é desta lista ou foi alterado. Comece de novo sem ele.",
            errors=[("cursor", "Use o next_cursor da página anterior, sem mudar nada.")],
        ) from None


def shown(found: keyset.KeysetPage[Any], show: Callable[[Any], Any]) -> dict[str, Any]:
    return {"items": [show(row) for row in found], "next_cursor": found.next_cursor}


# --- Conditional updates ------------------------------------------------------------------------


def tagged(response: HttpResponse, out: Schema) -> Schema:
    """``out``, with its ETag in the answer."""
    response["ETag"] = _tag(out)
    return out


def require_match(request: HttpRequest, current: Schema) -> None:
    """Raise ``Problem`` unless ``If-Match`` names what is there now; the caller holds the row."""
    sent = request.headers.get("If-Match", "")
    if not sent:
        raise Problem(
            "precondition_required",
            "Leia o recurso e mande o ETag dele em If-Match, para não desfazer a mudança de "
            "outra pessoa. Nada mudou.",
        )
    tags = {tag.strip() for tag in sent.split(",")}
    if "*" not in tags and _tag(current) not in tags:
        raise Problem(
            "precondition_failed",
            "O recurso mudou desde que você o leu. Nada foi gravado. Leia de novo e repita.",
        )


def _tag(out: Schema) -> str:
    text = json.dumps(out.model_dump(), cls=NinjaJSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


# --- Handlers -----------------------------------------------------------------------------------


class Needs:
    """Lets a request pass whose token has ``scope``; ``regua.api`` has set ``request.scopes``."""

    openapi_security_schema = {
        "type": "http",
        "scheme": "bearer",
        "description": "Token de Configurações > Integrações > API.",
    }

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> bool:
        scopes: frozenset[str] = getattr(request, "scopes", frozenset())
        if self.scope not in scopes:
            raise Problem(
                "missing_scope",
                f"Este token não tem o escopo {self.scope}. Nada foi feito. Peça ao administrador "
                "um token com ele.",
            )
        return True


class Resource:
    """The handlers of one kind of thing, each with the scope that it takes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.router = Router(tags=[name])

    def get(self, path: str, **how: Any) -> Callable[[Callable[..., T]], Callable[..., T]]:
        return self._add("GET", path, **how)

    def post(self, path: str, **how: Any) -> Callable[[Callable[..., T]], Callable[..., T]]:
        """Done once for each ``Idempotency-Key``, in one transaction unless it ``calls_out``."""
        return self._add("POST", path, **how)

    def patch(self, path: str, **how: Any) -> Callable[[Callable[..., T]], Callable[..., T]]:
        return self._add("PATCH", path, **how)

    def _add(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        answer: Any,
        summary: str,
        status: int = 200,
        calls_out: bool = False,
        links: Mapping[str, tuple[str, str]] | None = None,
    ) -> Callable[[Callable[..., T]], Callable[..., T]]:
        """``links``: operation → its parameter and where the answer has that (OpenAPI links)."""

        def add(handler: Callable[..., T]) -> Callable[..., T]:
            if calls_out:
                CALLS_OUT.add(handler.__name__)
            self.router.add_api_operation(
                path,
                [method],
                handler,
                auth=Needs(scope),
                response={status: answer},
                summary=summary,
                openapi_extra={
                    "x-scope": scope,
                    "x-links": {
                        name: {"operationId": name, "parameters": {parameter: where}}
                        for name, (parameter, where) in (links or {}).items()
                    },
                    **({"x-calls-out": True} if calls_out else {}),
                },
            )
            return handler

        return add
