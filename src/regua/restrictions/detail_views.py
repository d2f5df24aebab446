"""One listing: where it stands, what happened, and what may be done about it now."""

from __future__ import annotations

import zlib
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations import throttle
from regua.integrations.switch import switched_off
from regua.integrations.throttle import Hold
from regua.receivables.models import Impediment
from regua.restrictions import selectors, services, wording
from regua.restrictions.amounts import amount_listed
from regua.restrictions.choices import AT_BUREAU, LIVE, Correction, RemovalReason, Status
from regua.restrictions.corrections import why_no_correction_cancel
from regua.restrictions.deadlines import Deadline, deadlines_of
from regua.restrictions.forms import RemovalForm
from regua.restrictions.midlife import decide_by
from regua.restrictions.midlife_menu import (
    changes_of_listing,
    corrections_possible,
    letter_came_back,
)
from regua.restrictions.models import Restriction, RestrictionEvent
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.responses import nothing_to_swap


def _find(request: Request, pk: int) -> Restriction:
    found = selectors.restrictions_visible(request.user).select_related(
        "requested_by",
        "removal_requested_by",
        "approved_by",
        "replaces",
        "receivable__contract__co_debtor",
    )
    return get_object_or_404(found, pk=pk)


@require_safe
def restriction_detail(request: Request, pk: int) -> HttpResponse:
    restriction = _find(request, pk)
    return render(request, "restrictions/restriction_detail.html", _page(request, restriction))


@never_cache
@require_safe
def restriction_live(request: Request, pk: int) -> HttpResponse:
    """The parts that change by themselves; nothing at all (204) while they have not."""
    if not request.htmx:
        return redirect("restriction_detail", pk)
    page = _page(request, _find(request, pk))
    if request.GET.get("v") == page["version"]:
        return nothing_to_swap()
    return render(request, "restrictions/restriction_live.html", page)


def _page(request: Request, restriction: Restriction) -> dict[str, Any]:
    events = list(restriction.events.select_related("actor"))
    # The listing whose deadline runs while its correction waits for approval.
    wrong = restriction.replaced if restriction.awaits_approval else None
    listed = wrong or restriction
    deadline = deadlines_of([listed.pk]).get(listed.pk)
    waits = restriction.status in (Status.QUEUED, Status.REMOVAL_QUEUED)
    hold = throttle.hold_of(restriction.integration_id) if waits else None
    corrects, corrected_by = selectors.corrections_of(restriction)
    hint = wording.debt_hint(restriction, deadline)
    if wrong:
        hint = wording.correction_hint(restriction, wrong, deadline)
    elif corrected_by and corrected_by.awaits_approval and restriction.status in AT_BUREAU:
        hint = wording.correction_hint(corrected_by, restriction, deadline)
    impediments = list(restriction.receivable.impediments.all()[:20])
    contest = None
    if restriction.status in LIVE:
        contest = next((i for i in impediments if _is_open_contest(i)), None)
    return {
        "corrects": corrects,
        "corrected_by": corrected_by,
        "impediments": impediments,
        "contest": contest,
        "contest_until": decide_by(contest) if contest else None,
        "can_decide": request.user.can(Permission.MANAGE_IMPEDIMENTS),
        "restriction": restriction,
        "standing": wording.standing(restriction, hold),
        "hint": hint,
        "hint_tone": "danger"
        if restriction.status in AT_BUREAU or (deadline and deadline.tone)
        else "info",
        "entries": wording.timeline(restriction, events),
        "facts": _facts(restriction),
        "gate": wording.gate_lines(restriction),
        "approvers": list(selectors.approvers(restriction)) if restriction.awaits_approval else [],
        "version": _version(restriction, events, deadline, hold),
        "can_see_calls": request.user.can(Permission.VIEW_BUREAU_CALLS),
        **_actions(request, restriction),
    }


def _is_open_contest(i: Impediment) -> bool:
    return i.kind == Impediment.Kind.CONTEST and i.closed_at is None


def _version(
    r: Restriction, events: list[RestrictionEvent], deadline: Deadline | None, hold: Hold | None
) -> str:
    """Changes with whatever the page shows."""
    seen = (
        r.status,
        r.unknown,
        r.unavailable,
        r.problem,
        str(r.due_at),
        r.bureau_version,
        r.receivable.status,
        str(r.receivable.open_amount),
        list(r.receivable.impediments.values_list("pk", "outcome")),
        list(r.replacements.values_list("pk", "status")),
        r.integration.problem,
        hold.sentence if hold else "",
        events[-1].pk if events else 0,
        deadline and deadline.sentence,
    )
    return f"{zlib.crc32(repr(seen).encode()):08x}"


def _actions(request: Request, r: Restriction) -> dict[str, Any]:
    actor = request.user
    may_remove = actor.can(Permission.REQUEST_REMOVAL)
    may_list = actor.can(Permission.REQUEST_RESTRICTION)
    corrected = r.replacements.filter(status__in=LIVE).exists()
    waits_for = r.replaced if r.status == Status.DRAFT else None
    return {
        "shows_approval": r.awaits_approval
        and actor.can(Permission.APPROVE_RESTRICTION)
        and r.requested_by_id != actor.pk,
        "changes": changes_of_listing(r, actor),
        "wrong_amount_url": reverse("correction_create", args=[r.pk, Correction.PARTIAL_PAYMENT])
        if Correction.PARTIAL_PAYMENT in corrections_possible(r, actor)
        else "",
        "shows_letter": letter_came_back(r)
        and not corrected
        and may_list
        and actor.can(Permission.EDIT_PARTIES),
        "shows_give_up": waits_for is not None and may_list and may_remove,
        "no_give_up": why_no_correction_cancel(r, waits_for) if waits_for else "",
        "shows_removal": may_remove
        and r.status in LIVE
        and r.status not in (Status.DRAFT, Status.QUEUED),
        "no_removal": selectors.why_no_removal(r),
        "shows_cancel": may_list
        and (r.status == Status.QUEUED or (r.awaits_approval and not waits_for)),
        "no_cancel": selectors.why_no_cancel(r),
        "shows_again": may_list
        and r.status in (Status.REFUSED, Status.CANCELLED)
        and not corrected
        and selectors.latest_live(r.receivable) is None
        and r.receivable.is_owed,
        "off": switched_off(actor) if may_list else None,
    }


def _co_debtor(r: Restriction) -> str:
    if r.co_debtor:
        return f"{r.co_debtor['name']}, {formats.document_masked(r.co_debtor['document'])}"
    of_contract = r.receivable.contract.co_debtor
    return f"{of_contract.name}: não foi enviado ao birô" if of_contract else ""


def _never_seen(r: Restriction) -> bool:
    """Whether it was off before the letter's days were over."""
    return bool(r.removed_on and r.visible_on and r.removed_on < r.visible_on)


def _facts(r: Restriction) -> list[tuple[str, str]]:
    facts = [
        ("Valor negativado", formats.brl(r.amount)),
        *((name, formats.brl(value)) for name, value in amount_listed(r).items),
        ("Vencimento", formats.day(r.due_date)),
        ("Título", r.receivable.number),
        ("Contrato", r.contract_number),
        ("Nosso número", r.our_number),
        *([("Coobrigado", _co_debtor(r))] if _co_debtor(r) else []),
        ("Código de restrição", r.restriction_code),
        ("Protocolo no birô", r.protocol),
        ("Forma", r.get_form_display()),
        ("Pedida em", formats.instant(r.requested_at)),
        ("Pedida por", r.requested_by.name if r.requested_by else "Rotina automática"),
        ("Comunicado em", formats.day(r.notified_on)),
        ("Ficaria visível em" if _never_seen(r) else "Visível em", formats.day(r.visible_on)),
    ]
    if r.approval_reason and not r.awaits_approval:  # until then the page begins with it
        facts.append(("Por que pediu aprovação", r.approval_reason))
    if r.approved_by:
        facts += [
            ("Aprovada por", r.approved_by.name),
            ("Aprovada em", formats.instant(r.approved_at)),
        ]
    if r.removal_reason or r.removed_on or r.removal_code:
        reason = RemovalReason(r.removal_reason).label if r.removal_reason else "Do próprio birô"
        if r.removal_reason and r.status == Status.REMOVED and not r.removal_requested_at:
            reason = f"Do próprio birô: {reason.lower()}"
        facts += [
            (
                "Motivo da baixa",
                f"{reason} (código {r.removal_code})" if r.removal_code else reason,
            ),
            ("Baixa pedida em", formats.instant(r.removal_requested_at)),
            ("Baixa pedida por", r.removal_requested_by.name if r.removal_requested_by else ""),
            ("Forma da baixa", r.get_removal_form_display()),
            ("Baixada em", formats.day(r.removed_on)),
        ]
    return facts


@require_http_methods(["GET", "HEAD", "POST"])
def removal_create(request: Request, pk: int) -> HttpResponse:
    restriction = _find(request, pk)
    require(request.user, Permission.REQUEST_REMOVAL, branch_id=restriction.branch_id)
    if obstacle := selectors.why_no_removal(restriction):
        messages.warning(request, obstacle)
        return redirect("restriction_detail", pk)
    codes = selectors.removal_codes(restriction.integration)
    form = RemovalForm(
        request.POST or None,
        codes=codes,
        initial={"reason": selectors.likely_reason(restriction.receivable)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.removal_request(
                restriction=restriction, actor=request.user, reason=form.cleaned_data["reason"]
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, "Baixa pedida. Acompanhe aqui até o birô confirmar.")
            return redirect("restriction_detail", pk)
    receivable = restriction.receivable
    context = {
        "restriction": restriction,
        "form": form,
        "codes": codes,
        "still_owed": receivable.is_owed,
        "facts": [
            ("Cliente", restriction.customer.name),
            ("Título", receivable.number),
            ("Valor negativado", formats.brl(restriction.amount)),
            ("Protocolo no birô", restriction.protocol),
        ],
    }
    return render(request, "restrictions/removal_form.html", context)


@require_POST
def restriction_cancel(request: Request, pk: int) -> HttpResponse:
    restriction = _find(request, pk)
    try:
        services.restriction_cancel(restriction=restriction, actor=request.user)
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    else:
        messages.success(request, "Pedido cancelado. O birô não soube desta dívida.")
    return redirect("restriction_detail", pk)
