"""The page of one inquiry, its PDFs, a person's decision over the policy, the explanation."""

from __future__ import annotations

import zlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.bureaus import registry
from regua.bureaus.contract import InquiryReport
from regua.inquiries import pdf, reading
from regua.inquiries.bureau_pdf import NoBureauPdf, bureau_pdf, bureau_pdf_offered
from regua.inquiries.choices import AccessKind
from regua.inquiries.explaining import explanation_issue, explanation_of
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.selectors import terms_of
from regua.inquiries.policy.services import TERMS, decision_override
from regua.inquiries.result_forms import OverrideForm
from regua.inquiries.selectors import accesses_of, inquiries_visible, inquiry_report
from regua.inquiries.verdicts import standing_of
from regua.integrations import throttle
from regua.integrations.switch import switched_off
from regua.integrations.vault import VaultError
from regua.web.forms import add_errors


@never_cache
@require_safe
def inquiry_detail(request: Request, pk: int) -> HttpResponse:
    inquiry = _get(request, pk)
    return render(request, "inquiries/inquiry_detail.html", _context(request, inquiry))


@never_cache
@require_safe
def inquiry_progress(request: Request, pk: int) -> HttpResponse:
    """What the page polls: 204 while there is nothing new to show."""
    inquiry = _get(request, pk)
    context = _context(request, inquiry)
    if request.GET.get("v") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "inquiries/_inquiry.html", context)


@never_cache
@require_safe
def inquiry_pdf(request: Request, pk: int) -> HttpResponse:
    """Our own PDF; there is one for every answered inquiry."""
    inquiry = _get(request, pk, status=Inquiry.Status.ANSWERED)
    report, unreadable = _report(inquiry)
    if unreadable:
        messages.error(request, f"O PDF não foi feito. {unreadable}")
        return redirect("inquiry_detail", pk)
    content = pdf.inquiry_pdf(
        inquiry,
        report,
        standing=standing_of(inquiry),
        accesses=accesses_of(inquiry),
        bureau=_bureau_name(inquiry),
        maker=request.user,
        at=timezone.now(),
    )
    return _pdf(content, f"consulta-{pk}.pdf")


@never_cache
@require_safe
def inquiry_bureau_pdf(request: Request, pk: int) -> HttpResponse:
    inquiry = _get(request, pk, status=Inquiry.Status.ANSWERED)
    try:
        content = bureau_pdf(inquiry=inquiry, actor=request.user)
    except NoBureauPdf as error:
        messages.error(request, str(error))
        return redirect("inquiry_detail", pk)
    return _pdf(content, f"consulta-{pk}-biro.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
def inquiry_override(request: Request, pk: int) -> HttpResponse:
    """A person decides, with conditions and a reason, over the policy or without one."""
    inquiry = _get(request, pk)
    require(request.user, Permission.OVERRIDE_DECISION, branch_id=inquiry.branch_id)
    if inquiry.status != Inquiry.Status.ANSWERED:
        messages.error(
            request, "Esta consulta não tem resposta, e sem ela não há o que decidir. Nada mudou."
        )
        return redirect("inquiry_detail", pk)
    standing = standing_of(inquiry)
    terms = terms_of(standing.decision, standing.overrides)
    initial = {name: getattr(terms, name) for name in TERMS} if terms else {}
    form = OverrideForm(request.POST or None, initial={**initial, "outcome": inquiry.outcome})
    if request.method == "POST" and form.is_valid():
        try:
            decision_override(inquiry=inquiry, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "Decisão gravada. Ela vale a partir de agora.")
            return redirect("inquiry_detail", pk)
    context = {"inquiry": inquiry, "standing": standing, "form": form}
    return render(request, "inquiries/inquiry_override.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def inquiry_explanation(request: Request, pk: int) -> HttpResponse:
    """What the consumer may be told; posting issues it as a PDF and keeps that it was."""
    inquiry = _get(request, pk, status=Inquiry.Status.ANSWERED)
    parts = explanation_of(inquiry, standing_of(inquiry), _bureau_name(inquiry))
    if request.method == "POST":
        content = pdf.explanation_pdf(inquiry, parts, maker=request.user, at=timezone.now())
        explanation_issue(inquiry=inquiry, actor=request.user)
        return _pdf(content, f"explicacao-{pk}.pdf")
    issues = [a for a in accesses_of(inquiry) if a.kind == AccessKind.EXPLAINED]
    context = {"inquiry": inquiry, "parts": parts, "issues": issues}
    return render(request, "inquiries/inquiry_explanation.html", context)


def _get(request: Request, pk: int, **more: Any) -> Inquiry:
    rows = inquiries_visible(request.user).select_related("integration", "branch__company")
    return get_object_or_404(rows, pk=pk, **more)


def _report(inquiry: Inquiry) -> tuple[InquiryReport | None, str]:
    """The bureau's report, or the sentence that says why it cannot be opened."""
    try:
        return inquiry_report(inquiry), ""
    except VaultError as error:
        return None, str(error)


def _context(request: Request, inquiry: Inquiry) -> dict[str, Any]:
    actor = request.user
    bureau = _bureau_name(inquiry)
    context: dict[str, Any] = {
        "inquiry": inquiry,
        "shown_status": reading.status_of(inquiry),
        "asks": actor.can(Permission.REQUEST_INQUIRY),
        "off": switched_off(actor),
        "record": reading.record_of(inquiry, bureau),
    }
    if not inquiry.is_finished:
        hold = throttle.hold_of(inquiry.integration_id)
        progress = reading.progress_of(inquiry, timezone.now(), hold)
        version = f"{inquiry.status}-{inquiry.attempts if inquiry.problem else 0}-" + "-".join(
            (progress["phase"], progress["every"], "now" if "…" in progress["again"] else "")
        )
        if hold:
            version += f"-{zlib.crc32(hold.sentence.encode()):08x}"
        return context | {"progress": progress, "version": version}
    context |= {
        "can_see_calls": actor.can(Permission.VIEW_BUREAU_CALLS),
        "version": inquiry.status,
        "accesses": [reading.access_sentence(access) for access in accesses_of(inquiry)],
    }
    if inquiry.status == Inquiry.Status.REFUSED:
        return context
    report, unreadable = _report(inquiry)
    return context | {
        "report": report,
        "unreadable": unreadable,
        "erased": reading.erased_sentence(inquiry) if inquiry.report_erased_at else "",
        "standing": standing_of(inquiry),
        "overrides": actor.can(Permission.OVERRIDE_DECISION),
        "bureau_pdf": bureau_pdf_offered(inquiry),
        "score_tone": reading.score_tone(inquiry.score, inquiry.band),
        "score_label": reading.score_label(inquiry),
        "probability": reading.probability_sentence(inquiry),
        "identity": reading.identity_of(inquiry),
        "name_differs": _name_differs(inquiry, inquiry.name),
        "pendings_summary": reading.pendings_summary(inquiry),
        "groups": reading.groups_of(report.pendings) if report else [],
        "earlier": reading.earlier_of(report) if report else [],
    }


def _bureau_name(inquiry: Inquiry) -> str:
    return registry.name_of(inquiry.integration.provider)


def _name_differs(inquiry: Inquiry, name: str) -> str:
    """The name in our records where the bureau knows another for the document."""
    party = inquiry.party
    if party is None or not name or reading.same_name(party.name, name):
        return ""
    return party.name
