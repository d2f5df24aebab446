"""When a contract was suspended and rescinded."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.receivables import selectors
from regua.receivables.forms import ContractDatesForm
from regua.receivables.models import Contract, ContractDatesChange
from regua.receivables.services import contract_dates_set
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.responses import next_page


@require_http_methods(["GET", "HEAD", "POST"])
def contract_dates(request: Request, pk: int) -> HttpResponse:
    """What they are and who wrote them, changed here too; ``?proximo=`` is where to go back to."""
    require(request.user, Permission.VIEW_RECEIVABLES)
    contract = get_object_or_404(selectors.contracts_visible(request.user), pk=pk)
    if request.method == "POST":
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
    can_edit = request.user.can(Permission.EDIT_PARTIES)
    dates = [
        ("Suspensão", formats.day(contract.suspended_on)),
        ("Rescisão", formats.day(contract.ended_on)),
    ]
    context = {
        "contract": contract,
        "form": form,
        "after": after,
        "facts": [
            ("Contrato", contract.number),
            ("Tipo", contract.get_kind_display()),
            ("Início", formats.day(contract.started_on)),
            *([] if can_edit else dates),
        ],
        "can_edit": can_edit,
        "changes": _changes(contract),
    }
    return render(request, "receivables/contract_dates.html", context)


def _changes(contract: Contract) -> list[tuple[ContractDatesChange, str, str, str]]:
    """A line for each date that changed, the latest first: the change, what, from, to."""
    return [
        (change, name, _written(old), _written(new))
        for change in contract.dates_changes.select_related("actor")[:50]
        for name, old, new in (
            ("Suspensão", change.suspended_before, change.suspended_on),
            ("Rescisão", change.ended_before, change.ended_on),
        )
        if old != new
    ]


def _written(day: date | None) -> str:
    return formats.day(day) if day else "em branco"
