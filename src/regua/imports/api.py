"""Bringing in many at once over the API, by the same sets as a file."""

# Annotations are objects here: the items' models are made of what the kinds know.

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from ninja import Schema
from pydantic import Field, create_model

from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.imports.choices import Mode, State
from regua.imports.fields import Field as KindField
from regua.imports.fields import Kind, Type
from regua.imports.kinds import KINDS
from regua.imports.loading import load
from regua.imports.models import ImportBatch
from regua.imports.selectors import problems
from regua.imports.services import batch_apply, batch_start
from regua.web import rest

bulk = rest.Resource("Muitos de uma vez")

MOST = 5000
"""Items of one call."""
_SCOPES = {
    "contracts": "receivables:write",
    "receivables": "receivables:write",
    "payments": "payments:write",
}
_TYPES: dict[Type, Any] = {
    Type.DATE: rest.Day,
    Type.MONEY: Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)],
    Type.BOOLEAN: bool,
}
_OUTCOMES: dict[str, Literal["created", "updated", "unchanged"]] = {
    "create": "created",
    "update": "updated",
    "same": "unchanged",
}
_EXAMPLES: dict[Type, Any] = {Type.DATE: "2026-11-10", Type.MONEY: "129.90", Type.BOOLEAN: True}


class BulkItemProblem(Schema):
    field: str
    value: str
    code: str
    message: str


class BulkItemOut(Schema):
    index: int = Field(description="Lugar do item no pedido, a partir de 0.")
    outcome: Literal["created", "updated", "unchanged", "refused"]
    problems: list[BulkItemProblem]


class BulkOut(Schema):
    import_id: int
    created: int
    updated: int
    unchanged: int
    refused: int
    items: list[BulkItemOut]


def _type(field: KindField) -> Any:
    if field.type in _TYPES:
        return _TYPES[field.type]
    if field.choices:
        return Literal[tuple(dict.fromkeys(field.choices.values()))]
    return Annotated[rest.Text, Field(max_length=field.length or 254)]


def _body(kind: Kind) -> Any:
    """What a call brings: items whose fields are the columns that a file of this kind has."""
    fields: dict[str, Any] = {}
    for field in kind.fields:
        example = _EXAMPLES.get(field.type, field.example)
        about: dict[str, Any] = {"description": field.label, "examples": [example]}
        if field.choices and field.type is not Type.BOOLEAN:
            about["examples"] = [next(iter(field.choices.values()))]
        if field.required:
            fields[field.name] = (_type(field), Field(**about))
        else:
            fields[field.name] = (_type(field) | None, Field(None, **about))
    name = kind.slug.title()
    item: Any = create_model(f"{name}BulkItem", __base__=rest.In, **fields)
    whole: dict[str, Any] = {
        "branch_id": (rest.Key, ...),
        "mode": (
            Literal["all_or_nothing", "skip_bad"],
            Field("all_or_nothing", description="`skip_bad` deixa de fora só os com problema."),
        ),
        "items": (
            list[item],
            Field(
                min_length=1,
                max_length=MOST,
                description="Todos com os mesmos campos: um campo que vem vazio esvazia, o que "
                "não vem fica como está.",
            ),
        ),
    }
    return create_model(f"{name}Bulk", __base__=rest.In, **whole)


def _bring(kind: Kind, request: Request, payload: Any) -> BulkOut:
    actor = request.user
    branch = get_object_or_404(branches_visible(actor), pk=payload.branch_id)
    columns = sorted(payload.items[0].model_fields_set)
    for place, item in enumerate(payload.items):
        if item.model_fields_set != set(columns):
            raise rest.Problem(
                "refused",
                "Todos os itens precisam ter os mesmos campos. Nada foi importado.",
                errors=[(f"items.{place}", "Tem outros campos que o primeiro.")],
            )
    batch = batch_start(
        actor=actor, kind=kind.slug, branch=branch, source="api", mode=Mode(payload.mode)
    )
    load(
        batch,
        columns,
        ([_cell(getattr(item, name)) for name in columns] for item in payload.items),
    )
    actions: dict[int, str] = {}
    batch_apply(batch, tell=actions.update)
    found = list(_problems(batch))
    if batch.state != State.DONE:
        raise rest.Problem(
            "refused",
            "Há itens com problema; veja errors. Nada foi importado. Corrija-os, ou mande "
            "mode: skip_bad para deixar só eles de fora.",
            errors=[(f"items.{line}.{said.field}", said.message) for line, said in found[:1000]],
        )
    by_line: dict[int, list[BulkItemProblem]] = {}
    for place, said in found:
        by_line.setdefault(place, []).append(said)
    return BulkOut(
        import_id=batch.pk,
        created=batch.created,
        updated=batch.updated,
        unchanged=batch.unchanged,
        refused=batch.refused,
        items=[
            BulkItemOut(
                index=place,
                outcome="refused"
                if place in by_line
                else _OUTCOMES[actions.get(place + batch.first_line, "same")],
                problems=by_line.get(place, []),
            )
            for place in range(len(payload.items))
        ],
    )


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _problems(batch: ImportBatch) -> Iterator[tuple[int, BulkItemProblem]]:
    for row in problems(batch):
        yield (
            row.line - batch.first_line,
            BulkItemProblem(
                field=row.field,
                value=row.value,
                code=row.code,
                message=f"{row.wrong} {row.mend}".strip(),
            ),
        )


def _register(kind: Kind) -> None:
    body = _body(kind)

    def handler(request: Request, payload: body) -> Any:  # type: ignore[valid-type]
        """Os que já existem são alterados, os outros criados, em uma transação só."""
        return _bring(kind, request, payload)

    handler.__name__ = f"bulk_{kind.slug}"
    bulk.post(
        f"/bulk/{kind.slug}",
        scope=_SCOPES.get(kind.slug, "parties:write"),
        answer=BulkOut,
        summary=f"Cadastra ou altera até 5.000 de uma vez: {kind.label.lower()}",
    )(handler)


for _kind in KINDS:
    _register(_kind)
