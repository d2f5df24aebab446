"""What a page's filter form has chosen, kept by keys in a report's ``Filters`` and opened again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from regua.accounts.models import User
from regua.integrations.filters import OutgoingFilter
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.reports.definition import Filters
from regua.web import formats

_ROWS: dict[str, type[Model]] = {"branch": Branch, "integration": Integration, "requested_by": User}


def keep(form: OutgoingFilter, filters: type[Filters]) -> Any:
    """What the form shows, so that an export has the rows of the screen."""
    chosen = in_force(form)
    keys = {name: row.pk for name in _ROWS if (row := chosen.get(name))}
    return filters.load({**chosen, **keys})


def in_force(form: OutgoingFilter) -> dict[str, Any]:
    """What the form has chosen, the branch of the top bar included."""
    return {**form.chosen, **({"branch": form.in_branch} if form.in_branch else {})}


def opened(filters: Filters) -> dict[str, Any]:
    """The filters as the form's ``chosen`` gives them; None for what exists no more."""
    chosen = filters.model_dump(exclude_none=True)
    for name in chosen.keys() & _ROWS.keys():
        chosen[name] = _ROWS[name]._default_manager.filter(pk=chosen[name]).first()
    return chosen


def told(filters: Filters, actor: User) -> dict[str, Any]:
    """The same to be told to this person: what they may not see, by its number."""
    chosen = opened(filters)
    for name in chosen.keys() & _ROWS.keys():
        key = getattr(filters, name)
        unseen = name == "branch" and not actor.sees_branch(key or 0)
        if unseen or chosen[name] is None:
            chosen[name] = f"nº {key}"
    return chosen


def period_in_words(chosen: dict[str, Any]) -> str:
    match chosen:
        case {"since": since, "until": until}:
            return f"De {formats.day(since)} a {formats.day(until)}"
        case {"since": since}:
            return f"Desde {formats.day(since)}"
        case {"until": until}:
            return f"Até {formats.day(until)}"
    return ""


def rows_in_words(chosen: dict[str, Any]) -> Iterable[str]:
    for name, label in (
        ("branch", "Filial"),
        ("integration", "Integração"),
        ("requested_by", "Operador"),
    ):
        if name in chosen:
            yield f"{label} {chosen[name]}"
