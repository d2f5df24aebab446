"""*Configurações › Empresa › Filiais*: the branch's data and which integration it uses."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.forms import BranchLinkForm
from regua.integrations.models import Integration
from regua.integrations.selectors import branches_with_integration
from regua.integrations.services import catalogue_sync, integration_link
from regua.integrations.views import (
    FAILURES,
    failure_sentence,
    link_status,
    provider_name,
)
from regua.organization.models import Branch
from regua.web import keyset


def branch_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_INTEGRATIONS)
    rows = branches_with_integration(request.user)
    page = keyset.paginate(rows, ordering=("name",), cursor=request.GET.get("cursor"))
    for branch in page:
        branch.integration = _own(branch)
        if branch.integration:
            branch.provider_name = provider_name(branch.integration)
            branch.link_status = link_status(branch.integration)
    context = {
        "page": page,
        "total": keyset.capped_count(rows),
        "manages": request.user.can(Permission.MANAGE_INTEGRATIONS),
    }
    return render(request, "integrations/branch_list.html", context)


def branch_detail(request: Request, pk: int) -> HttpResponse:
    branch = _get(request, pk)
    context = _context(branch, "Dados")
    context["places"] = request.user.can(Permission.MANAGE_PARAMETERS)
    return render(request, "integrations/branch_detail.html", context)


def branch_integrations(request: Request, pk: int) -> HttpResponse:
    branch = _get(request, pk)
    own = _own(branch)
    manages = request.user.can(Permission.MANAGE_INTEGRATIONS)
    if request.method == "POST":
        require(request.user, Permission.MANAGE_INTEGRATIONS, branch_id=branch.pk)
    form = BranchLinkForm(
        request.POST if request.method == "POST" else None,
        own=own,
        name=provider_name(own) if own else "",
    )
    if not manages or own is None:
        form.fields["integration"].disabled = True
    if request.method == "POST" and own and form.is_valid():
        linked = bool(form.cleaned_data["integration"])
        integration_link(integration=own, actor=request.user, linked=linked)
        if not linked:
            said = (
                f"A filial {branch} ficou sem integração: consultas e negativações novas esperam."
            )
            messages.success(request, said)
        elif problem := _first_catalogue(own, request.user):
            messages.warning(
                request,
                f"Integração {own} vinculada à filial {branch}, mas os produtos e códigos não "
                f"vieram: {problem} Depois, aperte Atualizar códigos de restrição na integração.",
            )
        else:
            messages.success(
                request, f"Integração {own} vinculada à filial {branch}. Já pode ser usada."
            )
        return redirect("branch_integrations", branch.pk)
    context = _context(branch, "Integrações") | {
        "form": form,
        "integration": own,
        "manages": manages,
        "link_status": link_status(own) if own else None,
    }
    return render(request, "integrations/branch_integrations.html", context)


def _first_catalogue(integration: Integration, actor: User) -> str:
    """Fetch the products and codes that were never fetched, so that it can be used at once.

    Returns why it could not be done, as a sentence.
    """
    if integration.codes_synced_at is not None:
        return ""
    try:
        catalogue_sync(integration=integration, actor=actor)
    except FAILURES as error:
        return failure_sentence(error)
    return ""


def _get(request: Request, pk: int) -> Branch:
    if not request.user.can(Permission.VIEW_INTEGRATIONS):
        raise Http404
    return get_object_or_404(
        branches_with_integration(request.user).select_related("company"), pk=pk
    )


def _own(branch: Any) -> Integration | None:
    live: list[Integration] = branch.live_integrations
    return live[0] if live else None


def _context(branch: Branch, active: str) -> dict[str, Any]:
    tabs = [
        {"label": label, "url": reverse(name, args=[branch.pk]), "active": label == active}
        for label, name in (("Dados", "branch_detail"), ("Integrações", "branch_integrations"))
    ]
    return {"branch": branch, "tabs": tabs}
