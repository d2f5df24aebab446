"""Bringing our copy of a bureau's tables up to date, and telling exactly what became different."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from regua.bureaus.contract import BureauCode
from regua.bureaus.contract import Product as BureauProduct
from regua.bureaus.errors import TryLater
from regua.integrations.choices import CatalogueKind, ChangeKind, CodeKind
from regua.integrations.models import CatalogueChange, Integration, Product, ReasonCode

Coded = TypeVar("Coded", BureauProduct, BureauCode)


@dataclass(frozen=True, slots=True)
class CatalogueDiff:
    """What one synchronisation found: how much the bureau offers, and what is different."""

    products: int
    restriction_codes: int
    removal_codes: int
    changes: tuple[CatalogueChange, ...]


def products_store(
    integration: Integration, products: Iterable[BureauProduct], now: datetime
) -> list[CatalogueChange]:
    """Make our products the bureau's; return what that changed (unsaved)."""
    offered = [
        Product(
            integration=integration,
            code=_code(product.code, Product),
            name=product.name[:120],
            person_kind=product.person_kind.value,
            price=product.price,
        )
        for product in _once(products)
    ]
    known = {row.code: row for row in Product.objects.filter(integration=integration)}
    changes = _compare(integration, CatalogueKind.PRODUCT, known, offered, now)
    Product.objects.bulk_create(
        offered,
        update_conflicts=True,
        unique_fields=["integration", "code"],
        update_fields=["name", "person_kind", "price", "gone_at"],
    )
    _gone(changes, known, now)
    return changes


def codes_store(
    integration: Integration, kind: CodeKind, codes: Iterable[BureauCode], now: datetime
) -> list[CatalogueChange]:
    """Make our codes of ``kind`` the bureau's; return what that changed (unsaved).

    The neutral reason is taken from the bureau for new codes only: what a person has chosen stays.
    """
    offered = [
        ReasonCode(
            integration=integration,
            kind=kind,
            code=_code(code.code, ReasonCode),
            description=code.description[:200],
            person_kind=code.person_kind.value,
            reason=code.reason.value if code.reason else "",
            bureau_only=code.bureau_only,
        )
        for code in _once(codes)
    ]
    known = {row.code: row for row in ReasonCode.objects.filter(integration=integration, kind=kind)}
    changes = _compare(integration, CatalogueKind(kind.value), known, offered, now)
    ReasonCode.objects.bulk_create(
        offered,
        update_conflicts=True,
        unique_fields=["integration", "kind", "code"],
        update_fields=["description", "person_kind", "bureau_only", "gone_at"],
    )
    _gone(changes, known, now)
    return changes


def line_of(row: Product | ReasonCode) -> dict[str, Any]:
    """What the bureau says of one line, as it is kept in the history."""
    if isinstance(row, Product):
        return {"name": row.name, "person_kind": row.person_kind, "price": f"{row.price:.2f}"}
    return {
        "name": row.description,
        "person_kind": row.person_kind,
        "bureau_only": row.bureau_only,
    }


def _once(rows: Iterable[Coded]) -> Iterable[Coded]:
    """A bureau may list a code twice; the last line counts."""
    return {row.code: row for row in rows}.values()


def _code(code: str, model: type[Product | ReasonCode]) -> str:
    limit = model._meta.get_field("code").max_length
    if limit is not None and len(code) > limit:
        raise TryLater(
            f"O birô mandou um código de mais de {limit} letras, que não cabe nas listas. "
            "As listas ficaram como estavam. Avise o suporte da Régua."
        )
    return code


def _compare(
    integration: Integration,
    kind: CatalogueKind,
    known: dict[str, Any],
    offered: Iterable[Any],
    now: datetime,
) -> list[CatalogueChange]:
    changes = []

    def note(code: str, change: ChangeKind, before: Any, after: Any) -> None:
        changes.append(
            CatalogueChange(
                integration=integration,
                at=now,
                kind=kind,
                code=code,
                change=change,
                before=before,
                after=after,
            )
        )

    left = dict(known)
    for row in offered:
        old, after = left.pop(row.code, None), line_of(row)
        if old is None:
            note(row.code, ChangeKind.CAME, None, after)
        elif old.gone_at is not None:
            note(row.code, ChangeKind.BACK, line_of(old), after)
        elif line_of(old) != after:
            note(row.code, ChangeKind.CHANGED, line_of(old), after)
    for code, old in left.items():
        if old.gone_at is None:
            note(code, ChangeKind.GONE, line_of(old), None)
    return changes


def _gone(changes: Iterable[CatalogueChange], known: dict[str, Any], now: datetime) -> None:
    """Mark what the bureau no longer lists; its line stays, for what was done with it."""
    for change in changes:
        if change.change == ChangeKind.GONE:
            row = known[change.code]
            type(row).objects.filter(pk=row.pk).update(gone_at=now)
