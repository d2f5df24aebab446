"""Leads and prospects: the lists, each one's page, and what they become."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from regua.accounts.access import NotAllowed, require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties import selectors
from regua.parties.forms import PotentialFilter, PotentialForm
from regua.parties.kinds import PROSPECT, Kind
from regua.parties.models import Customer, Prospect
from regua.parties.services import CustomerExists, potential_create, potential_update
from regua.parties.views import after_editing
from regua.web import formats, keyset
from regua.web.forms import add_errors


@require_safe
def potential_list(request: Request, kind: Kind) -> HttpResponse:
    actor = request.user
    require(actor, Permission.VIEW_PARTIES)
    rows = kind.panels.visible(actor)
    if request.branch:
        rows = rows.filter(branch_id=request.branch.pk)
    form = PotentialFilter(request.GET)
    text, situation = form.chosen("q"), form.chosen("situacao")
    rows = selectors.search(rows, text)
    if situation != "todos":
        rows = rows.filter(converted_at__isnull=situation != "convertidos")
    page = keyset.paginate(rows, ordering=("search_name", "pk"), cursor=request.GET.get("cursor"))
    context = {
        "show_branch": not request.branch and len(request.branches) > 1,
        **kind.panels.table_of(list(page), actor),
        "form": form,
        "narrowed": bool(text or situation),
        "page": page,
        "total": keyset.capped_count(rows),
        "kind": kind,
        "list_url": kind.url("list"),
        "everyone_url": f"?{urlencode({'q': text, 'situacao': 'todos'})}"
        if text and not situation
        else "",
        "new_url": kind.url("new") if actor.can(Permission.EDIT_POTENTIALS) else "",
    }
    return render(request, "parties/potential_list.html", context)


def potential_new(request: Request, kind: Kind) -> HttpResponse:
    require(request.user, Permission.EDIT_POTENTIALS)
    only = request.branch or (request.branches[0] if len(request.branches) == 1 else None)
    form = PotentialForm(
        request.POST or None, instance=kind.model(), branches=() if only else request.branches
    )
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        branch = fields.pop("branch", None) or only
        if branch is None:
            raise NotAllowed("Você não tem acesso a nenhuma filial ativa. Nada foi cadastrado.")
        try:
            party = potential_create(kind=kind.model, branch=branch, actor=request.user, **fields)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Cadastro de {party.name} criado.")
            return redirect(kind.url("detail", party.pk))
    context = {"form": form, "kind": kind, "title": kind.new, "back": kind.url("list")}
    return render(request, "parties/potential_edit.html", context)


def potential_edit(request: Request, pk: int, kind: Kind) -> HttpResponse:
    party = get_object_or_404(kind.panels.visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_POTENTIALS, branch_id=party.branch_id)
    after = after_editing(request, party)
    if request.method != "POST" and party.converted_at:
        messages.warning(request, f"{party.name} já foi convertido: altere o cadastro novo.")
        return redirect(kind.url("detail", party.pk))
    form = PotentialForm(request.POST or None, instance=party)
    if request.method == "POST" and form.is_valid():
        try:
            potential_update(party=party, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Cadastro de {form.cleaned_data['name']} atualizado.")
            return redirect(after)
    if form.errors:
        party.refresh_from_db()  # the form wrote on it what it refused
    context = {
        "form": form,
        "kind": kind,
        "party": party,
        "title": "Editar cadastro",
        "back": after,
        "profile_url": kind.url("detail", party.pk),
    }
    return render(request, "parties/potential_edit.html", context)


def potential_convert(request: Request, pk: int, kind: Kind) -> HttpResponse:
    """Asks once more, saying what happens: whom it joins, or what is missing first."""
    party = get_object_or_404(kind.panels.visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_POTENTIALS, branch_id=party.branch_id)
    if party.became:
        return _show(party.became)
    if request.method == "POST":
        joins = {"join": _agreed(request, party)} if kind is PROSPECT else {}
        try:
            became = kind.convert(party, request.user, **joins)
        except CustomerExists as error:
            messages.warning(request, " ".join(error.messages))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"{became.name} agora é {kind.becomes}, com o seu histórico.")
            return _show(became)
    facts = [
        ("Nome", party.name),
        ("CPF ou CNPJ", formats.document_masked(party.document) if party.document else ""),
        ("Filial", party.branch.name),
        ("Consultas de crédito", "Continuam à vista depois"),
    ]
    edit = urlencode({"proximo": kind.url("convert", party.pk)})
    context = {
        "heading": f"Converter em {kind.becomes}",
        "question": f"Converter {party.name} em {kind.becomes}?",
        "facts": facts,
        "confirm_label": f"Converter em {kind.becomes}",
        "cancel_url": kind.url("detail", party.pk),
        "tone": "primary",
        "panels": kind.panels,
        "party": party,
        "lacks_document": kind is PROSPECT and not party.document,
        "edit_url": f"{kind.url('edit', party.pk)}?{edit}",
    }
    if kind is PROSPECT and (existing := _customers(party).first()):
        context |= {
            "existing": existing,
            "question": f"Ligar {party.name} ao cadastro de cliente que já existe?",
            "confirm_label": "Ligar a este cliente",
        }
    return render(request, "parties/convert.html", context)


def _show(party: Customer | Prospect) -> HttpResponse:
    return redirect(f"{party._meta.model_name}_detail", party.pk)


def _customers(party: Prospect) -> QuerySet[Customer]:
    """The branch's customer with the prospect's document, if there is one."""
    if not party.document:
        return Customer.objects.none()
    return Customer.objects.filter(branch_id=party.branch_id, document=party.document)


def _agreed(request: Request, party: Prospect) -> Customer | None:
    """The customer whom the person saw and agreed to join."""
    chosen = request.POST.get("cliente", "")
    return next((c for c in _customers(party) if str(c.pk) == chosen), None)
