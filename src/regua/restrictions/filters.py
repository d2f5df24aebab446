"""Looking through the listings: the filters of *Todas*, of the report and of its exports.

Rows are narrowed here; how many there are and what they come to is summed from the totals, which
the same choices narrow (``totals.py``). The totals also say between which keys the rows are, so
that a page does not look through the years before and after them.
"""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.db.models import Q, QuerySet

from regua.accounts.models import User
from regua.integrations.filters import OutgoingFilter
from regua.organization.models import Branch
from regua.restrictions import totals
from regua.restrictions.choices import Dated, Form, RemovalReason, Status
from regua.restrictions.forms import CONTESTED, SITUATIONS, UNSETTLED
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import awaiting_approval, contested, unsettled
from regua.restrictions.totals import Totals
from regua.web import formats, forms

_FEW = {
    UNSETTLED: unsettled,
    CONTESTED: contested,
    str(Status.DRAFT.value): awaiting_approval,
}


class ListingFilter(OutgoingFilter):
    """The filters of *Relatório de Negativações de Crédito*."""

    field_order = (
        *("integration", "branch", "status", "form", "about", "since", "until"),
        *("removal_reason", "minimum", "maximum", "requested_by"),
    )

    status = django_forms.ChoiceField(label="Situação", required=False, choices=SITUATIONS)
    form = django_forms.ChoiceField(
        label="Forma", required=False, choices=[("", "Todas"), *Form.choices]
    )
    about = django_forms.ChoiceField(label="Período de", required=False, choices=Dated.choices)
    removal_reason = django_forms.ChoiceField(
        label="Motivo da baixa", required=False, choices=[("", "Todos"), *RemovalReason.choices]
    )
    minimum = forms.MoneyField(label="Valor mínimo", required=False, min_value=0)
    maximum = forms.MoneyField(label="Valor máximo", required=False, min_value=0)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, people=totals.requesters(actor), **kwargs)

    def clean(self) -> None:
        super().clean()
        minimum, maximum = self.cleaned_data.get("minimum"), self.cleaned_data.get("maximum")
        if minimum and maximum is not None and minimum > maximum:
            self.add_error("maximum", "O valor máximo é menor que o mínimo.")

    def search(
        self, rows: QuerySet[Restriction], actor: User
    ) -> tuple[QuerySet[Restriction], Totals | None]:
        return search(rows, self.chosen, branch=self.in_branch, actor=actor)


def search(
    rows: QuerySet[Restriction], chosen: dict[str, Any], *, branch: Branch | None, actor: User
) -> tuple[QuerySet[Restriction], Totals | None]:
    """The rows that fit, to be paged through by key, and what they add up to.

    None where that must be counted row by row (``totals.counted``), which takes a while where the
    rows are many: no total knows the amounts one by one.
    """
    found = narrow(rows, chosen, branch=branch)
    if chosen.get("status") in _FEW:  # few at any time, and in no total
        return found, totals.counted(found)
    summed = totals.summed(chosen, branch=branch, actor=actor)
    if not summed:
        return rows.none(), summed
    found = found.filter(pk__gte=summed.first_id, pk__lte=summed.last_id)
    if "status" in chosen:  # the index on status begins with the branch
        found = found.filter(branch__in=summed.branches)
    by_amount = "minimum" in chosen or "maximum" in chosen
    return found, None if by_amount else summed


def narrow(
    rows: QuerySet[Restriction], chosen: dict[str, Any], *, branch: Branch | None
) -> QuerySet[Restriction]:
    """The restrictions that fit ``chosen``, as ``ListingFilter.chosen`` gives it."""
    if few := _FEW.get(chosen.get("status", "")):
        rows = few(rows)
    rows = totals.alike(rows, chosen, branch)
    if "minimum" in chosen:
        rows = rows.filter(amount__gte=chosen["minimum"])
    if "maximum" in chosen:
        rows = rows.filter(amount__lte=chosen["maximum"])
    return rows.filter(_in_period(chosen))


def _in_period(chosen: dict[str, Any]) -> Q:
    name = {
        Dated.SENT: "sent_at",
        Dated.VISIBLE: "visible_on",
        Dated.REMOVED: "removed_on",
    }.get(chosen.get("about", ""), "requested_at")
    instants = name.endswith("_at")
    asked = Q()
    if since := chosen.get("since"):
        asked &= Q(**{f"{name}__gte": formats.day_start(since) if instants else since})
    if until := chosen.get("until"):
        end = {f"{name}__lt": formats.day_end(until)} if instants else {f"{name}__lte": until}
        asked &= Q(**end)
    return asked
