"""What receivables add to the customer page, and what other apps add to a receivable's row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.parties.models import Customer
from regua.parties.panels import Action, Column, Fact, Situation, customer_panels
from regua.receivables import selectors
from regua.receivables.models import Receivable
from regua.web import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNote:
    """What an app above knows of one receivable."""

    badge: str = ""
    """A code of ``web.status.STATUSES``."""
    url: str = ""
    """Where the badge leads."""
    action: Action | None = None
    notice: str = ""
    """What a person who records a payment for it or cancels it should know."""
    after_payment: str = ""
    after_cancellation: str = ""
    """What follows from the one and the other; each continues the notice."""


NotesOf = Callable[[Sequence[Receivable], User], dict[int, RowNote]]


@dataclass(slots=True)
class ReceivablePanels:
    _notes: list[NotesOf] = field(default_factory=list)

    def notes(self, build: NotesOf) -> None:
        """Add remarks; ``build`` answers for a page of receivables in a constant few queries."""
        self._notes.append(build)

    def notes_of(self, receivables: Sequence[Receivable], actor: User) -> dict[int, list[RowNote]]:
        found: dict[int, list[RowNote]] = {r.pk: [] for r in receivables}
        for build in self._notes:
            for pk, note in build(receivables, actor).items():
                found[pk].append(note)
        return found


receivable_panels = ReceivablePanels()


def _count(customer: Customer, actor: User) -> int:
    return selectors.receivables_visible(actor).filter(customer=customer).count()


def _overdue_fact(customer: Customer, actor: User) -> Fact | None:
    if not actor.can(Permission.VIEW_RECEIVABLES):
        return None
    debt = selectors.overdue_by_customer([customer.pk], actor=actor).get(
        customer.pk, selectors.Overdue()
    )
    if not debt.count:
        return Fact(
            label="Vencido", value=formats.brl(0), hint="Nada em atraso", icon="calendar-due"
        )
    titles = "1 título" if debt.count == 1 else f"{debt.count} títulos"
    since = formats.ago(debt.oldest)
    return Fact(
        label="Vencido",
        value=formats.brl(debt.total),
        hint=f"{titles}, vencido {since}"
        if debt.count == 1
        else f"{titles}, o mais antigo venceu {since}",
        icon="calendar-due",
        tone="active",
        url=f"{reverse('customer_receivables', args=[customer.pk])}?situacao=vencidos",
    )


def _overdue_column(customer_ids: Sequence[int], actor: User) -> dict[int, str]:
    found = selectors.overdue_by_customer(customer_ids, actor=actor)
    return {pk: formats.brl(debt.total) for pk, debt in found.items()}


def register() -> None:
    customer_panels.tab(
        "customer_receivables",
        "Títulos",
        permission=Permission.VIEW_RECEIVABLES,
        count=_count,
        order=20,
    )
    customer_panels.fact(_overdue_fact, order=10)
    customer_panels.column(
        Column(
            label="Vencido",
            values=_overdue_column,
            permission=Permission.VIEW_RECEIVABLES,
            kind="money",
            order=10,
        )
    )
    customer_panels.situation(
        Situation(
            value="vencido",
            label="Com título vencido",
            condition=selectors.customer_has_overdue,
            permission=Permission.VIEW_RECEIVABLES,
        )
    )
