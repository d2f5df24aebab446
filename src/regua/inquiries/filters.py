"""Looking through what was asked: the filters of the Central, the report and its exports.

Rows are narrowed here; how many there are and what they cost is summed from ``InquiryTotal``, which
the same choices narrow, so that a year of inquiries is counted as fast as a day.
"""

from __future__ import annotations

from datetime import date, timedelta
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
    month_after,
    sum_up,
    sum_up_under_way,
)
from regua.integrations.choices import PersonKind
from regua.integrations.models import Integration
from regua.integrations.selectors import integrations_of_branches
from regua.organization.models import Branch
from regua.web import formats, forms

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


class InquiryFilter(forms.Form):
    """What cannot be read is said at its field and asks for nothing."""

    integration = django_forms.ModelChoiceField(
        label="Integração", required=False, queryset=Integration.objects.none(), empty_label="Todas"
    )
    since = forms.DateField(label="Data inicial", required=False)
    until = forms.DateField(label="Data final", required=False)
    kind = django_forms.ChoiceField(label="Tipo de consulta", required=False, choices=KINDS)
    branch = django_forms.ModelChoiceField(
        label="Filial", required=False, queryset=Branch.objects.none(), empty_label="Todas"
    )
    requested_by = django_forms.ModelChoiceField(
        label="Operador", required=False, queryset=User.objects.none(), empty_label="Todos"
    )
    result = django_forms.ChoiceField(label="Resultado", required=False, choices=RESULTS)

    def __init__(
        self, *args: Any, actor: User, branches: list[Branch], branch: Branch | None, **kwargs: Any
    ) -> None:
        """``branch`` is the one chosen in the top bar; the rows are narrowed to it."""
        super().__init__(*args, **kwargs)
        self.in_branch = branch
        within = [branch] if branch else branches
        chosen: Any = self.fields
        chosen["requested_by"].queryset = inquirers(actor)
        chosen["integration"].queryset = integrations_of_branches(b.pk for b in within)
        chosen["integration"].label_from_instance = _integration_label
        if branch or len(branches) < 2:
            del self.fields["branch"]
        else:
            chosen["branch"].queryset = Branch.objects.filter(pk__in=[b.pk for b in branches])
        chosen["kind"].choices = self._kinds()

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

    def clean_since(self) -> date | None:
        return self._day("since")

    def clean_until(self) -> date | None:
        return self._day("until")

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not 2000 <= day.year <= 2100:
            raise ValidationError("Escreva um ano entre 2000 e 2100.")
        return day

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", "A data final vem antes da inicial.")

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and could be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def in_use(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

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
        days = kept.filter(_days(since, until))
        found += sum_up(kept.filter(_period(since, until)), days, actor=actor)
    return found


def _days(since: date | None, until: date | None) -> Q:
    days = Q(monthly=False)
    if since:
        days &= Q(day__gte=since)
    if until:
        days &= Q(day__lte=until)
    return days


def _period(since: date | None, until: date | None) -> Q:
    """The totals that make up a period: its whole months, and the days at either end."""
    if since and until and since > until.replace(day=1):  # within one month
        return _days(since, until)
    months, days = Q(monthly=True), Q()
    if since:
        first = since if since.day == 1 else month_after(since)
        months &= Q(day__gte=first)
        days |= Q(monthly=False, day__gte=since, day__lt=first)
    if until:
        whole = (until + timedelta(days=1)).day == 1
        end = month_after(until) if whole else until.replace(day=1)
        months &= Q(day__lt=end)
        days |= Q(monthly=False, day__gte=end, day__lte=until)
    return months | days if days else months


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


def _integration_label(integration: Integration) -> str:
    bureau = registry.name_of(integration.provider)
    return f"nº {integration.pk} · {bureau} · {integration.branch.name}"


def _typed_by_product(integration: Integration) -> bool:
    try:
        return registry.get(integration.provider).capabilities.typed_by_product
    except LookupError:
        return False
