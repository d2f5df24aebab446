"""What each kind's statements are filled with: tables, joins, and what a column that is there sets.

A column that the file has speaks, also with an empty cell: that empties the field. A field without
a column stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from regua.imports import staging
from regua.imports.fields import Kind
from regua.imports.models import ImportBatch
from regua.parties.models import Customer, Lead, Prospect

_PARTIES = {"customers": Customer, "leads": Lead, "prospects": Prospect}
_KEPT = ("external_id", "document", "our_number")
"""An empty cell says nothing here."""
_ANONYMOUS = "CASE WHEN n.external_id IS NULL THEN true END"
_ALWAYS = {"active": "true", "dunned": "true", "renegotiated": "false"} | {
    "awaiting_confirmation": "false",
    "kind": "'telecom'",
}
"""What an empty cell means where the column cannot be NULL or ``''``."""


def search_key(text: str) -> str:
    """``parties.models.search_key`` in SQL: accents first: any locale lowers the rest."""
    marks = r"E'[\u0300-\u036f]'"
    return f"lower(regexp_replace(normalize({text}, NFKD), {marks}, '', 'g'))"


@dataclass(frozen=True, slots=True)
class Setting:
    """One column of the table, its new value over ``n`` and the old row ``t``."""

    column: str
    value: str
    checked: str = ""
    """The same while it is checked, where that is not ``value``."""


def parts(batch: ImportBatch) -> dict[str, str]:
    """What the statements of the batch's kind have in common."""
    kind = batch.what
    special = _SPECIAL[kind.slug](batch)
    settings = _settings(batch)
    if "contract" in special:
        settings.append(Setting("contract_id", "n.contract_id", special["contract"]))
    compared = [s for s in settings if s.column != "search_name"]
    differs = (
        f"(({', '.join(f't.{s.column}' for s in compared)})"
        f" IS DISTINCT FROM ({', '.join(s.checked or s.value for s in compared)}))"
    )
    if kind.slug in ("leads", "prospects"):
        special["more"] = (
            f"CASE WHEN t.converted_at IS NOT NULL AND {differs} THEN 'line:converted' END"
        )
    return {
        "raw": staging.raw(batch),
        "clean": staging.clean(batch),
        "read": staging.read(batch),
        "columns": staging.columns(kind),
        "flaws": staging.flaws(kind),
        "texts": staging.texts(batch),
        "assignments": ", ".join(f"{s.column} = {s.value}" for s in settings),
        "differs": differs,
        # The planner leaves a join out that can find nothing.
        **{f"has_{f.name}": str(f.name in batch.mapping).lower() for f in kind.fields},
        **special,
    }


def keys(kind: Kind) -> list[tuple[str, str]]:
    """What may be in one line of the file only: SQL over ``n``, the field that the report names."""
    found = [("n.external_id", "external_id"), ("n.target", "line")]
    match kind.slug:
        case "contracts":
            return [
                ("n.customer_id, n.external_id", "external_id"),
                ("n.customer_id, n.number", "number"),
                ("n.target", "line"),
            ]
        case "receivables":
            return [*found, ("n.the_our_number", "our_number")]
        case "payments":
            return [
                ("n.receivable_id, n.external_id", "external_id"),
                (f"n.receivable_id, n.paid_on, n.amount, {_ANONYMOUS}", "line"),
                ("n.target", "line"),
            ]
    return [*found, ("n.document", "document")]


def _settings(batch: ImportBatch) -> list[Setting]:
    found = []
    for field in staging.mapped(batch, batch.what.fields):
        if field.name in _COLUMNS[batch.kind]:
            amount = field.name == "amount"
            found.append(
                Setting("amount", "n.amount_after", "said.amount_after")
                if amount
                else Setting(field.name, _new(field.name, batch))
            )
            if field.name == "name":
                found.append(Setting("search_name", search_key("n.name")))
    return found


def _new(name: str, batch: ImportBatch) -> str:
    if name in _KEPT or (name == "number" and batch.kind == "receivables"):
        return f"COALESCE(n.{name}, t.{name})"
    if name in _ALWAYS:
        return f"COALESCE(n.{name}, {_ALWAYS[name]})"
    if batch.kind in _PARTIES:
        return _party_value(name)
    return f"n.{name}"


def _party_value(name: str) -> str:
    if name not in ("sex", "birth_date"):
        return f"n.{name}" if name in ("name", "document") else f"COALESCE(n.{name}, '')"
    # A company has neither sex nor birth date, whatever the file says.
    given = f"CASE WHEN length(n.document) IS DISTINCT FROM 14 THEN n.{name} END"
    return f"COALESCE({given}, '')" if name == "sex" else given


_PARTY_COLUMNS = tuple(
    "external_id document name sex birth_date mobile email postal_code street number complement"
    " district city state".split()
)
_COLUMNS = {
    "customers": (*_PARTY_COLUMNS, "active", "dunned"),
    "leads": _PARTY_COLUMNS,
    "prospects": _PARTY_COLUMNS,
    "contracts": ("external_id", "number", "kind", "started_on", "suspended_on", "ended_on"),
    "receivables": (
        *("external_id", "number", "our_number", "due_date", "amount"),
        *("renegotiated", "awaiting_confirmation"),
    ),
    "payments": (),
}


def _parties(batch: ImportBatch) -> dict[str, str]:
    model = _PARTIES[batch.kind]
    table = model._meta.db_table
    values = {
        name: f"COALESCE(n.{name}, '')"
        if name == "document"
        else f"COALESCE(n.{name}, {_ALWAYS[name]})"
        if name in _ALWAYS
        else _party_value(name)
        for name in _COLUMNS[batch.kind]
        if name != "external_id"
    }
    values |= {"external_id": "n.external_id", "search_name": search_key("n.name")}
    customers = model is Customer
    by_document = (
        f"SELECT id, document FROM {table} WHERE branch_id = %(branch)s"  # noqa: S608
        if customers
        # Several may have it; the one that is still open is meant, of these the oldest.
        else f"SELECT DISTINCT ON (document) id, document FROM {table}"  # noqa: S608
        " WHERE branch_id = %(branch)s AND document <> ''"
        " ORDER BY document, converted_at IS NOT NULL, id"
    )
    return {
        "table": table,
        "by_document": by_document,
        "names": ", ".join(values),
        "values": ", ".join(values.values()),
        "more": "CASE WHEN t.document <> n.document THEN 'document:other' END",
    }


def _customers(batch: ImportBatch) -> dict[str, str]:
    """Finding the customer that a line is about."""
    by_id = "customer_external_id" in batch.mapping
    named = "customer_external_id" if by_id else "customer_document"
    return {
        "customer_field": named,
        "customer_trouble": "CASE WHEN n.customer_external_id IS NULL"
        f" AND n.customer_document_text IS NULL THEN '{named}:missing'"
        " WHEN n.customer_external_id IS NULL AND n.customer_document IS NULL THEN NULL"
        f" ELSE '{named}:unknown' END",
    }


def _contracts(batch: ImportBatch) -> dict[str, str]:
    def effective(name: str) -> str:
        return f"n.{name}" if name in batch.mapping else f"t.{name}"

    return {
        name: effective(name) for name in ("started_on", "suspended_on", "ended_on")
    } | _customers(batch)


def _receivables(batch: ImportBatch) -> dict[str, str]:
    named = "contract_number" if "contract_number" in batch.mapping else "contract_external_id"
    nothing = "n.contract_external_id IS NULL AND n.contract_number IS NULL"
    return _customers(batch) | {
        "no_contract": nothing,
        "contract": f"CASE WHEN {nothing} THEN COALESCE(t.contract_id, alone.id)"
        " ELSE COALESCE(kx.id, kn.id) END",
        "contract_trouble": f"CASE WHEN {nothing} THEN 'line:no_contract'"
        f" ELSE '{named}:unknown' END",
    }


def _payments(batch: ImportBatch) -> dict[str, str]:
    by_id = "receivable_external_id" in batch.mapping
    return {
        "receivable_field": "receivable_external_id" if by_id else "our_number",
        "known": "n.receivable_external_id IS NOT NULL OR n.our_number IS NOT NULL",
    }


_SPECIAL = {
    "customers": _parties,
    "leads": _parties,
    "prospects": _parties,
    "contracts": _contracts,
    "receivables": _receivables,
    "payments": _payments,
}
