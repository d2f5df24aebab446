"""*Aguardando aprovação*: what somebody else must approve, many at once, after one more look."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.restrictions import approvals, bulk, selectors
from regua.restrictions.models import Restriction
from regua.web import formats, keyset


@require_http_methods(["GET", "HEAD", "POST"])
def restriction_approvals(request: Request) -> HttpResponse:
    actor = request.user
    require(actor, Permission.APPROVE_RESTRICTION)
    found = selectors.awaiting_approval(selectors.restrictions_visible(actor))
    if request.branch:
        found = found.filter(branch_id=request.branch.pk)
    if request.method == "POST":
        # All that is visible, not only what still waits: who was slower is told so by name.
        return _decide(request, bulk.chosen(request, selectors.restrictions_visible(actor)))
    found = found.select_related("requested_by")
    page = keyset.paginate(found, ordering=("pk",), cursor=request.GET.get("cursor"))
    context = {
        "page": page,
        "total": keyset.capped_count(found),
        "rows": [{"restriction": r, "own": r.requested_by_id == actor.pk} for r in page],
        "some": any(r.requested_by_id != actor.pk for r in page),
        "show_branch": not request.branch and len(request.branches) > 1,
    }
    return render(request, "restrictions/approvals.html", context)


def _decide(request: Request, rows: list[Restriction]) -> HttpResponse:
    here = reverse("restriction_approvals")
    rejecting = request.POST.get("decisao") == "rejeitar"
    if not rows:
        messages.warning(request, "Nada foi feito: marque ao menos uma negativação da lista.")
        return redirect(here)
    weighed = [(row, selectors.why_no_approval(row, request.user)) for row in rows]
    ready = [row for row, why in weighed if not why]
    refused = [(row, why) for row, why in weighed if why]
    reason = request.POST.get("motivo", "")
    missing = rejecting and request.POST.get("confirmado") == "sim" and not reason.strip("\x00 \n")
    if request.POST.get("confirmado") != "sim" or missing or not ready:
        context = _preview(ready, refused, rejecting)
        return render(
            request, "restrictions/approval_confirm.html", {**context, "missing": missing}
        )
    for row, why in refused:
        messages.warning(request, f"{bulk.name(row)}: {why}")
    done = 0
    for row in ready:
        try:
            if rejecting:
                approvals.restriction_reject(restriction=row, actor=request.user, reason=reason)
            else:
                approvals.restriction_approve(restriction=row, actor=request.user)
            done += 1
        except (ValidationError, PermissionDenied) as error:
            said = " ".join(error.messages if isinstance(error, ValidationError) else [str(error)])
            messages.error(request, f"{bulk.name(row)} continua esperando: {said}")
    if done:
        what = "rejeitada" if rejecting else "aprovada"
        messages.success(request, f"{bulk.listings(done)} {what}{'s' if done > 1 else ''}.")
    return redirect(here)


def _preview(
    ready: list[Restriction], refused: list[tuple[Restriction, str]], rejecting: bool
) -> dict[str, object]:
    what = bulk.listings(len(ready))
    verb = "Rejeitar" if rejecting else "Aprovar"
    return {
        "ready": ready,
        "refused": refused,
        "rejecting": rejecting,
        "heading": f"{verb} {what}?" if ready else "Nenhuma destas espera a sua aprovação",
        "question": _question(ready, rejecting),
        "facts": [
            ("Negativações", formats.number(len(ready))),
            ("Valor", formats.brl(sum(row.amount for row in ready))),
            ("Clientes", formats.number(len({row.customer_id for row in ready}))),
        ]
        if ready
        else [],
        "confirm_label": f"{verb} {what}",
        "tone": "primary" if rejecting else "danger",
        "cancel_url": reverse("restriction_approvals"),
    }


def _question(ready: list[Restriction], rejecting: bool) -> str:
    if not ready:
        return "O motivo está ao lado de cada uma. Nada foi feito."
    if rejecting:
        return "O pedido é cancelado e o birô não fica sabendo. Quem pediu lê o motivo."
    return "A verificação legal é feita de novo; o que passar sai para o birô em segundos."
