"""The customer page as a frame that other apps fill.

Apps that know more about a customer than ``parties`` does (debts, inquiries, listings) register
here, in their ``AppConfig.ready()``, what they add: tabs, facts, actions, columns of the list. Each
tab is a page of the app that owns its data::

    customer_panels.tab("customer_inquiries", "Consultas", count=_count, order=30,
                        permission=Permission.VIEW_INQUIRIES)
    customer_panels.fact(_last_inquiry, order=30)
    customer_panels.action(_ask, order=10)

    def customer_inquiries(request: Request, pk: int) -> HttpResponse:
        page = customer_page(request, pk, tab="customer_inquiries")
        return render(request, "inquiries/customer_tab.html", {**page, "customer": ...})

and its template extends ``parties/customer_base.html``, filling the block ``panel``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists
from django.shortcuts import get_object_or_404
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.models import Customer
from regua.parties.selectors import customers_visible


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
    count: Callable[[Customer, User], Any] | None = None
    order: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the customers' list, read for one page of customers at a time."""

    label: str
    values: Callable[[Sequence[int], User], dict[int, Any]]
    """Customer → what the cell shows (text or safe markup), in one query for all of them."""
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


FactOf = Callable[[Customer, User], Fact | None]
ActionOf = Callable[[Customer, User], Action | None]
Notes = Callable[[Customer], dict[str, str]]


@dataclass(slots=True)
class CustomerPanels:
    """What the apps above have registered."""

    tabs: list[Tab] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    situations: list[Situation] = field(default_factory=list)
    _facts: list[tuple[int, FactOf]] = field(default_factory=list)
    _actions: list[tuple[int, ActionOf]] = field(default_factory=list)
    _notes: list[Notes] = field(default_factory=list)

    def tab(
        self,
        url_name: str,
        label: str,
        *,
        permission: str = "",
        count: Callable[[Customer, User], Any] | None = None,
        order: int = 50,
    ) -> None:
        """Add a tab: a URL that takes the customer's pk. ``count`` may return None."""
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

    def situation(self, situation: Situation) -> None:
        self.situations.append(situation)

    def field_notes(self, build: Notes) -> None:
        """Add remarks on the customer's fields, as "falta para negativar"."""
        self._notes.append(build)

    def facts_of(self, customer: Customer, actor: User) -> list[Fact]:
        return [fact for _, build in self._facts if (fact := build(customer, actor))]

    def actions_of(self, customer: Customer, actor: User) -> list[Action]:
        return [action for _, build in self._actions if (action := build(customer, actor))]

    def notes_of(self, customer: Customer) -> dict[str, str]:
        return {name: note for build in self._notes for name, note in build(customer).items()}

    def tabs_of(self, customer: Customer, actor: User, *, active: str) -> list[dict[str, Any]]:
        return [
            {
                "label": tab.label,
                "url": reverse(tab.url_name, args=[customer.pk]),
                "active": tab.url_name == active,
                "count": tab.count(customer, actor) if tab.count else None,
            }
            for tab in self.tabs
            if allowed(actor, tab.permission)
        ]


customer_panels = CustomerPanels()


def allowed(actor: User, permission: str) -> bool:
    return not permission or actor.can(permission)


def customer_page(request: Request, pk: int, *, tab: str) -> dict[str, Any]:
    """The context of ``parties/customer_base.html``; 404 for a customer this person cannot see.

    It holds ``customer``, ``tabs``, ``facts``, ``actions`` and ``can_reveal``.
    """
    actor = request.user
    customer = get_object_or_404(customers_visible(actor), pk=pk)
    return {
        "customer": customer,
        "tabs": customer_panels.tabs_of(customer, actor, active=tab),
        "facts": customer_panels.facts_of(customer, actor),
        "actions": customer_panels.actions_of(customer, actor),
        "can_reveal": actor.can(Permission.REVEAL_DOCUMENT),
    }
