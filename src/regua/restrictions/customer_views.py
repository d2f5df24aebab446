"""A customer's listings, and the steps that list one of the customer's debts.

The steps keep nothing between them but what is in the address: ``titulo`` chooses the debt. What is
missing in the customer's record is saved there at once; the listing is written by the last step.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.choices import CodeKind
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.integrations.selectors import (
    CreditAnalysisOff,
    NoIntegration,
    codes_for,
    integration_in_use,
)
from regua.integrations.switch import off_obstacle
from regua.parties.forms import ONLY_PEOPLE
from regua.parties.models import Customer
from regua.parties.panels import customer_page
from regua.parties.selectors import customers_visible
from regua.parties.services import customer_update
from regua.receivables.selectors import receivables_visible
from regua.restrictions import selectors, services
from regua.restrictions.deadlines import deadlines_of
from regua.restrictions.forms import CodeForm, GapsForm
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import Candidate
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.obstacle import Obstacle

STEPS = ["Dívida", "Dados do cliente", "Conferir e negativar"]


@require_safe
def customer_restrictions(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    page = customer_page(request, pk, tab="customer_restrictions")
    found = selectors.restrictions_visible(request.user).filter(customer=page["customer"])
    rows = keyset.paginate(found, ordering=("-pk",), cursor=request.GET.get("cursor"), page_size=25)
    running = deadlines_of([row.pk for row in rows])
    for row in rows:
        row.deadline = running.get(row.pk)
    context = {**page, "page": rows, "total": keyset.capped_count(found)}
    return render(request, "restrictions/customer_restrictions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def restriction_create(request: Request, pk: int) -> HttpResponse:
    """Choose a debt, fill in what is missing, look at the whole and ask."""
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    require(request.user, Permission.REQUEST_RESTRICTION, branch_id=customer.branch_id)
    try:
        integration = integration_in_use(customer.branch_id)
    except CreditAnalysisOff as error:
        return _obstructed(request, customer, off_obstacle(request.user, str(error)))
    except NoIntegration as error:
        return _obstructed(request, customer, Obstacle(str(error)))
    chosen = _chosen(request, customer, integration)
    if chosen is None:
        return _choose(request, customer, integration)
    if chosen.existing is not None:
        return _already_listed(request, chosen.existing)
    if chosen.refusals:
        if request.method == "POST":
            for finding in chosen.refusals:
                messages.error(request, f"Nada foi enviado. {finding.rule.failure}")
            return redirect("restriction_create", customer.pk)
        return _confirm(request, chosen, integration)
    return _gaps(request, chosen) if chosen.gaps else _confirm(request, chosen, integration)


def _obstructed(request: Request, customer: Customer, obstacle: Obstacle) -> HttpResponse:
    context = {"customer": customer, "steps": STEPS, "current": 1, "obstacle": obstacle}
    return render(request, "restrictions/create_debt.html", context)


def _chosen(request: Request, customer: Customer, integration: Integration) -> Candidate | None:
    text = request.GET.get("titulo", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    debt = receivables_visible(request.user).filter(customer=customer, pk=int(text)).first()
    return selectors.candidate(debt, integration) if debt else None


def _choose(request: Request, customer: Customer, integration: Integration) -> HttpResponse:
    found = selectors.candidates(customer, integration, actor=request.user)
    context = {
        "customer": customer,
        "steps": STEPS,
        "current": 1,
        "candidates": sorted(found, key=lambda c: not c.can_go_on),
        "some": any(c.can_go_on for c in found),
        "today": timezone.localdate(),
    }
    return render(request, "restrictions/create_debt.html", context)


def _already_listed(request: Request, existing: Restriction) -> HttpResponse:
    messages.info(
        request,
        f"Este título já tem a negativação nº {existing.pk}. Nada foi enviado de novo.",
    )
    return redirect("restriction_detail", existing.pk)


def _step(candidate: Candidate) -> str:
    debt = candidate.receivable
    address = reverse("restriction_create", args=[debt.customer_id])
    return f"{address}?{urlencode({'titulo': debt.pk})}"


def _gaps(request: Request, candidate: Candidate) -> HttpResponse:
    customer = candidate.receivable.customer
    form = GapsForm(
        request.POST if request.POST.get("etapa") == "dados" else None,
        instance=customer,
        missing=[finding.rule.field for finding in candidate.gaps],
    )
    if form.is_bound and form.is_valid():
        try:
            customer_update(customer=customer, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Dados salvos no cadastro de {customer.name}.")
            return redirect(_step(candidate))
    if form.errors:
        customer.refresh_from_db()  # the form wrote on it what it refused
    context = {
        "customer": customer,
        "debt": candidate.receivable,
        "steps": STEPS,
        "current": 2,
        "form": form,
        "step_url": _step(candidate),
        "facts": _debtor_facts(customer, leave_out=set(form.fields)),
    }
    return render(request, "restrictions/create_gaps.html", context)


def _confirm(request: Request, candidate: Candidate, integration: Integration) -> HttpResponse:
    debt = candidate.receivable
    customer = debt.customer
    codes = list(codes_for(integration, CodeKind.RESTRICTION, document=customer.document))
    form = CodeForm(
        request.POST if request.POST.get("etapa") == "confirmar" else None,
        codes=codes,
        initial={"restriction_code": selectors.default_restriction_code(integration, customer)},
    )
    if form.is_bound and form.is_valid():
        try:
            created = services.restriction_request(
                receivable=debt, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            existing = selectors.live_restriction(debt, integration.provider)
            if existing is not None:  # the second of two clicks
                return _already_listed(request, existing)
            add_errors(form, error)
        else:
            messages.success(
                request, f"Negativação nº {created.pk} pedida. Acompanhe aqui o que acontece."
            )
            return redirect("restriction_detail", created.pk)
    context = {
        "customer": customer,
        "debt": debt,
        "candidate": candidate,
        "steps": STEPS,
        "current": 3,
        "form": form,
        "codes": codes,
        "integration": integration,
        "bureau": provider_of(integration).name,
        "rules": _rules(candidate),
        "facts": _debtor_facts(customer),
        "step_url": _step(candidate),
    }
    return render(request, "restrictions/create_confirm.html", context)


def _rules(candidate: Candidate) -> list[dict[str, Any]]:
    """The gate as lines, what fails first; the fields that are filled in make one line together."""
    lines = [
        {
            "state": "pass" if finding.passed else ("fail" if finding.blocks else "warn"),
            "sentence": finding.rule.title if finding.passed else finding.rule.failure,
            "citation": finding.rule.citation,
        }
        for finding in candidate.findings
        if not finding.rule.field
    ]
    fields = [finding for finding in candidate.findings if finding.rule.field]
    missing = len(candidate.gaps)
    lines.append(
        {
            "state": "fail" if missing else "pass",
            "sentence": f"Faltam dados do cliente que o birô exige: {missing}."
            if missing
            else "O cadastro do cliente tem todos os dados que o birô exige",
            "citation": fields[0].rule.citation if fields else "",
        }
    )
    return sorted(lines, key=lambda line: line["state"] == "pass")


def _debtor_facts(customer: Customer, leave_out: set[str] | None = None) -> list[tuple[str, str]]:
    """The data the bureau gets, as people read it; ``leave_out`` are being asked for."""
    values = {
        "name": customer.name,
        "sex": customer.get_sex_display(),
        "birth_date": formats.day(customer.birth_date),
        "mobile": formats.phone(customer.mobile),
        "postal_code": formats.cep(customer.postal_code),
        **{
            name: getattr(customer, name)
            for name in ("street", "number", "complement", "district", "city", "state")
        },
    }
    facts = [("CPF ou CNPJ", formats.document_masked(customer.document))]
    for name, value in values.items():
        if name in (leave_out or ()) or (customer.is_company and name in ONLY_PEOPLE):
            continue
        label = str(Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        facts.append((label[:1].upper() + label[1:], value))
    return facts
