"""Looking through what was asked: the filters of the Central, the report and its exports.

Rows are narrowed here; how many there are and what they cost is summed from ``InquiryTotal``, which
the same choices narrow, so that a year of inquiries is counted as fast as a day.
"""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from regua.accounts.models import User
from regua.bureaus import registry
from regua.inquiries.choices import Outcome
from regua.inquiries.models import Inquiry, InquiryTotal
from regua.inquiries.selectors import (
    Totals,
    inquirers,
    sum_up,
    sum_up_under_way,
)
from regua.integrations.choices import PersonKind
from regua.integrations.filters import OutgoingFilter
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.web import formats, periods

UNFINISHED, REFUSED, ANSWERED = "unfinished", "refused", "answered"
RESULTS = [
    ("", "Todos"),
    (UNFINISHED, "Em andamento"),
    (Outcome.APPROVE.value, "Aprovar"),
    (Outcome.CONDITIONS.value, "Aprovar com condições"),
    (Outcome.REVIEW.value, "Analisar"),
    (Outcome.DENY.value, "Não aprovar"),
    (ANSWERED, "Respondida sem política"),
    (REFUSED, "Recusada"),
]
KINDS = [
    ("", "Ambos"),
    (PersonKind.PERSON.value, "Pessoa física"),
    (PersonKind.COMPANY.value, "Pessoa jurídica"),
]


class InquiryFilter(OutgoingFilter):
    """What cannot be read is said at its field and asks for nothing."""

    field_order = ("integration", "since", "until", "kind", "branch", "requested_by", "result")

    kind = django_forms.ChoiceField(label="Tipo de consulta", required=False, choices=KINDS)
    result = django_forms.ChoiceField(label="Resultado", required=False, choices=RESULTS)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, people=inquirers(actor), **kwargs)
        self.fields["kind"].choices = self._kinds()  # type: ignore[attr-defined]

    def _kinds(self) -> list[tuple[str, str]]:
        """Kinds of person, or the products of a bureau that names its inquiries by them."""
        raw = self["integration"].value()
        try:
            integration = self.fields["integration"].clean(raw)
        except ValidationError:
            return KINDS
        if integration is None or not _typed_by_product(integration):
            return KINDS
        products = integration.products.order_by("name").values_list("code", "name")
        return [("", "Todos"), *((f"p:{code}", name) for code, name in products)]

    def narrow(self, rows: QuerySet[Inquiry]) -> QuerySet[Inquiry]:
        return narrow(rows, self.chosen, branch=self.in_branch)

    def totals(self, actor: User) -> Totals:
        """How many inquiries fit, and what they cost."""
        return totals(actor, self.chosen, branch=self.in_branch)

    def search(self, rows: QuerySet[Inquiry], actor: User) -> tuple[QuerySet[Inquiry], Totals]:
        """The rows that fit, to be paged through, and what they add up to.

        The rows are sought between the first and the last day that have any, so that the last page
        does not look through the years before them.
        """
        found = self.totals(actor)
        if not found or not found.first or not found.last:
            return rows.none(), found
        between = Q(
            requested_at__gte=formats.day_start(found.first),
            requested_at__lt=formats.day_end(found.last),
        )
        return self.narrow(rows).filter(between), found


def narrow(
    rows: QuerySet[Inquiry], chosen: dict[str, Any], *, branch: Branch | None
) -> QuerySet[Inquiry]:
    """The inquiries that fit ``chosen``, as ``InquiryFilter.chosen`` gives it."""
    rows = _narrow_either(rows, chosen, branch)
    if since := chosen.get("since"):
        rows = rows.filter(requested_at__gte=formats.day_start(since))
    if until := chosen.get("until"):
        rows = rows.filter(requested_at__lt=formats.day_end(until))
    match chosen.get("kind"):
        case (PersonKind.PERSON | PersonKind.COMPANY) as kind:
            length = 14 if kind == PersonKind.COMPANY else 11
            rows = rows.annotate(length=Length("document")).filter(length=length)
        case str() as product:
            rows = rows.filter(product_code=product.removeprefix("p:"))
    match chosen.get("result"):
        case "unfinished":
            rows = rows.filter(due_at__isnull=False)
        case "refused":
            rows = rows.filter(status=Inquiry.Status.REFUSED)
        case "answered":
            rows = rows.filter(status=Inquiry.Status.ANSWERED, outcome="")
        case str() as outcome:
            rows = rows.filter(outcome=outcome)
    return rows


def totals(actor: User, chosen: dict[str, Any], *, branch: Branch | None) -> Totals:
    """What the inquiries that fit ``chosen`` add up to."""
    kept = _narrow_either(InquiryTotal.objects.all(), chosen, branch)
    match chosen.get("kind"):
        case (PersonKind.PERSON | PersonKind.COMPANY) as kind:
            kept = kept.filter(person_kind=kind)
        case str() as product:
            kept = kept.filter(product_code=product.removeprefix("p:"))
    result = chosen.get("result")
    found = Totals()
    if result in (None, UNFINISHED):
        under_way = narrow(Inquiry.objects.all(), {**chosen, "result": UNFINISHED}, branch=branch)
        found += sum_up_under_way(under_way, actor=actor)
    if result != UNFINISHED:
        if result:
            kept = kept.filter(result=result)
        since, until = chosen.get("since"), chosen.get("until")
        days = kept.filter(periods.by_day(since, until))
        found += sum_up(kept.filter(periods.made_up_of(since, until)), days, actor=actor)
    return found


def _narrow_either(rows: QuerySet[Any], chosen: dict[str, Any], branch: Branch | None) -> Any:
    """What rows and their totals have alike."""
    asked = Q(branch=branch) if branch else Q()
    for name in ("branch", "requested_by"):
        if name in chosen:
            asked &= Q(**{name: chosen[name]})
    if integration := chosen.get("integration"):
        # The branch says nothing new, but its index brings the rows in their order.
        asked &= Q(integration=integration, branch=integration.branch_id)
    return rows.filter(asked)


def _typed_by_product(integration: Integration) -> bool:
    try:
        return registry.get(integration.provider).capabilities.typed_by_product
    except LookupError:
        return False
