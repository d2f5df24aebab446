"""*Aguardando aprovação*: what somebody else must approve, many at once, after one more look."""

from __future__ import annotations

from collections.abc import Sequence

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
from regua.restrictions.deadlines import Deadline, deadlines_of
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
        seen = selectors.restrictions_visible(actor).select_related("replaces", "approved_by")
        return _decide(request, bulk.chosen(request, seen))
    found = found.select_related("requested_by", "replaces")
    page = keyset.paginate(found, ordering=("pk",), cursor=request.GET.get("cursor"))
    running = _running(page.items)
    context = {
        "page": page,
        "total": keyset.capped_count(found),
        "rows": [
            {
                "restriction": r,
                "own": r.requested_by_id == actor.pk,
                "deadline": running.get(r.replaces_id or 0),
            }
            for r in page
        ],
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
    done, kept = 0, []
    for row in ready:
        try:
            if rejecting:
                approvals.restriction_reject(restriction=row, actor=request.user, reason=reason)
            else:
                approvals.restriction_approve(restriction=row, actor=request.user)
            done += 1
            if rejecting and row.replaced:
                kept.append(row.replaced.pk)
        except (ValidationError, PermissionDenied) as error:
            said = " ".join(error.messages if isinstance(error, ValidationError) else [str(error)])
            messages.error(request, f"{bulk.name(row)} continua esperando: {said}")
    if done:
        what = "rejeitada" if rejecting else "aprovada"
        messages.success(request, f"{bulk.listings(done)} {what}{'s' if done > 1 else ''}.")
    if kept:
        _say_what_stays(request, kept)
    return redirect(here)


def _running(rows: Sequence[Restriction]) -> dict[int, Deadline]:
    """Wrong listing → the deadline that runs for it while its correction waits here."""
    return deadlines_of([old.pk for row in rows if (old := row.replaced)])


def _say_what_stays(request: Request, keys: list[int]) -> None:
    running = deadlines_of(keys)
    said = [
        f"nº {key} ({formats.day(running[key].duty.due_on)})" if key in running else f"nº {key}"
        for key in keys
    ]
    messages.warning(
        request,
        f"{'Continua' if len(said) == 1 else 'Continuam'} no birô com o dado errado: "
        f"{', '.join(said)}. O prazo da lei não parou: até esse dia, peça a baixa ou outra "
        "correção.",
    )


def _preview(
    ready: list[Restriction], refused: list[tuple[Restriction, str]], rejecting: bool
) -> dict[str, object]:
    running = _running(ready)
    what = bulk.listings(len(ready))
    verb = "Rejeitar" if rejecting else "Aprovar"
    return {
        "ready": [(row, running.get(row.replaces_id or 0)) for row in ready],
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
        said = "O pedido é cancelado e o birô não fica sabendo. Quem pediu lê o motivo."
        return f"{said}{_CORRECTIONS}" if any(row.replaced for row in ready) else said
    return "A verificação legal é feita de novo; o que passar sai para o birô em segundos."


_CORRECTIONS = (
    " Rejeitar uma correção não conserta o dado errado: a negativação antiga fica no birô, e o "
    "prazo da lei continua. Se ela estiver certa, peça a quem pediu que cancele a correção."
)
