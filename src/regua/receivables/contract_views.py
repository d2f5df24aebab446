"""When a contract was suspended and rescinded."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require, visible
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.receivables.forms import ContractDatesForm
from regua.receivables.models import Contract
from regua.receivables.services import contract_dates_set
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.responses import next_page


@require_http_methods(["GET", "HEAD", "POST"])
def contract_dates(request: Request, pk: int) -> HttpResponse:
    """``?proximo=`` is where to go back to."""
    contracts = visible(
        Contract.objects.select_related("customer"),
        actor=request.user,
        permission=Permission.VIEW_PARTIES,
        branch="customer__branch",
    )
    contract = get_object_or_404(contracts, pk=pk)
    require(request.user, Permission.EDIT_PARTIES, branch_id=contract.customer.branch_id)
    after = next_page(request, reverse("customer_detail", args=[contract.customer_id]))
    form = ContractDatesForm(
        request.POST if request.method == "POST" else None,
        initial={"suspended_on": contract.suspended_on, "ended_on": contract.ended_on},
    )
    if form.is_valid():
        try:
            contract_dates_set(contract=contract, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Datas do contrato {contract.number} gravadas.")
            return redirect(after)
    context = {
        "contract": contract,
        "form": form,
        "after": after,
        "facts": [
            ("Contrato", contract.number),
            ("Tipo", contract.get_kind_display()),
            ("Início", formats.day(contract.started_on)),
        ],
    }
    return render(request, "receivables/contract_dates.html", context)
