"""Who is who: what leads and prospects became, and which of two with one document is meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import connection

from regua import documents
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect

_BECAME = {
    "prospects": ("customer_external_id", "parties_prospect", "customer_id", "parties_customer"),
    "leads": ("prospect_external_id", "parties_lead", "prospect_id", "parties_prospect"),
}
_MODELS = {"prospects": Prospect, "leads": Lead}
_PARTIES = {"customers": Customer, **_MODELS}

Row = Sequence[str]


def converted_left_out(
    branch: Branch, kind: str, columns: Sequence[str], rows: Collection[Row]
) -> list[Row]:
    """``rows`` without those that have become something here: these do not change any more."""
    model = _MODELS.get(kind)
    if model is None:
        return list(rows)
    place = columns.index("external_id")
    gone = set(
        model.objects.filter(  # type: ignore[attr-defined]
            branch=branch,
            external_id__in=[row[place] for row in rows],
            converted_at__isnull=False,
        ).values_list("external_id", flat=True)
    )
    return [row for row in rows if row[place] not in gone]


def one_per_document(
    branch: Branch, kind: str, columns: Sequence[str], rows: Collection[Row]
) -> tuple[list[Row], list[Row]]:
    """``rows`` of parties with one for each document, and the others.

    Some systems keep a person twice, and here a document stands for one. Of customers the one that
    is known is meant, else the first that is active, else the first; of those who may become one
    the latest.
    """
    model = _PARTIES.get(kind)
    if model is None:
        return list(rows), []
    number, document = columns.index("external_id"), columns.index("document")
    active = columns.index("active") if "active" in columns else None
    alike: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows if model is Customer else reversed(list(rows)):
        alike[_document(row[document]) or f"?{row[number]}"].append(row)
    doubled = [row[number] for group in alike.values() if len(group) > 1 for row in group]
    known = set(
        model.objects.filter(  # type: ignore[attr-defined]
            branch=branch, external_id__in=doubled
        ).values_list("external_id", flat=True)
    )

    def rank(row: Row) -> tuple[bool, bool]:
        return row[number] not in known, active is not None and row[active] != "true"

    meant, others = [], []
    for group in alike.values():
        chosen = min(group, key=rank)
        meant.append(chosen)
        others += [row for row in group if row is not chosen]
    return meant, others


def _document(text: str) -> str:
    """The bare document; "" for what is none: people type 000.000.000-00 for many."""
    try:
        return documents.parse(text).value
    except documents.InvalidDocument:
        return ""


def conversions_write(
    branch: Branch, kind: str, columns: Sequence[str], rows: Collection[Row]
) -> None:
    """Join what ``rows`` say to have become something with what it became, if that is here.

    In the transaction in which they were imported.
    """
    if kind not in _BECAME:
        return
    name, table, column, other = _BECAME[kind]
    own, became = columns.index("external_id"), columns.index(name)
    pairs = [(row[own], row[became]) for row in rows if row[became]]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t"  # noqa: S608 - our own names
            f" SET {column} = o.id, converted_at = now(), updated_at = now()"
            " FROM unnest(%s::text[], %s::text[]) AS said(own, became)"
            f" JOIN {other} AS o ON o.branch_id = %s AND o.external_id = said.became"
            " WHERE t.branch_id = %s AND t.external_id = said.own AND t.converted_at IS NULL",
            [[a for a, _ in pairs], [b for _, b in pairs], branch.pk, branch.pk],
        )
