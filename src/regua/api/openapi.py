"""What django-ninja cannot know of our answers: problems, headers, links and examples."""

from __future__ import annotations

from typing import Any

from ninja.errors import ConfigError
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema

from regua.api.scopes import Scope
from regua.web.problems import PROBLEMS, ProblemOut

DESCRIPTION = """\
Tudo o que as telas fazem, com as mesmas regras e os mesmos acessos: o token age em nome de uma \
pessoa, dentro dos escopos e das filiais que recebeu.

- Mande o token em `Authorization: Bearer`.
- Todo POST leva `Idempotency-Key`: repetir o mesmo pedido com a mesma chave devolve a mesma \
resposta, sem fazer de novo, por 24 horas.
- Listas vêm em páginas: siga `next_cursor` até ele vir nulo.
- Para alterar, mande em `If-Match` o `ETag` do que foi lido.
- Toda falha é um problema da RFC 9457: decida pelo `code`.
"""
_PROBLEM = "ProblemOut"
_ALWAYS = ("unauthenticated", "missing_scope", "not_allowed", "invalid_request", "rate_limited")
_BY_METHOD: dict[str, tuple[str, ...]] = {
    "get": ("invalid_cursor",),
    "post": (
        *("idempotency_key_missing", "unreadable_body", "not_found", "request_under_way"),
        *("body_too_large", "unsupported_media_type", "idempotency_key_reused", "refused"),
    ),
    "patch": (
        *("unreadable_body", "not_found", "precondition_failed", "body_too_large"),
        *("unsupported_media_type", "refused", "precondition_required"),
    ),
}
_HEADERS = {
    "post": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Seu, diferente para cada pedido e igual ao repetir o mesmo.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,120}$", "maxLength": 120},
        "example": "8f14e45f-ceea-467f-a0e6-1f2c3d4e5f60",
    },
    "patch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "O ETag do recurso como foi lido.",
        "schema": {"type": "string"},
        "example": '"0cc175b9c0f1b6a831c399e269772661"',
    },
}
_LIMITS = {
    "RateLimit-Limit": "Chamadas por minuto deste token.",
    "RateLimit-Remaining": "Quantas restam neste minuto.",
    "RateLimit-Reset": "Segundos até o próximo minuto.",
}


class Described(OpenAPISchema):
    """With choices written out where they are used: several of ours bear the same name."""

    _choices: dict[str, Any]

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        self._choices = {name: found for name, found in definitions.items() if "enum" in found}
        for name, found in definitions.items():
            if name not in self._choices:
                written = _written_out(found, self._choices)
                if self.schemas.setdefault(name, written) != written:
                    raise ConfigError(f"two schemas are called {name}")

    def _create_schema_from_model(self, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], bool]:
        self._choices = {}
        schema, required = super()._create_schema_from_model(*args, **kwargs)
        return _written_out(schema, self._choices), required

    def _extract_parameters(self, model: Any) -> list[dict[str, Any]]:
        self._choices = {}
        found = super()._extract_parameters(model)
        return [_written_out(parameter, self._choices) for parameter in found]


def _written_out(part: Any, choices: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_written_out(item, choices) for item in part]
    if not isinstance(part, dict):
        return part
    found = choices.get(str(part.get("$ref", "")).rpartition("/")[2])
    if found:
        beside = {name: value for name, value in part.items() if name != "$ref"}
        return {"type": found["type"], "enum": found["enum"], **beside}
    return {name: _written_out(value, choices) for name, value in part.items()}


def completed(schema: OpenAPISchema) -> OpenAPISchema:
    schemas: dict[str, Any] = schema["components"]["schemas"]
    problem = ProblemOut.model_json_schema(ref_template=REF_TEMPLATE)
    schemas.update(problem.pop("$defs"))
    schemas[_PROBLEM] = problem
    schema["servers"] = [{"url": "/"}]
    schema["components"]["headers"] = {
        name: {"description": said, "schema": {"type": "integer", "minimum": 0}}
        for name, said in _LIMITS.items()
    }
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation, schemas)
    return schema


def _complete(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    links = operation.pop("x-links", {})
    calls_out = operation.pop("x-calls-out", False)
    operation["x-scope-label"] = Scope(operation["x-scope"]).label
    operation["parameters"] = [*operation["parameters"], *_header(method)]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = example(content["schema"], schemas)
    for response in operation["responses"].values():
        response["headers"] = _limit_headers()
        if links:
            response["links"] = links
        for content in response.get("content", {}).values():
            content["example"] = example(content["schema"], schemas)
    codes = [*_ALWAYS, *_BY_METHOD[method]]
    if "{" in path:
        codes.append("not_found")
    if calls_out:
        codes.append("bureau_failed")
    if path.endswith("/approval"):
        codes.append("changed_meanwhile")
    operation["responses"].update(_problems(codes))


def _header(method: str) -> list[dict[str, Any]]:
    return [_HEADERS[method]] if method in _HEADERS else []


def _limit_headers() -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS}


def _problems(codes: list[str]) -> dict[int, Any]:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    found = {}
    for status, names in sorted(by_status.items()):
        response: dict[str, Any] = {
            "description": "; ".join(f"{PROBLEMS[name].title} (`{name}`)" for name in names),
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"#/components/schemas/{_PROBLEM}"},
                    "example": _problem(names[0]),
                }
            },
        }
        if status == 429:
            response["headers"] = _limit_headers() | {
                "Retry-After": {
                    "description": "Segundos a esperar.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            }
        found[status] = response
    return found


def _problem(code: str) -> dict[str, Any]:
    kind = PROBLEMS[code]
    return {
        "type": f"/api/v1/#problema-{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": f"{kind.title}. Nada foi feito.",
        "errors": [],
    }


_FORMATS = {
    "date": "2026-11-24",
    "date-time": "2026-11-24T10:30:00Z",
    "uuid": "8f14e45f-ceea-467f-a0e6-1f2c3d4e5f60",
}


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that fits ``schema``, from the examples of its fields."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return example(choices[0], schemas)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: example(field, schemas) for name, field in fields.items()}
        case "array":
            return [example(schema.get("items", {}), schemas)]
        case "integer":
            return max(12, schema.get("minimum", 0))
        case "number":
            return 1
        case "boolean":
            return True
        case "null":
            return None
        case "string" if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        case "string" if "pattern" in schema and "d" in schema["pattern"]:
            return "129.90"
    return "texto" if schema.get("minLength") else ""
