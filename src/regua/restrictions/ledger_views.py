"""*Conciliação* and *Sincronizar status negativação*."""

from __future__ import annotations

import re
import zlib
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.models import Integration
from regua.integrations.selectors import integrations_in_use
from regua.restrictions import ledger_selectors as ledgers
from regua.restrictions import ledger_wording as wording
from regua.restrictions.ledger_choices import Remedy
from regua.restrictions.models import Difference, Reconciliation
from regua.restrictions.reconciling import reconciliation_ask, why_no_reconciliation
from regua.restrictions.remedies import NEEDS, remedy_ask
from regua.restrictions.sync import sync_ask
from regua.web import formats
from regua.web.responses import nothing_to_swap

SHOWN = 50
"""Differences of a kind on one page; those that follow move up as these are dealt with."""
HISTORY = 10
LINES = 4
"""Branches whose sync is told above the list of listings."""
BACK = {"lista": "restriction_list", "conciliacao": "restriction_reconciliation"}


def _reachable(request: Request) -> list[Integration]:
    found = ledgers.integrations_compared(request.user)
    return list(found.filter(branch_id=request.branch.pk) if request.branch else found)


def _find(request: Request, pk: int) -> Integration:
    return get_object_or_404(ledgers.integrations_compared(request.user), pk=pk)


def _here(integration: Integration) -> str:
    return f"{reverse('restriction_reconciliation')}?{urlencode({'integracao': integration.pk})}"


@require_safe
def reconciliation(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    choices = _reachable(request)
    wanted = request.GET.get("integracao", "")
    chosen = next((i for i in choices if str(i.pk) == wanted), choices[0] if choices else None)
    if chosen is None:
        return render(request, "restrictions/reconciliation.html", {"integration": None})
    context = _page(request, chosen)
    if len(choices) > 1:
        context["tabs"] = [
            {"label": i.branch.name, "url": _here(i), "active": i == chosen} for i in choices
        ]
    return render(request, "restrictions/reconciliation.html", context)


@never_cache
@require_safe
def reconciliation_live(request: Request, pk: int) -> HttpResponse:
    """How it goes, and below it the differences where they have changed; 204 while nothing has."""
    integration = _find(request, pk)
    if not request.htmx:
        return redirect(_here(integration))
    page = _page(request, integration)
    page["swaps_body"] = request.GET.get("b") != page["body_version"]
    if request.GET.get("v") == page["version"] and not page["swaps_body"]:
        return nothing_to_swap()
    return render(request, "restrictions/reconciliation_live.html", page)


def _page(request: Request, integration: Integration) -> dict[str, Any]:
    actor = request.user
    runs: list[Any] = list(ledgers.runs_of(integration)[:HISTORY])
    going = runs[0] if runs and runs[0].is_open else None
    run = ledgers.latest_done(integration)
    standing = ledgers.sync_standing(integration)
    sync = wording.sync_line(standing)
    unmatched = ledgers.unmatched(integration)
    waiting = Difference.objects.filter(run=run, done_at=None).exclude(remedy="").count()
    line = wording.run_line(going) if going else None
    may_reconcile = actor.can(Permission.RECONCILE) and actor.sees_branch(integration.branch_id)
    body: dict[str, Any] = {
        "run": run,
        "sections": _sections(request, run, may_reconcile) if run else [],
        "mended": list(
            ledgers.differences_of(run).filter(done_at__isnull=False).order_by("-done_at")[:SHOWN]
        )
        if run
        else [],
        "history": [(row, wording.outcome(row, row.found)) for row in runs if not row.is_open],
        "agreed_at": ledgers.last_agreed_at(integration),
        "unmatched": list(unmatched[:HISTORY]),
        "unmatched_total": unmatched.count(),
    }
    seen = (
        run.pk if run else 0,
        [row.pk for row, _ in body["history"]],
        [
            (s["section"].key, s["total"], [(d.pk, d.remedy) for d in s["rows"]])
            for s in body["sections"]
        ],
        len(body["mended"]),
        body["unmatched_total"],
    )
    return {
        "integration": integration,
        "going": going,
        "progress": line,
        "expected": max((row.read for row in runs if not row.is_open), default=0),
        "waiting": waiting,
        "sync": sync,
        "busy": bool(going or waiting or sync.busy),
        "no_run": why_no_reconciliation(integration),
        "may_reconcile": may_reconcile,
        "may_sync": actor.can(Permission.SYNCHRONISE) and integration.linked_at is not None,
        "version": _hash((line, sync, waiting)),
        "body_version": _hash(seen),
        **body,
    }


def _hash(seen: object) -> str:
    return f"{zlib.crc32(repr(seen).encode()):08x}"


def _sections(request: Request, run: Reconciliation, may_reconcile: bool) -> list[dict[str, Any]]:
    found = []
    for section in wording.SECTIONS:
        rows = _still_open(run, section)
        total = rows.count()
        if not total:
            continue
        remedies = [r for r in section.remedies if may_reconcile and _may(request, r)]
        shown = list(rows[:SHOWN])
        found.append(
            {
                "section": section,
                "total": total,
                "rows": shown,
                "more": total > len(shown),
                "some_free": any(not row.remedy for row in shown),
                "remedies": [(r, wording.ICONS[r]) for r in remedies],
            }
        )
    return found


def _may(request: Request, remedy: Remedy) -> bool:
    needed = NEEDS.get(remedy)
    return needed is None or request.user.can(needed)


def _still_open(run: Reconciliation, section: wording.Section) -> QuerySet[Difference]:
    return ledgers.differences_of(run).filter(section.condition, done_at=None)


@require_POST
def reconciliation_start(request: Request, pk: int) -> HttpResponse:
    integration = _find(request, pk)
    going = ledgers.open_run(integration)
    try:
        reconciliation_ask(integration=integration, actor=request.user)
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
    else:
        messages.success(
            request,
            "A conciliação já está em andamento. Uma basta; acompanhe aqui."
            if going
            else "Conciliação pedida. O livro inteiro do birô vai ser lido; acompanhe aqui.",
        )
    return redirect(_here(integration))


@require_POST
def remedy_create(request: Request, pk: int) -> HttpResponse:
    """Ask once more, naming what and how many; then hand it to the worker."""
    integration = _find(request, pk)
    require(request.user, Permission.RECONCILE, branch_id=integration.branch_id)
    run = ledgers.latest_done(integration)
    section = next(iter(wording.sections_of([request.POST.get("secao", "")])), None)
    chosen = request.POST.get("remedio", "")
    here = _here(integration)
    if run is None or section is None or chosen not in section.remedies:
        messages.warning(request, "Esta lista mudou enquanto você olhava. Nada foi feito.")
        return redirect(here)
    remedy = Remedy(chosen)
    if needed := NEEDS.get(remedy):
        require(request.user, needed, branch_id=integration.branch_id)
    rows = _still_open(run, section).filter(remedy="")
    everything = request.POST.get("todas") == "sim"
    if not everything:
        rows = rows.filter(pk__in=_keys(request))
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        messages.warning(request, "Nada foi feito: marque ao menos uma diferença da lista.")
        return redirect(here)
    if request.POST.get("confirmado") != "sim":
        context = {
            "integration": integration,
            "section": section,
            "remedy": remedy,
            "rows": list(rows[:SHOWN]) if not everything else [],
            "everything": everything,
            "heading": f"{remedy.label}: {wording.differences(len(ids))}?",
            "question": wording.question(remedy),
            "facts": [
                ("Diferenças", formats.number(len(ids))),
                ("O quê", section.title),
                ("Filial", integration.branch.name),
            ],
            "confirm_label": remedy.label,
            "cancel_url": here,
            "tone": "primary",
            "undoable": False,
        }
        return render(request, "restrictions/reconciliation_confirm.html", context)
    number = remedy_ask(integration=integration, actor=request.user, ids=ids, remedy=remedy)
    messages.success(
        request, f"{remedy.label}: pedido para {wording.differences(number)}. Acompanhe aqui."
    )
    return redirect(here)


def _keys(request: Request) -> list[int]:
    return [int(k) for k in request.POST.getlist("pk") if re.fullmatch(r"[0-9]{1,18}", k)][:SHOWN]


@require_POST
def sync_create(request: Request) -> HttpResponse:
    """*Sincronizar status negativação*: of one integration, or of all in the chosen branch."""
    require(request.user, Permission.SYNCHRONISE)
    found = integrations_in_use(request.user)
    if request.branch:
        found = found.filter(branch_id=request.branch.pk)
    wanted = request.POST.get("integracao", "")
    if wanted:
        if not re.fullmatch(r"[0-9]{1,18}", wanted):
            raise Http404
        found = integrations_in_use(request.user).filter(pk=int(wanted))
    asked: list[Integration] = []
    going: list[Integration] = []
    for integration in found:
        try:
            (asked if sync_ask(integration=integration, actor=request.user) else going).append(
                integration
            )
        except (ValidationError, PermissionDenied) as error:
            messages.error(request, str(error))
    if asked:
        messages.success(request, f"Sincronização pedida: {_named(asked)}.")
    if going:
        messages.info(request, f"Já em andamento: {_named(going)}. Uma basta.")
    if not asked and not going:
        messages.warning(request, "Nenhuma integração vinculada à filial. Nada foi sincronizado.")
    if request.POST.get("de") == "integracao" and wanted:
        return redirect("integration_detail", int(wanted))
    back = reverse(BACK.get(request.POST.get("de", ""), "restriction_list"))
    query = f"?{urlencode({'integracao': wanted})}" if "conciliacao" in back and wanted else ""
    return redirect(back + query)


def sync_lines(request: Request) -> dict[str, Any]:
    """For the list of all listings: how the syncs go, few enough to be read."""
    if not request.user.can(Permission.SYNCHRONISE):
        return {}
    found = integrations_in_use(request.user).order_by("branch")
    if request.branch:
        found = found.filter(branch_id=request.branch.pk)
    rows = list(found[: LINES + 1])
    lines = [(row, wording.sync_line(ledgers.sync_standing(row))) for row in rows[:LINES]]
    return {
        "may_sync": bool(rows),
        "syncs": [
            {"integration": row, "sync": line, "version": _hash(line)} for row, line in lines
        ],
    }


def _named(integrations: list[Integration]) -> str:
    return ", ".join(integration.branch.name for integration in integrations)


@never_cache
@require_safe
def sync_state(request: Request, pk: int) -> HttpResponse:
    """How the sync of one integration goes: a line that asks again while it is under way."""
    integration = _find(request, pk)
    sync = wording.sync_line(ledgers.sync_standing(integration))
    version = _hash(sync)
    if request.GET.get("v") == version:
        return nothing_to_swap()
    return render(
        request,
        "restrictions/sync_line.html",
        {
            "integration": integration,
            "sync": sync,
            "version": version,
            "names_branch": request.GET.get("filial") == "sim",
            "back": request.GET.get("de", ""),
            "may_sync": request.user.can(Permission.SYNCHRONISE)
            and integration.linked_at is not None,
        },
    )
