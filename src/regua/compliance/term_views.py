"""*Configurações › Prazos do comunicado por UF*."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.compliance.forms import NoticeTermForm
from regua.compliance.models import NoticeTerm
from regua.compliance.selectors import TERM_CHANGE, notice_term_changes
from regua.compliance.services import notice_term_remove, notice_term_set
from regua.web.forms import add_errors

SHOWN = 10
"""How many of the last changes the page shows."""


def _may_see(request: Request) -> bool:
    """Whether this person may change them, too."""
    manages = request.user.can(Permission.MANAGE_PARAMETERS)
    if not manages:
        require(request.user, Permission.VIEW_INTEGRATIONS)
    return manages


@require_safe
def notice_term_list(request: Request) -> HttpResponse:
    manages = _may_see(request)
    context = {
        "terms": NoticeTerm.objects.all(),
        "default_days": NoticeTerm.DEFAULT_DAYS,
        "manages": manages,
        "changes": [
            {
                "state": change.name.removeprefix(TERM_CHANGE),
                "before": _said(change.before),
                "after": _said(change.after),
                "actor": change.actor.name,
                "at": change.at,
            }
            for change in notice_term_changes()[:SHOWN]
        ],
    }
    return render(request, "compliance/notice_term_list.html", context)


def _said(kept: dict[str, Any] | None) -> str:
    return f"{kept['days']} dias ({kept['source']})" if kept else "Prazo geral"


@require_http_methods(["GET", "HEAD", "POST"])
def notice_term_edit(request: Request, pk: int | None = None) -> HttpResponse:
    """A new state's term, or one there is; its state stays."""
    require(request.user, Permission.MANAGE_PARAMETERS)
    term = get_object_or_404(NoticeTerm, pk=pk) if pk else None
    form = NoticeTermForm(
        request.POST if request.method == "POST" else None,
        initial={"state": term.state, "days": term.days, "source": term.source} if term else {},
    )
    if term:
        form.fields["state"].disabled = True
    if form.is_valid():
        state = form.cleaned_data["state"]
        if term is None and NoticeTerm.objects.filter(state=state).exists():
            form.add_error("state", f"{state} já tem um prazo. Volte à lista e altere aquele.")
        else:
            try:
                saved = notice_term_set(actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(
                    request, f"Prazo do comunicado em {saved.state}: {saved.days} dias."
                )
                return redirect("notice_term_list")
    context = {"form": form, "term": term, "default_days": NoticeTerm.DEFAULT_DAYS}
    return render(request, "compliance/notice_term_edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def notice_term_delete(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.MANAGE_PARAMETERS)
    term = get_object_or_404(NoticeTerm, pk=pk)
    if request.method == "POST":
        notice_term_remove(term=term, actor=request.user)
        messages.success(
            request, f"{term.state} volta ao prazo geral de {NoticeTerm.DEFAULT_DAYS} dias."
        )
        return redirect("notice_term_list")
    context = {
        "heading": f"Retirar o prazo de {term.state}",
        "question": f"Voltar ao prazo geral de {NoticeTerm.DEFAULT_DAYS} dias em {term.state}?",
        "facts": [("Prazo de hoje", f"{term.days} dias"), ("Fonte", term.source)],
        "undoable": True,
        "confirm_label": "Retirar o prazo",
        "cancel_url": reverse("notice_term_list"),
    }
    return render(request, "web/confirm.html", context)
