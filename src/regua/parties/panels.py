"""The pages of a customer, a lead and a prospect as frames that other apps fill.

Apps that know more about them than ``parties`` does (debts, inquiries, listings) register here, in
their ``AppConfig.ready()``, what they add: tabs, facts, actions, columns of the list. Each tab is a
page of the app that owns its data::

    customer_panels.tab("customer_inquiries", "Consultas", count=_count, order=30,
                        permission=Permission.VIEW_INQUIRIES)
    customer_panels.fact(_last_inquiry, order=30)
    customer_panels.action(_ask, order=10)

    def customer_inquiries(request: Request, pk: int) -> HttpResponse:
        page = party_page(request, customer_panels, pk, tab="customer_inquiries")
        return render(request, "inquiries/party_inquiries.html", {**page, ...})

and its template extends ``parties/party_base.html``, filling the block ``panel``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.selectors import customers_visible, leads_visible, prospects_visible
from regua.web.obstacle import Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A card above the tabs (``web/components/stat.html``)."""

    label: str
    value: str
    hint: str = ""
    icon: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button in the header; with ``reason``, disabled and explained."""

    label: str
    url: str = ""
    icon: str = ""
    primary: bool = False
    reason: str = ""
    reason_url: str = ""
    """Where this person can mend it; the reason links there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    url_name: str
    label: str
    permission: str = ""
    count: Callable[[Any, User], Any] | None = None
    order: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the list, read for one page of parties at a time."""

    label: str
    values: Callable[[Sequence[int], User], dict[int, Any]]
    """Party → what the cell shows (text or safe markup), in one query for all of them."""
    permission: str = ""
    kind: str = ""
    """The cell's class: ``money``, ``number``, ``date``."""
    order: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A choice of the list's filter "situação"."""

    value: str
    label: str
    condition: Callable[[User], Exists]
    """True of the customers meant, over ``OuterRef("pk")``."""
    permission: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """A button on each row of a list; ``url_name`` takes the party's pk."""

    url_name: str
    label: str
    icon: str = ""
    permission: str = ""
    obstacle: Callable[[User], Obstacle | None] | None = None
    """Why nobody can do it now, whatever the row; it is then shown disabled."""


# The party is a Customer, a Lead or a Prospect: the one whose panels these are.
FactOf = Callable[[Any, User], Fact | None]
ActionOf = Callable[[Any, User], Action | None]
Notes = Callable[[Any], dict[str, str]]


@dataclass(slots=True)
class PartyPanels:
    """What the apps above have registered for one kind of party."""

    kind: str
    """``customer``, ``lead`` or ``prospect``: also how its URL names begin."""
    visible: Callable[[User], QuerySet[Any]]
    crumbs: tuple[str, str]
    """Where its list stands in the menu: section and name."""
    edits: Permission
    """What it takes to change one."""
    row_actions: list[RowAction] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    situations: list[Situation] = field(default_factory=list)
    _facts: list[tuple[int, FactOf]] = field(default_factory=list)
    _actions: list[tuple[int, ActionOf]] = field(default_factory=list)
    _notes: list[Notes] = field(default_factory=list)

    @property
    def list_url_name(self) -> str:
        return f"{self.kind}_list"

    @property
    def reveal_url_name(self) -> str:
        return f"{self.kind}_reveal"

    def tab(
        self,
        url_name: str,
        label: str,
        *,
        permission: str = "",
        count: Callable[[Any, User], Any] | None = None,
        order: int = 50,
    ) -> None:
        """Add a tab: a URL that takes the party's pk. ``count`` may return None."""
        self.tabs.append(
            Tab(url_name=url_name, label=label, permission=permission, count=count, order=order)
        )
        self.tabs.sort(key=lambda tab: tab.order)

    def fact(self, build: FactOf, *, order: int = 50) -> None:
        """Add a card; ``build`` returns None where this person is not to see it."""
        self._facts.append((order, build))
        self._facts.sort(key=lambda pair: pair[0])

    def action(self, build: ActionOf, *, order: int = 50) -> None:
        """Add a button; ``build`` returns None where this person may not use it."""
        self._actions.append((order, build))
        self._actions.sort(key=lambda pair: pair[0])

    def column(self, column: Column) -> None:
        self.columns.append(column)
        self.columns.sort(key=lambda column: column.order)

    def row_action(self, action: RowAction) -> None:
        self.row_actions.append(action)

    def situation(self, situation: Situation) -> None:
        self.situations.append(situation)

    def field_notes(self, build: Notes) -> None:
        """Add remarks on the party's fields, as "falta para negativar"."""
        self._notes.append(build)

    def facts_of(self, party: Any, actor: User) -> list[Fact]:
        return [fact for _, build in self._facts if (fact := build(party, actor))]

    def actions_of(self, party: Any, actor: User) -> list[Action]:
        return [action for _, build in self._actions if (action := build(party, actor))]

    def notes_of(self, party: Any) -> dict[str, str]:
        return {name: note for build in self._notes for name, note in build(party).items()}

    def table_of(self, parties: Sequence[Any], actor: User) -> dict[str, Any]:
        """The rows of a list, with the columns and buttons that other apps contribute.

        A query for each column, however many rows there are.
        """
        ids = [party.pk for party in parties]
        columns = [column for column in self.columns if allowed(actor, column.permission)]
        values = [column.values(ids, actor) if ids else {} for column in columns]
        actions = [action for action in self.row_actions if allowed(actor, action.permission)]
        obstacles = {a.url_name: a.obstacle(actor) for a in actions if a.obstacle}
        rows = [
            {
                "party": party,
                "url": reverse(f"{self.kind}_detail", args=[party.pk]),
                "cells": [
                    (column.kind, column.label, found.get(party.pk, ""))
                    for column, found in zip(columns, values, strict=True)
                ],
                "actions": [
                    {
                        "label": action.label,
                        "icon": action.icon,
                        "url": reverse(action.url_name, args=[party.pk]),
                        "obstacle": obstacles.get(action.url_name),
                    }
                    for action in actions
                ],
            }
            for party in parties
        ]
        return {
            "rows": rows,
            "columns": columns,
            "obstacles": [obstacle for obstacle in obstacles.values() if obstacle],
        }

    def tabs_of(self, party: Any, actor: User, *, active: str) -> list[dict[str, Any]]:
        return [
            {
                "label": tab.label,
                "url": reverse(tab.url_name, args=[party.pk]),
                "active": tab.url_name == active,
                "count": tab.count(party, actor) if tab.count else None,
            }
            for tab in self.tabs
            if allowed(actor, tab.permission)
        ]


customer_panels = PartyPanels(
    "customer", customers_visible, ("Cadastros", "Clientes"), Permission.EDIT_PARTIES
)
lead_panels = PartyPanels("lead", leads_visible, ("CRM", "Leads"), Permission.EDIT_POTENTIALS)
prospect_panels = PartyPanels(
    "prospect", prospects_visible, ("CRM", "Prospecção"), Permission.EDIT_POTENTIALS
)


def allowed(actor: User, permission: str) -> bool:
    return not permission or actor.can(permission)


def party_page(request: Request, panels: PartyPanels, pk: int, *, tab: str) -> dict[str, Any]:
    """The context of ``parties/party_base.html``; 404 for a party this person cannot see.

    It holds ``party``, also under the name of its kind, ``panels``, ``tabs``, ``facts``,
    ``actions`` and ``can_reveal``.
    """
    actor = request.user
    party = get_object_or_404(panels.visible(actor), pk=pk)
    return {
        "party": party,
        panels.kind: party,
        "panels": panels,
        "tabs": panels.tabs_of(party, actor, active=tab),
        "facts": panels.facts_of(party, actor),
        "actions": panels.actions_of(party, actor),
        "can_reveal": actor.can(Permission.REVEAL_DOCUMENT),
    }


def customer_page(request: Request, pk: int, *, tab: str) -> dict[str, Any]:
    """``party_page`` of a customer."""
    return party_page(request, customer_panels, pk, tab=tab)
