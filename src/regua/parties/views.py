"""The customers' list and the customer's own data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties import selectors
from regua.parties.forms import ONLY_PEOPLE, CustomerFilter, CustomerForm
from regua.parties.models import Customer, PotentialParty
from regua.parties.panels import PartyPanels, Situation, allowed, customer_panels, party_page
from regua.parties.services import customer_update, document_reveal
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.responses import next_page

NOTHING = "nada"


@require_safe
def customer_list(request: Request) -> HttpResponse:
    actor = request.user
    require(actor, Permission.VIEW_PARTIES)
    situations = [s for s in customer_panels.situations if allowed(actor, s.permission)]
    choices = [(s.value, s.label) for s in situations]
    form = CustomerFilter(
        request.GET,
        branches=() if request.branch else request.branches,
        situations=[*choices, (NOTHING, "Nada em atraso nem negativado")] if choices else (),
    )
    customers = selectors.customers_visible(actor)
    if request.branch:
        customers = customers.filter(branch_id=request.branch.pk)
    customers = _narrow(customers, form, situations, request)
    page = keyset.paginate(
        customers, ordering=("search_name", "pk"), cursor=request.GET.get("cursor")
    )
    context = {
        "form": form,
        "page": page,
        "total": keyset.capped_count(customers),
        "show_branch": not request.branch and len(request.branches) > 1,
        **customer_panels.table_of(page.items, actor),
    }
    return render(request, "parties/customer_list.html", context)


def _narrow(
    customers: QuerySet[Customer],
    form: CustomerFilter,
    situations: list[Situation],
    request: Request,
) -> QuerySet[Customer]:
    customers = selectors.search(customers, form.chosen("q"))
    if branch := form.chosen("filial"):
        customers = customers.filter(branch_id=int(branch))
    if active := form.chosen("ativo"):
        customers = customers.filter(active=active == "sim")
    chosen = form.chosen("situacao")
    for situation in situations:
        if chosen == situation.value:
            customers = customers.filter(situation.condition(request.user))
        elif chosen == NOTHING:
            customers = customers.exclude(situation.condition(request.user))
    return customers


@require_safe
def party_detail(request: Request, pk: int, panels: PartyPanels) -> HttpResponse:
    """The tab *Dados*."""
    return _detail(request, pk, panels)


def _detail(request: Request, pk: int, panels: PartyPanels, revealed: str = "") -> HttpResponse:
    page = party_page(request, panels, pk, tab=f"{panels.kind}_detail")
    party = page["party"]
    notes = panels.notes_of(party)
    may = request.user.can(panels.edits) and not getattr(party, "converted_at", None)
    context = page | {
        "revealed": revealed,
        "groups": _groups(party, notes),
        "notes_count": len(notes),
        "edit_url": reverse(f"{panels.kind}_edit", args=[party.pk]) if may else "",
        "same_document": []
        if isinstance(party, Customer)
        else [
            (
                other,
                other._meta.verbose_name,
                reverse(f"{other._meta.model_name}_detail", args=[other.pk]),
            )
            for other in selectors.others_with_document(party)
        ],
    }
    return render(request, "parties/party_detail.html", context)


def _groups(party: Customer | PotentialParty, notes: dict[str, str]) -> list[dict[str, Any]]:
    """The party's fields as people read them: label, value and what is missing."""
    shown: dict[str, str] = {
        "sex": party.get_sex_display(),
        "birth_date": formats.day(party.birth_date) if party.birth_date else "",
        "mobile": formats.phone(party.mobile) if party.mobile else "",
        "postal_code": formats.cep(party.postal_code) if party.postal_code else "",
    }

    def items(*names: str) -> list[tuple[str, str, str]]:
        return [
            (
                str(party._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
                shown.get(name, getattr(party, name) or ""),
                notes.get(name, ""),
            )
            for name in names
            if not (party.is_company and name in ONLY_PEOPLE)
        ]

    collection = []
    if isinstance(party, Customer):
        shown["dunned"] = "Sim" if party.dunned else "Não"
        shown["group"] = party.group.name if party.group else ""
        collection = [{"title": "Cobrança", "items": items("dunned", "group")}]
    return [
        {"title": "Quem é", "items": items("name", "sex", "birth_date")},
        {"title": "Contato", "items": items("mobile", "email")},
        {
            "title": "Endereço",
            "items": items(
                "postal_code", "street", "number", "complement", "district", "city", "state"
            ),
        },
        *collection,
    ]


def customer_edit(request: Request, pk: int) -> HttpResponse:
    customer = get_object_or_404(selectors.customers_visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    after = after_editing(request, customer)
    notes = customer_panels.notes_of(customer)
    form = CustomerForm(request.POST or None, instance=customer, notes=notes)
    if request.method == "POST" and form.is_valid():
        try:
            customer_update(customer=customer, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Cadastro de {form.cleaned_data['name']} atualizado.")
            return redirect(after)
    if form.errors:
        customer.refresh_from_db()  # the form wrote on it what it refused
    context = {"customer": customer, "form": form, "after": after}
    return render(request, "parties/customer_edit.html", context)


def after_editing(request: Request, party: Customer | PotentialParty) -> str:
    """Where to go once done: a page of ours named in ``proximo``, else the party's."""
    return next_page(request, reverse(f"{party._meta.model_name}_detail", args=[party.pk]))


@never_cache
@require_POST
def party_reveal(request: Request, pk: int, panels: PartyPanels) -> HttpResponse:
    """The whole document, for whoever may see it; without htmx, its page says it."""
    party = get_object_or_404(panels.visible(request.user), pk=pk)
    revealed = document_reveal(party=party, actor=request.user)
    if request.htmx:
        context = {"party": party, "panels": panels, "revealed": revealed}
        return render(request, "parties/party_document.html", context)
    return _detail(request, pk, panels, revealed)
