"""Local holidays, and where each branch stands: what deadlines leave out besides the national ones.

A day more that does not count lengthens deadlines that the law gives to the debtor's good. So a
running deadline is never lengthened: a new holiday counts for the deadlines that begin from now on,
while one taken back brings forward those that it had lengthened.
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.calendar import national_holidays, state_holidays
from regua.integrations.services import constraint_of
from regua.organization.models import Branch, Holiday
from regua.organization.selectors import place
from regua.parties.models import STATES
from regua.restrictions.duties import duties_shorten


def holiday_add(*, actor: User, day: date, name: str, state: str, city: str = "") -> Holiday:
    """Let a day no longer count in a state, or in one of its municipalities.

    Raises ``ValidationError`` with a sentence; nothing is changed then.
    """
    require(actor, Permission.MANAGE_PARAMETERS)
    name, city = name.strip(), city.strip()
    problems = {}
    if not name:
        problems["name"] = "Escreva o nome do feriado."
    if state not in dict(STATES):
        problems["place"] = "Escolha onde o feriado vale."
    if not 2000 <= day.year <= 2100:
        problems["day"] = "Confira o ano."
    elif national := national_holidays(day.year).get(day):
        problems["day"] = f"Este dia já é feriado nacional: {national}. Nada foi mudado."
    if problems:
        raise ValidationError(problems)
    try:
        with transaction.atomic():
            return Holiday.objects.create(
                day=day, name=name, state=state, city=city, created_by=actor
            )
    except IntegrityError as error:
        if constraint_of(error) == "holiday_once":
            raise ValidationError({"day": "Este dia já está na lista para este lugar."}) from None
        raise


def holiday_remove(*, holiday: Holiday, actor: User) -> int:
    """Let the day count again; return how many open deadlines became shorter by it."""
    require(actor, Permission.MANAGE_PARAMETERS)
    with transaction.atomic():
        removed = Holiday.objects.filter(pk=holiday.pk, removed_at=None).update(
            removed_at=timezone.now(), removed_by=actor
        )
        if not removed:
            raise ValidationError("Este feriado já tinha sido retirado. Nada foi mudado.")
        there = Branch.objects.filter(state=holiday.state)
        return duties_shorten([b for b in there if place(holiday.city) in ("", place(b.city))])


ADDRESS = ("postal_code", "street", "number", "district")


def branch_place_set(*, branch: Branch, actor: User, state: str, city: str, **address: str) -> int:
    """Say where a branch stands; return how many of its open deadlines became shorter by it.

    ``address`` may hold what is in ``ADDRESS``. Raises ``ValidationError`` with a sentence.
    """
    require(actor, Permission.MANAGE_PARAMETERS, branch_id=branch.pk)
    if unknown := set(address) - set(ADDRESS):
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    city = city.strip()
    if state and state not in dict(STATES):
        raise ValidationError({"state": "Escolha uma das UFs."})
    if city and not state:
        raise ValidationError({"state": "Escolha a UF do município."})
    with transaction.atomic():
        locked = Branch.objects.select_for_update().get(pk=branch.pk)
        values = {"state": state, "city": city} | {n: v.strip() for n, v in address.items()}
        for name, value in values.items():
            setattr(locked, name, value)
            setattr(branch, name, value)
        locked.save(update_fields=list(values))
        return duties_shorten([locked])


def holidays_counted(*, year: int) -> QuerySet[Holiday]:
    rows = Holiday.objects.filter(removed_at=None, day__year=year)
    return rows.select_related("created_by").order_by("day", "state", "city")


def holidays_removed(limit: int = 10) -> QuerySet[Holiday]:
    """The last ones taken back."""
    rows = Holiday.objects.filter(removed_at__isnull=False)
    return rows.select_related("created_by", "removed_by").order_by("-removed_at")[:limit]


def branch_places() -> list[tuple[str, str]]:
    """``(UF, municipality)`` of the active branches, first each whole state."""
    rows = Branch.objects.filter(active=True).exclude(state="").order_by("state", "city")
    found = list(rows.values_list("state", "city"))
    states = dict.fromkeys((state, "") for state, _ in found)
    return list(states | dict.fromkeys((state, city) for state, city in found if city))


def holidays_offered(*, year: int) -> list[tuple[date, str, str]]:
    """The state holidays of ``year`` that do not count: day, name and UF, where there is a branch.

    As the ``holidays`` package knows them.
    """
    states = sorted({state for state, _ in branch_places()})
    counted = set(
        holidays_counted(year=year).filter(city="").values_list("day", "state").order_by()
    )
    return sorted(
        (day, name, state)
        for state in states
        for day, name in state_holidays(state, year).items()
        if (day, state) not in counted
    )
