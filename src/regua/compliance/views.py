"""A customer's documents and proofs: the tab, adding, handing out, withdrawing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.compliance import files, selectors, services
from regua.compliance.contracts import contracts_standing
from regua.compliance.forms import EvidenceForm
from regua.compliance.models import Evidence, EvidenceKind
from regua.parties.models import Customer
from regua.parties.panels import customer_page
from regua.parties.selectors import customers_visible
from regua.receivables.impediments import impediments_visible
from regua.receivables.models import Contract, Impediment, Receivable
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.responses import next_page


@require_safe
def customer_evidence(request: Request, pk: int) -> HttpResponse:
    """The tab *Documentos e provas*."""
    require(request.user, Permission.VIEW_EVIDENCE)
    page = customer_page(request, pk, tab="customer_evidence")
    found = selectors.evidence_visible(request.user).filter(customer=page["customer"])
    rows = keyset.paginate(found, ordering=("-pk",), cursor=request.GET.get("cursor"), page_size=25)
    context = {
        **page,
        "page": rows,
        "rows": [_row(evidence) for evidence in rows],
        "total": keyset.capped_count(found),
        "can_add": request.user.can(Permission.ADD_EVIDENCE),
        "can_edit": request.user.can(Permission.EDIT_PARTIES),
        "contracts": contracts_standing(page["customer"]),
    }
    return render(request, "compliance/customer_evidence.html", context)


def _row(evidence: Evidence) -> dict[str, Any]:
    return {
        "evidence": evidence,
        "subject": subject_of(evidence),
        "type": files.TYPES[evidence.content_type].label,
        "hash": evidence.content_id[:12],
    }


def subject_of(evidence: Evidence) -> str:
    """What it concerns, in words."""
    if evidence.receivable:
        return f"Título {evidence.receivable.number}"
    return f"Contrato {evidence.contract.number}" if evidence.contract else "Cliente"


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_add(request: Request, pk: int) -> HttpResponse:
    """``?titulo=`` and ``?tipo=`` choose beforehand; ``?proximo=`` is where to go back to;
    ``?impedimento=`` is the contest or court order that a file about its título belongs to."""
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    require(request.user, Permission.ADD_EVIDENCE, branch_id=customer.branch_id)
    after = next_page(request, reverse("customer_evidence", args=[pk]))
    form = EvidenceForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        customer=customer,
        initial=_chosen(request, customer),
    )
    if form.is_valid():
        try:
            given = form.given
            added = services.evidence_add(
                customer=customer,
                actor=request.user,
                impediment=_impediment(request, given["receivable"]),
                **given,
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                f"{added.get_kind_display()} guardado: {added.filename}, "
                f"{subject_of(added)[:1].lower()}{subject_of(added)[1:]}.",
            )
            return redirect(after)
    context = {"customer": customer, "form": form, "after": after}
    return render(request, "compliance/evidence_add.html", context)


def _impediment(request: Request, receivable: Receivable | None) -> Impediment | None:
    number = request.GET.get("impedimento", "")
    if receivable is None or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = impediments_visible(request.user).filter(pk=int(number), receivable=receivable)
    return found.first()


def _chosen(request: Request, customer: Customer) -> dict[str, str]:
    chosen = {}
    kind = request.GET.get("tipo", "")
    if kind in EvidenceKind.values:
        chosen["kind"] = kind
    found: dict[str, tuple[type[Contract | Receivable], str]] = {
        "titulo": (Receivable, "titulo"),
        "contrato": (Contract, "contrato"),
    }
    for name, (model, prefix) in found.items():
        text = request.GET.get(name, "")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            continue
        row = model._default_manager.filter(customer=customer, pk=int(text)).first()
        if isinstance(row, Receivable) and kind == EvidenceKind.RESCISSION_PROOF:
            # What is rescinded is the contract: its proof serves every debt of it.
            chosen["subject"] = f"contrato-{row.contract_id}"
        elif row is not None:
            chosen["subject"] = f"{prefix}-{row.pk}"
    return chosen


@require_safe
@never_cache
def evidence_download(request: Request, pk: int) -> HttpResponse:
    """The file, to be saved and never shown inside our pages."""
    require(request.user, Permission.VIEW_EVIDENCE)
    evidence = get_object_or_404(
        selectors.evidence_visible(request.user).select_related("content"), pk=pk
    )
    response = HttpResponse(bytes(evidence.content.data), content_type=evidence.content_type)
    response["Content-Disposition"] = content_disposition_header(True, evidence.filename)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_withdraw(request: Request, pk: int) -> HttpResponse:
    evidence = get_object_or_404(selectors.evidence_visible(request.user), pk=pk)
    require(request.user, Permission.ADD_EVIDENCE, branch_id=evidence.customer.branch_id)
    after = next_page(request, reverse("customer_evidence", args=[evidence.customer_id]))
    if evidence.withdrawn_at:
        messages.info(request, f"{evidence.filename} já tinha sido retirado. Nada mudou.")
        return redirect(after)
    if request.method == "POST":
        services.evidence_withdraw(evidence=evidence, actor=request.user)
        messages.success(
            request, f"{evidence.filename} não prova mais nada. O arquivo continua guardado."
        )
        return redirect(after)
    keeper = evidence.uploaded_by.name if evidence.uploaded_by else "Régua"
    context = {
        "heading": "Retirar um documento",
        "question": f"Retirar {evidence.filename}?",
        "facts": [
            ("O que prova", evidence.get_kind_display()),
            ("De que é", subject_of(evidence)),
            ("Data do fato", formats.day(evidence.dated_on)),
            ("Guardado", f"{formats.instant(evidence.uploaded_at)}, {keeper}"),
        ],
        "confirm_label": "Retirar",
        "cancel_url": after,
        "customer": evidence.customer,
    }
    return render(request, "compliance/evidence_withdraw.html", context)
