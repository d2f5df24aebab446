"""*Configurações › Integrações › API*: programs' access; and the API's documentation."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.api import services
from regua.api.forms import TokenForm
from regua.api.models import ApiToken
from regua.api.scopes import Scope
from regua.web import keyset
from regua.web.forms import add_errors
from regua.web.problems import PROBLEMS
from regua.web.status import Icon, Status, Tone

_ACTIVE = Status("Ativo", Tone.DONE, Icon("circle-check"))
_EXPIRED = Status("Venceu", Tone.MUTED, Icon("clock-off"))
_REVOKED = Status("Revogado", Tone.MUTED, Icon("circle-minus"))


@require_safe
def token_list(request: Request) -> HttpResponse:
    require(request.user, Permission.MANAGE_API)
    rows = ApiToken.objects.select_related("owner", "revoked_by").prefetch_related("branches")
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    context = {
        "page": page,
        "total": keyset.capped_count(rows),
        "rows": [
            {
                "token": token,
                "status": _status(token),
                "scopes": [Scope(scope).label for scope in token.scopes],
            }
            for token in page
        ],
    }
    return render(request, "api/token_list.html", context)


def _status(token: ApiToken) -> Status:
    if token.revoked_at:
        return _REVOKED
    ended = token.expires_at is not None and token.expires_at <= timezone.now()
    return _EXPIRED if ended else _ACTIVE


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_new(request: Request) -> HttpResponse:
    """The answer to the POST itself shows the token, once: it is kept nowhere."""
    require(request.user, Permission.MANAGE_API)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = dict(form.cleaned_data)
        try:
            token, plain = services.token_create(
                actor=request.user, expires_at=given.pop("expires_on"), **given
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            context = {"token": token, "plain": plain, "base_url": settings.CONFIG.base_url}
            return render(request, "api/token_shown.html", context, status=201)
    return render(request, "api/token_new.html", {"form": form})


@require_POST
def token_end(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.MANAGE_API)
    token = get_object_or_404(ApiToken, pk=pk)
    services.token_revoke(token=token, actor=request.user)
    messages.success(request, f"O acesso de {token.application} foi revogado e não vale mais.")
    return redirect("api_token_list")


@login_not_required
@require_safe
def description(request: Request) -> HttpResponse:  # noqa: ARG001
    """OpenAPI 3.1: no secret, and tools read it without signing in."""
    return HttpResponse(_described(), content_type="application/json")


@cache
def _described() -> str:
    from regua.api.router import api

    return json.dumps(api.get_openapi_schema(), ensure_ascii=False)


@require_safe
def documentation(request: Request) -> HttpResponse:
    """The OpenAPI description as a page of ours: no script of others, whatever the CSP."""
    context = {
        "groups": _groups(),
        "scopes": [(scope.value, scope.label) for scope in Scope],
        "problems": [(code, *kind) for code, kind in sorted(PROBLEMS.items(), key=_by_status)],
        "base_url": settings.CONFIG.base_url,
        "manages": request.user.can(Permission.MANAGE_API),
    }
    return render(request, "api/documentation.html", context)


def _by_status(entry: tuple[str, Any]) -> tuple[int, str]:
    return entry[1].status, entry[0]


@cache
def _groups() -> list[dict[str, Any]]:
    """The operations by their tag, as the page draws them."""
    from regua.api.router import api

    schema = api.get_openapi_schema()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(
                _operation(path, method.upper(), operation, schema["components"]["schemas"])
            )
    return [
        {"name": name, "anchor": f"grupo-{number}", "operations": found}
        for number, (name, found) in enumerate(groups.items(), 1)
    ]


def _operation(
    path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    success = next(code for code in operation["responses"] if int(code) < 300)
    answer = operation["responses"][success]["content"]["application/json"]
    sent = body and body["example"]
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "scope": operation["x-scope"],
        "parameters": [
            {
                "name": p["name"],
                "place": {"path": "endereço", "query": "consulta", "header": "cabeçalho"}[p["in"]],
                "required": p["required"],
                "kind": _kind(p["schema"], schemas),
                "description": p.get("description", ""),
            }
            for p in operation["parameters"]
        ],
        "fields": _fields(body["schema"], schemas) if body else [],
        "curl": _curl(path, method, sent),
        "status": success,
        "answer": json.dumps(answer["example"], ensure_ascii=False, indent=2),
        "problems": [
            (code, re.findall(r"([^;`]+) \(`(\w+)`\)", response["description"]))
            for code, response in operation["responses"].items()
            if int(code) >= 400
        ],
    }


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    found = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    required = found.get("required", [])
    return [
        {
            "name": name,
            "required": name in required,
            "kind": _kind(field, schemas),
            "description": field.get("description", ""),
        }
        for name, field in found.get("properties", {}).items()
    ]


_TYPES = {
    "integer": "inteiro",
    "string": "texto",
    "boolean": "sim ou não",
    "number": "número",
    "array": "lista",
    "object": "objeto",
    "null": "nulo",
}


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "$ref" in schema:
        return _kind(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "enum" in schema:
        return "um de: " + ", ".join(f"{value}" or "vazio" for value in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " ou ".join(dict.fromkeys(_kind(choice, schemas) for choice in schema["anyOf"]))
    if schema.get("format") == "date":
        return "data"
    return _TYPES.get(schema.get("type", ""), "valor")


def _curl(path: str, method: str, sent: Any) -> str:
    lines = [f"curl {settings.CONFIG.base_url}{path.replace('{id}', '12')}"]
    if method != "GET":
        lines[0] = f"curl -X {method} {lines[0].removeprefix('curl ')}"
    lines.append('-H "Authorization: Bearer $REGUA_TOKEN"')
    if method == "POST":
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if method == "PATCH":
        lines.append("-H 'If-Match: \"0cc175b9c0f1b6a831c399e269772661\"'")
    if sent is not None:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d '{json.dumps(sent, ensure_ascii=False)}'")
    return " \\\n  ".join(lines)
