"""What may have happened to a listed debt, as links: only what is possible now."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Impediment, Receivable
from regua.restrictions.choices import AT_BUREAU, LIVE, Correction, RemovalReason, Status
from regua.restrictions.models import Restriction
from regua.web.status import Icon


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    url: str
    icon: str


_CORRECTIONS = {
    Correction.PARTIAL_PAYMENT: ("O cliente pagou uma parte", Icon("coins")),
    Correction.AMOUNT: ("O valor está errado", Icon("adjustments-dollar")),
    Correction.DUE_DATE: ("O vencimento está errado", Icon("calendar-due")),
    Correction.NAME: ("O nome está errado", Icon("pencil")),
    Correction.ADDRESS: ("O endereço está errado", Icon("mail")),
}
_RIGHTS = {
    Correction.PARTIAL_PAYMENT: Permission.REQUEST_RESTRICTION,
    Correction.AMOUNT: Permission.EDIT_RECEIVABLES,
    Correction.DUE_DATE: Permission.EDIT_RECEIVABLES,
    Correction.NAME: Permission.EDIT_PARTIES,
    Correction.ADDRESS: Permission.EDIT_PARTIES,
}


def amount_is_wrong(r: Restriction) -> bool:
    """The bureau shows another amount than what is owed."""
    debt = r.receivable
    return (
        r.status in AT_BUREAU
        and debt.is_owed
        and not debt.renegotiated
        and r.principal != debt.open_amount
    )


def corrections_possible(r: Restriction, actor: User) -> list[Correction]:
    """The kinds of correction that ``actor`` may ask for now."""
    can_start = r.status in AT_BUREAU or (r.status == Status.QUEUED and not r.unknown)
    may = actor.can(Permission.REQUEST_REMOVAL) and actor.can(Permission.REQUEST_RESTRICTION)
    if not (can_start and may and r.receivable.is_owed):
        return []
    if r.replacements.filter(status=Status.DRAFT).exists():
        return []
    return [
        kind
        for kind in Correction
        if actor.can(_RIGHTS[kind])
        and (kind is not Correction.PARTIAL_PAYMENT or amount_is_wrong(r))
    ]


def changes_of_listing(r: Restriction, actor: User) -> list[Change]:
    """The menu *O que mudou?* of a listing's page."""
    found = [
        Change(
            _CORRECTIONS[kind][0],
            reverse("correction_create", args=[r.pk, kind.value]),
            _CORRECTIONS[kind][1],
        )
        for kind in corrections_possible(r, actor)
    ]
    if r.status in LIVE:
        found += changes_of_debt(r.receivable, actor)
        if r.receivable.is_owed and actor.can(Permission.EDIT_RECEIVABLES):
            url = reverse("receivable_cancel", args=[r.receivable_id])
            found.append(Change("A dívida não existe mais", url, Icon("circle-minus")))
        if (
            not r.customer.is_company
            and r.customer.deceased_on is None
            and actor.can(Permission.EDIT_PARTIES)
            and actor.can(Permission.REQUEST_REMOVAL)
        ):
            url = reverse("customer_deceased", args=[r.customer_id])
            found.append(Change("O cliente faleceu", url, Icon("user-circle")))
    if r.status in AT_BUREAU and actor.can(Permission.REQUEST_REMOVAL):
        url = reverse("holder_change", args=[r.pk])
        found.append(Change("O titular mudou", url, Icon("users")))
    return found


def changes_of_debt(debt: Receivable, actor: User) -> list[Change]:
    """What may stand against a receivable, listed or not."""
    if not (actor.can(Permission.MANAGE_IMPEDIMENTS) and debt.is_owed):
        return []
    opened = set(debt.impediments.filter(closed_at=None).values_list("kind", flat=True))
    found = []
    if Impediment.Kind.CONTEST not in opened:
        url = reverse("contest_create", args=[debt.pk])
        found.append(Change("O cliente contesta a dívida", url, Icon("message-circle")))
    if Impediment.Kind.COURT_ORDER not in opened:
        url = reverse("court_order_create", args=[debt.pk])
        found.append(Change("Chegou uma ordem judicial", url, Icon("file-text")))
    return found


def letter_came_back(r: Restriction) -> bool:
    """The bureau took it off because its letter was returned, and the debt is still owed."""
    return (
        r.status == Status.REMOVED
        and r.removal_reason == RemovalReason.LETTER_RETURNED
        and r.receivable.is_owed
    )
