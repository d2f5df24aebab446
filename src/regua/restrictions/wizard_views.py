"""*Negativar*: the four steps that list one or several of a customer's debts.

The steps keep nothing between them but what is in the address: ``titulo``, once for each debt, and
``etapa``. What is missing in the customer's record is saved there at once; the listings are written
by the last step, all of them or none.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.compliance.wording import findings_lines
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
from regua.parties.selectors import customers_visible
from regua.parties.services import customer_update
from regua.restrictions import selectors, services
from regua.restrictions.forms import CodeForm, GapsForm
from regua.restrictions.history import co_debtor_snapshot
from regua.restrictions.models import Restriction
from regua.restrictions.wizard import DATA, LAW, PENDINGS, REVIEW, STEPS, Basket, Line, basket
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.obstacle import Obstacle


@require_http_methods(["GET", "HEAD", "POST"])
def restriction_create(request: Request, pk: int) -> HttpResponse:
    """Choose debts, fill in what is missing, see what the law says of each, and ask."""
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    require(request.user, Permission.REQUEST_RESTRICTION, branch_id=customer.branch_id)
    try:
        integration = integration_in_use(customer.branch_id)
    except CreditAnalysisOff as error:
        return _obstructed(request, customer, off_obstacle(request.user, str(error)))
    except NoIntegration as error:
        return _obstructed(request, customer, Obstacle(str(error)))
    chosen = basket(customer, integration, request.user, _keys(request))
    sending = request.method == "POST" and request.POST.get("etapa") == "confirmar"
    listed = bool(chosen.lines) and all(line.candidate.existing for line in chosen.lines)
    if listed and (sending or len(chosen) == 1):
        return _already_listed(request, chosen)  # such as the second of two clicks
    match chosen.step(REVIEW if sending else request.GET.get("etapa", DATA)):
        case step if step == PENDINGS:
            return _choose(request, customer, integration)
        case step if step == DATA:
            return _data(request, chosen)
        case step if step == LAW:
            if sending:
                return _told_why(request, chosen)
            return _law(request, chosen)
        case _:
            return _review(request, chosen)


def _keys(request: Request) -> set[int]:
    texts = request.GET.getlist("titulo")
    return {int(t) for t in texts if t.isascii() and t.isdigit() and len(t) < 19}


def _page(
    request: Request, step: str, customer: Customer, template: str, **context: Any
) -> HttpResponse:
    return render(
        request,
        f"restrictions/create_{template}.html",
        {
            "customer": customer,
            "steps": list(STEPS.values()),
            "current": list(STEPS).index(step) + 1,
            **context,
        },
    )


def _obstructed(request: Request, customer: Customer, obstacle: Obstacle) -> HttpResponse:
    return _page(request, PENDINGS, customer, "pendings", obstacle=obstacle)


def _choose(request: Request, customer: Customer, integration: Integration) -> HttpResponse:
    found = selectors.candidates(customer, actor=request.user)
    offered = Basket(customer, integration, found)
    return _page(
        request,
        PENDINGS,
        customer,
        "pendings",
        basket=offered,
        lines=[*offered.free, *offered.stopped],
        bureau=provider_of(integration).name,
    )


def _with_summary(chosen: Basket, **context: Any) -> dict[str, Any]:
    return {"basket": chosen, "bureau": provider_of(chosen.integration).name, **context}


def _already_listed(request: Request, chosen: Basket) -> HttpResponse:
    rows = [line.candidate.existing for line in chosen.lines if line.candidate.existing]
    numbers = ", ".join(str(row.pk) for row in rows)
    if len(rows) == 1:
        said = f"Este título já tem a negativação nº {numbers}. Nada foi enviado de novo."
    else:
        said = f"Estes títulos já têm as negativações nº {numbers}. Nada foi enviado de novo."
    messages.info(request, said)
    return _onward(chosen.customer, rows)


def _onward(customer: Customer, rows: list[Restriction]) -> HttpResponse:
    if len(rows) == 1:
        return redirect("restriction_detail", rows[0].pk)
    return redirect("customer_restrictions", customer.pk)


def _told_why(request: Request, chosen: Basket) -> HttpResponse:
    """What became unlistable since the page was opened, each by its name; nothing was asked."""
    for line in chosen.stopped:
        messages.error(request, f"Nada foi enviado. {_why(line)}")
    return redirect(chosen.address(LAW))


def _why(line: Line) -> str:
    debt, existing = line.candidate.receivable, line.candidate.existing
    if existing:
        return f"O título {debt.number} já tem a negativação nº {existing.pk}."
    reasons = " ".join(finding.rule.failure for finding in line.candidate.refusals)
    return f"Título {debt.number}: {reasons}"


def _data(request: Request, chosen: Basket) -> HttpResponse:
    customer = chosen.customer
    form = GapsForm(
        request.POST if request.POST.get("etapa") == "dados" else None,
        instance=customer,
        missing=chosen.gaps,
    )
    if form.is_bound and form.is_valid():
        try:
            customer_update(customer=customer, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Dados salvos no cadastro de {customer.name}.")
            return redirect(chosen.address(LAW))
    if form.errors:
        customer.refresh_from_db()  # the form wrote on it what it refused
    context = _with_summary(
        chosen,
        form=form,
        here=chosen.address(DATA),
        onward=chosen.address(LAW),
        facts=_debtor_facts(customer, leave_out=set(form.fields)),
    )
    return _page(request, DATA, customer, "data", **context)


def _law(request: Request, chosen: Basket) -> HttpResponse:
    here = chosen.address(LAW)
    checked = [_checked(request, line, here) for line in [*chosen.stopped, *chosen.free]]
    context = _with_summary(
        chosen,
        checked=checked,
        here=here,
        back=chosen.address(DATA),
        onward=chosen.address(REVIEW),
        without=chosen.address(DATA, chosen.free) if chosen.stopped and chosen.free else "",
    )
    return _page(request, LAW, chosen.customer, "law", **context)


def _checked(request: Request, line: Line, here: str) -> dict[str, Any]:
    debt, findings = line.candidate.receivable, line.candidate.findings
    rules = findings_lines(findings, debt, request.user, here)
    return {
        "line": line,
        "open": [rule for rule in rules if rule.state != "pass"],
        "passed": [rule for rule in rules if rule.state == "pass"],
    }


def _review(request: Request, chosen: Basket) -> HttpResponse:
    customer, integration = chosen.customer, chosen.integration
    codes = list(codes_for(integration, CodeKind.RESTRICTION, document=customer.document))
    form = CodeForm(
        request.POST if request.POST.get("etapa") == "confirmar" else None,
        codes=codes,
        initial={
            "restriction_code": selectors.default_restriction_code(integration, customer),
            "soma": chosen.total,
        },
    )
    if form.is_bound and form.is_valid():
        if form.cleaned_data["soma"] not in (None, chosen.total):
            messages.warning(
                request,
                "O valor mudou desde que você abriu esta página. Nada foi enviado. Confira e "
                "envie de novo.",
            )
            return redirect(chosen.address(REVIEW))
        try:
            created = services.restrictions_request(
                receivables=[line.candidate.receivable for line in chosen.lines],
                actor=request.user,
                restriction_code=form.cleaned_data["restriction_code"],
            )
        except services.NotListable:
            # Somebody was faster, by a moment: say what stands now.
            now = basket(customer, integration, request.user, _keys(request))
            if all(line.candidate.existing for line in now.lines):
                return _already_listed(request, now)
            return _told_why(request, now)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _asked(created))
            return _onward(customer, created)
    context = _with_summary(
        chosen,
        form=form,
        codes=codes,
        integration=integration,
        here=chosen.address(REVIEW),
        back=chosen.address(LAW),
        facts=_debtor_facts(customer) + _co_debtors(chosen),
    )
    return _page(request, REVIEW, customer, "review", **context)


def _asked(created: list[Restriction]) -> str:
    waiting = sum(row.awaits_approval for row in created)
    if len(created) == 1:
        number = created[0].pk
        if waiting:
            return f"Negativação nº {number} pedida. Ela espera a aprovação de outra pessoa."
        return f"Negativação nº {number} pedida. Acompanhe aqui o que acontece."
    said = f"{len(created)} negativações pedidas."
    if waiting:
        return f"{said} Esperam a aprovação de outra pessoa: {waiting}."
    return f"{said} Acompanhe aqui o que acontece."


def _co_debtors(chosen: Basket) -> list[tuple[str, str]]:
    """Who else answers for the debts, and whether the bureau will be told."""
    contracts = {line.candidate.receivable.contract for line in chosen.lines}
    facts = []
    for contract in sorted(contracts, key=lambda c: c.pk):
        if contract.co_debtor is None:
            continue
        sent = co_debtor_snapshot(contract, chosen.integration) is not None
        label = "Coobrigado" if len(contracts) == 1 else f"Coobrigado do contrato {contract.number}"
        document = formats.document_masked(contract.co_debtor.document)
        rest = "" if sent else " (este birô não recebe o coobrigado)"
        facts.append((label, f"{contract.co_debtor.name}, {document}{rest}"))
    return facts


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
