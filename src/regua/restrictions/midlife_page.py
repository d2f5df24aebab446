"""What the forms of a listed debt's changes share: what they are about, how they are answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from regua.accounts.requests import Request
from regua.calendar import CORRECTION_DAYS, business_day_after
from regua.organization.selectors import days_off
from regua.receivables.models import Receivable
from regua.receivables.selectors import receivables_visible
from regua.restrictions import selectors
from regua.restrictions.choices import RemovalReason
from regua.restrictions.models import Restriction
from regua.web import formats
from regua.web.forms import add_errors

METHODS = ["GET", "HEAD", "POST"]


def listing_of(request: Request, pk: int) -> Restriction:
    return get_object_or_404(selectors.restrictions_visible(request.user), pk=pk)


def debt_of(request: Request, pk: int) -> Receivable:
    return get_object_or_404(receivables_visible(request.user), pk=pk)


def answer(
    request: Request,
    form: django_forms.BaseForm,
    do: Callable[[dict[str, Any]], str],
    **page: Any,
) -> HttpResponse:
    """Show the form; once it is valid, ``do`` it and go where ``do`` says."""
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(do(form.cleaned_data))
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "restrictions/midlife_form.html", {"form": form, **page})


def of_listing(r: Restriction) -> dict[str, Any]:
    return {
        "subject": f"Negativação nº {r.pk} · {r.customer.name} · título {r.receivable.number}",
        "back": reverse("restriction_detail", args=[r.pk]),
        "crumbs": [
            ("Negativações", reverse("restriction_list")),
            (f"Nº {r.pk}", reverse("restriction_detail", args=[r.pk])),
        ],
    }


def of_debt(debt: Receivable) -> dict[str, Any]:
    back = reverse("customer_receivables", args=[debt.customer_id])
    live = selectors.latest_live(debt)
    return {
        "subject": f"{debt.customer.name} · título {debt.number}, "
        f"{formats.brl(debt.open_amount)} em aberto",
        "back": reverse("restriction_detail", args=[live.pk]) if live else back,
        "crumbs": of_customer(debt.customer.name, back),
    }


def of_customer(name: str, url: str) -> list[tuple[str, str]]:
    """The breadcrumbs of what belongs to a customer."""
    return [("Cadastros", ""), ("Clientes", reverse("customer_list")), (name, url)]


def code_for(r: Restriction, reason: RemovalReason) -> str:
    code = selectors.removal_codes(r.integration).get(reason)
    return (
        f"código {code.code}, {code.description}"
        if code
        else f"sem código no birô: atualize os códigos da integração nº {r.integration_id}"
    )


def until(r: Restriction) -> str:
    last = business_day_after(timezone.localdate(), CORRECTION_DAYS, days_off(r.branch))
    return f"Avisados hoje, o prazo é {formats.day(last)}: cinco dias úteis (CDC, art. 43, § 3º)."


def evidence_url(debt: Receivable, kind: str, after: str, impediment: int | None = None) -> str:
    """Where its proof is attached; ``impediment`` is what it belongs to."""
    query = {"titulo": debt.pk, "tipo": kind, "proximo": after}
    if impediment:
        query["impedimento"] = impediment
    return f"{reverse('evidence_add', args=[debt.customer_id])}?{urlencode(query)}"
