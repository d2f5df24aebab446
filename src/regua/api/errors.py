"""Every exception that may leave a handler, as a problem with a stable code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as Unreadable

from regua.bureaus.errors import BureauError
from regua.web.problems import Problem

_SENTENCES = {
    "missing": "Falta este campo.",
    "extra_forbidden": "Este campo não existe aqui.",
    "int_parsing": "Escreva um número inteiro.",
    "int_type": "Escreva um número inteiro.",
    "int_from_float": "Escreva um número inteiro.",
    "string_type": "Escreva um texto.",
    "string_unicode": "O texto tem caracteres impossíveis.",
    "bool_parsing": "Escreva true ou false.",
    "bool_type": "Escreva true ou false.",
    "list_type": "Escreva uma lista.",
    "model_attributes_type": "Escreva um objeto.",
    "model_type": "Escreva um objeto.",
    "dict_type": "Escreva um objeto.",
    "decimal_parsing": "Escreva um número, como 129.90.",
    "decimal_type": "Escreva um número, como 129.90.",
    "decimal_max_digits": "O número tem dígitos demais.",
    "decimal_max_places": "Use no máximo duas casas decimais.",
    "finite_number": "Escreva um número, como 129.90.",
    "date_from_datetime_parsing": "Escreva uma data, como 2026-11-24.",
    "date_parsing": "Escreva uma data, como 2026-11-24.",
    "date_type": "Escreva uma data, como 2026-11-24.",
    "date_from_datetime_inexact": "Escreva uma data sem hora.",
}
_BOUNDED = {
    "greater_than": ("gt", "Precisa ser maior que {}."),
    "greater_than_equal": ("ge", "Precisa ser {} ou mais."),
    "less_than": ("lt", "Precisa ser menor que {}."),
    "less_than_equal": ("le", "Precisa ser {} ou menos."),
    "string_too_long": ("max_length", "Use até {} caracteres."),
    "string_too_short": ("min_length", "Use ao menos {} caracteres."),
    "too_long": ("max_length", "Mande até {} itens."),
    "too_short": ("min_length", "Mande ao menos {} itens."),
    "enum": ("expected", "Use um destes: {}."),
    "literal_error": ("expected", "Use um destes: {}."),
}


def register(api: NinjaAPI) -> None:
    for kind, told in (
        (Problem, lambda error: error),
        (Unreadable, _unreadable),
        (HttpError, lambda _: _BODY),
        (ValidationError, _refused),
        (PermissionDenied, _not_allowed),
        (Http404, lambda _: _NOT_FOUND),
        (BureauError, lambda error: Problem("bureau_failed", error.message)),
        (DataError, lambda _: _DATA),
    ):
        api.add_exception_handler(kind, _handler(told))


def _handler(told: Callable[[Any], Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda _request, error: told(error).response()


_BODY = Problem("unreadable_body", "O corpo não é um JSON que se possa ler. Nada foi feito.")
_NOT_FOUND = Problem(
    "not_found", "Não há nada com este número nas filiais deste token. Nada foi feito."
)
_DATA = Problem("invalid_request", "Há um valor que não pode ser guardado. Nada foi feito.")


def _unreadable(error: Unreadable) -> Problem:
    errors = [(_where(e["loc"]), _sentence(e)) for e in error.errors[:100]]
    return Problem(
        "invalid_request", "Há campos com problema; veja errors. Nada foi feito.", errors=errors
    )


def _where(loc: tuple[Any, ...]) -> str:
    """``("body", "payload", "items", 3, "amount")`` → ``items.3.amount``."""
    kind, *rest = loc
    names = [str(part) for part in rest]
    if kind == "body":
        names = names[1:]
    return ".".join(names) or str(kind)


def _sentence(error: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        said = str(context.get("error", ""))
        return said or "Valor inválido."
    if kind in _BOUNDED:
        name, text = _BOUNDED[kind]
        return text.format(str(context.get(name, "")).replace(" or ", " ou "))
    return _SENTENCES.get(kind, "Valor inválido.")


def _refused(error: ValidationError) -> Problem:
    errors: list[tuple[str, str]] = []
    if hasattr(error, "error_dict"):
        general = list(error.message_dict.get(NON_FIELD_ERRORS, []))
        errors = [
            (name, said)
            for name, sentences in error.message_dict.items()
            if name != NON_FIELD_ERRORS
            for said in sentences
        ]
    else:
        general = list(error.messages)
    detail = " ".join(general) or "O pedido foi recusado; veja errors. Nada foi feito."
    return Problem("refused", detail, errors=errors)


def _not_allowed(error: PermissionDenied) -> Problem:
    said = str(error) or "O perfil da pessoa em cujo nome este token age não permite isto."
    return Problem("not_allowed", said)
