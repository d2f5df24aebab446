"""*Configurações › Grupos de clientes*: named, renamed, deleted while nobody uses them."""

from __future__ import annotations

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.models import CustomerGroup
from regua.parties.services import group_delete, group_save
from regua.web import forms, keyset
from regua.web.forms import add_errors


class GroupForm(forms.Form):
    name = django_forms.CharField(label="Nome", max_length=60)


@require_http_methods(["GET", "HEAD", "POST"])
def group_list(request: Request) -> HttpResponse:
    """All groups, and the form of a new one."""
    require(
        request.user,
        Permission.MANAGE_DUNNING if request.method == "POST" else Permission.VIEW_DUNNING,
    )
    form = GroupForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            group = group_save(actor=request.user, name=form.cleaned_data["name"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request, f"Grupo {group.name} criado. Escolha-o no cadastro de cada cliente."
            )
            return redirect("customer_group_list")
    rows = CustomerGroup.objects.all()
    context = {
        "form": form,
        "page": keyset.paginate(rows, ordering=("name",), cursor=request.GET.get("cursor")),
        "total": keyset.capped_count(rows),
        "manages": request.user.can(Permission.MANAGE_DUNNING),
    }
    return render(request, "parties/group_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def group_edit(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.MANAGE_DUNNING)
    group = get_object_or_404(CustomerGroup, pk=pk)
    form = GroupForm(
        request.POST if request.method == "POST" else None, initial={"name": group.name}
    )
    before = group.name
    if form.is_valid():
        try:
            group_save(actor=request.user, group=group, name=form.cleaned_data["name"])
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"O grupo {before} agora se chama {group.name}.")
            return redirect("customer_group_list")
    return render(request, "parties/group_edit.html", {"form": form, "name": before})


@require_POST
def group_remove(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.MANAGE_DUNNING)
    group = get_object_or_404(CustomerGroup, pk=pk)
    try:
        group_delete(group=group, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Grupo {group.name} excluído.")
    return redirect("customer_group_list")
