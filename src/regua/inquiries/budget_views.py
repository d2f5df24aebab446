"""*Configurações › Orçamento de consultas*: what each branch spends and may spend in a month."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.inquiries.budget import budget_set, standing, standings
from regua.inquiries.models import InquiryBudget
from regua.inquiries.policy.forms import money_field, whole_field
from regua.web import formats, forms, keyset
from regua.web.forms import add_errors


class BudgetForm(forms.Form):
    """What the branch may spend in a month."""

    monthly = money_field("Orçamento mensal", help_text="Vazio: sem orçamento, nada é barrado.")
    warn_percent = whole_field(
        "Avisar a partir de",
        100,
        "%",
        min_value=1,
        required=True,
        initial=80,
        help_text="Quem consulta e o gestor veem o aviso; as consultas continuam até o fim do "
        "orçamento.",
    )


@require_safe
def budget_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_INQUIRIES)
    rows = branches_visible(request.user)
    page = keyset.paginate(rows, ordering=("name",), cursor=request.GET.get("cursor"))
    months = standings(branch.pk for branch in page)
    context = {
        "page": page,
        "total": keyset.capped_count(rows),
        "rows": [(branch, months[branch.pk]) for branch in page],
        "manages": request.user.can(Permission.MANAGE_BUDGET),
    }
    return render(request, "inquiries/budget_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def budget_edit(request: Request, pk: int) -> HttpResponse:
    """Who manages budgets changes it; the others read it."""
    require(request.user, Permission.VIEW_INQUIRIES)
    branch = get_object_or_404(branches_visible(request.user), pk=pk)
    manages = request.user.can(Permission.MANAGE_BUDGET)
    budget = InquiryBudget.objects.filter(branch=branch).select_related("changed_by").first()
    initial = {"monthly": budget.monthly, "warn_percent": budget.warn_percent} if budget else {}
    if request.method == "POST":
        require(request.user, Permission.MANAGE_BUDGET, branch_id=branch.pk)
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=initial)
    if not manages:
        for field in form.fields.values():
            field.disabled = True
    if form.is_valid():
        try:
            budget_set(branch=branch, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            monthly = form.cleaned_data["monthly"]
            messages.success(
                request,
                f"A filial {branch} ficou sem orçamento: nenhuma consulta é barrada."
                if monthly is None
                else f"Orçamento da filial {branch} gravado: {formats.brl(monthly)} por mês.",
            )
            return redirect("budget_list")
    context = {
        "form": form,
        "branch": branch,
        "budget": budget,
        "standing": standing(branch),
        "manages": manages,
    }
    return render(request, "inquiries/budget_edit.html", context)
