"""Keep personal data and secrets out of logs: masks by field name and by pattern.

``redact`` takes a JSON body, ``redact_path`` a path with its query string, ``redact_text`` any
sentence. All of them err towards masking: a harmless number that looks like a CPF is masked too.
Masking what is already masked changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote

MASK = "***"
MAX_ITEMS = 20
"""Items of a list that are kept; the journal is there to explain a call, not to store a ledger."""
MAX_FIELDS = 200
MAX_TEXT = 2_000
MAX_DEPTH = 20

_DOCUMENT_NAMES = frozenset({"documento", "document", "cpf", "cnpj", "cpfcnpj", "documentnumber"})
_SECRET_NAMES = frozenset(
    {"accesstoken", "refreshtoken", "idtoken", "token", "clientsecret", "secret", "segredo"}
    | {"senha", "password", "apikey", "authorization", "assinatura", "signature"}
)
_PERSONAL_NAMES = frozenset(
    {"nome", "name", "razaosocial", "nomefantasia", "nomemae", "mae", "nomepai", "pai"}
    | {"sexo", "sex", "rg", "nascimento", "datanascimento", "abertura", "birthdate", "birth"}
    | {"celular", "telefone", "fone", "mobile", "phone", "email"}
    | {"endereco", "address", "cep", "logradouro", "complemento", "bairro"}
    | {"postalcode", "street", "district", "complement"}
)

_CPF = r"(?<!\d)\d{3}[. ]?\d{3}[. ]?\d{3}[-. ]?\d{2}(?!\d)"
_CNPJ_DIGITS = r"(?<!\d)\d{14}(?!\d)"
_CNPJ = (
    r"(?<![0-9A-Za-z])[0-9A-Za-z]{2}[. ]?[0-9A-Za-z]{3}[. ]?[0-9A-Za-z]{3}[/ ]?"
    r"[0-9A-Za-z]{4}[- ]?\d{2}(?![0-9A-Za-z])"
)
_DOCUMENT = re.compile(f"{_CPF}|{_CNPJ_DIGITS}|{_CNPJ}")
_EMAIL = re.compile(r"[^\s@<>\"'=,;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:]+")
_PHONE = re.compile(r"(?<![\d*])(?:\+?55[ -]?)?\(?\d{2}\)?[ -]?9?\d{4}[- ]?\d{4}(?!\d)")
_TOKEN = re.compile(
    r"(?i)(bearer|basic)\s+[\w.~+/=-]{6,}"
    r"|\b(access_token|client_secret|token|secret|senha|password)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
)
_DIGIT = re.compile(r"\d")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")


def mask_document(document: str) -> str:
    """Show enough of a document to recognise it: ``***.456.789-**``, ``**.345.678/****-**``."""
    bare = _NOT_ALPHANUMERIC.sub("", document).upper()
    if len(bare) == 11:
        return f"***.{bare[3:6]}.{bare[6:9]}-**"
    if len(bare) == 14:
        return f"**.{bare[2:5]}.{bare[5:8]}/****-**"
    return document if _is_mask(document) else MASK


def redact_text(text: str) -> str:
    """Mask documents, e-mails, phones and tokens wherever they stand in ``text``."""
    if len(text) > MAX_TEXT:
        whole_words, _, _ = text[:MAX_TEXT].rpartition(" ")  # half a document escapes the patterns
        text = whole_words + " […]"
    if "@" in text:
        text = _EMAIL.sub(MASK, text)
    if len(text) > 6:
        text = _TOKEN.sub(_mask_token, text)
    if _DIGIT.search(text):
        text = _DOCUMENT.sub(lambda match: mask_document(match[0]), text)
        text = _PHONE.sub(MASK, text)
    return text


def redact(value: Any) -> Any:
    """Return a copy of a JSON value fit for the journal: masked, and short where it was long."""
    return _redact(value, depth=0)


def redact_path(path: str) -> str:
    """Mask a path and its query string; the result is for reading, not for calling."""
    path, _, query = path.partition("?")
    shown = redact_text(unquote(path))
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        shown += "?" + "&".join(
            f"{redact_text(name)}={_named(name, value)}" for name, value in pairs
        )
    return shown


def _redact(value: Any, *, depth: int) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        shown = redact_text(repr(value))
        return value if shown == repr(value) else shown
    if depth >= MAX_DEPTH:
        return "[…]"
    if isinstance(value, Mapping):
        return {
            redact_text(str(name)): _named(str(name), item, depth=depth + 1)
            for name, item in islice(value.items(), MAX_FIELDS)
        }
    if isinstance(value, list | tuple):
        kept = [_redact(item, depth=depth + 1) for item in value[:MAX_ITEMS]]
        if len(value) > MAX_ITEMS:
            kept.append(f"[… e mais {len(value) - MAX_ITEMS}]")
        return kept
    return redact_text(str(value))


def _named(name: str, value: Any, *, depth: int = 0) -> Any:
    """Redact the value of a field, knowing the field's name."""
    kind = _kind_of(name)
    if value is None or not kind:
        return _redact(value, depth=depth)
    if kind == "document" and not isinstance(value, Mapping | list):
        return mask_document(str(value))
    if kind == "secret":
        return MASK
    return _hide(value, depth=depth)


def _hide(value: Any, *, depth: int) -> Any:
    """Keep the shape of a value, none of its content."""
    if isinstance(value, Mapping) and depth < MAX_DEPTH:
        return {
            redact_text(str(name)): _hide(item, depth=depth + 1)
            for name, item in islice(value.items(), MAX_FIELDS)
        }
    return value if value in (None, "") else MASK


@lru_cache(maxsize=1024)
def _kind_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = _NOT_ALPHANUMERIC.sub("", plain)
    if plain in _DOCUMENT_NAMES:
        return "document"
    if plain in _SECRET_NAMES:
        return "secret"
    if plain in _PERSONAL_NAMES:
        return "personal"
    return ""


def _mask_token(match: re.Match[str]) -> str:
    if match[1]:
        return f"{match[1]} {MASK}"
    return f"{match[2]}{match[3]}{MASK}"


def _is_mask(text: str) -> bool:
    return re.fullmatch(r"(\*\*\*?[0-9A-Z.*/-]{0,16})?", text) is not None
