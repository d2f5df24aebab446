"""*Cobrança › Execuções*: simulate, look, take out, approve, watch; and the debts that are held."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning import run_selectors as selectors
from regua.dunning import run_wording as wording
from regua.dunning import services
from regua.dunning.choices import Action, RunState
from regua.dunning.models import DunningRun
from regua.dunning.reasons import sentence
from regua.dunning.run_forms import HoldFilter, ItemFilter, SimulateForm
from regua.dunning.run_sums import Plan, plan_of, sums_of
from regua.dunning.selectors import runs_visible, switches_off
from regua.organization.models import Branch
from regua.web import formats, keyset
from regua.web.navigation import url_of
from regua.web.obstacle import Obstacle

AT_ONCE = keyset.PAGE_SIZE
"""Lines that one page shows, and so may be marked at once."""
_CHANGES: dict[str, tuple[Callable[..., None], str]] = {
    "pausar": (
        services.run_pause,
        "Execução pausada. As partes que já estavam em andamento foram concluídas.",
    ),
    "continuar": (services.run_resume, "A execução continua de onde parou."),
    "cancelar": (
        services.run_cancel,
        "Execução cancelada. O que já tinha sido feito continua valendo; o resto não será feito.",
    ),
}


def _within(request: Request) -> list[Branch]:
    return [request.branch] if request.branch else list(request.branches)


def _find(request: Request, pk: int) -> DunningRun:
    return get_object_or_404(runs_visible(request.user), pk=pk)


def _here(run: DunningRun) -> str:
    return reverse("dunning_run", args=[run.pk])


# --- The list, and beginning --------------------------------------------------------------------


@require_safe
def dunning_run_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_DUNNING)
    branches = _within(request)
    rows = runs_visible(request.user)
    if request.branch:
        rows = rows.filter(branch=request.branch)
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    sums = sums_of(page)
    context = {
        "page": page,
        "rows": [(run, wording.STATES[run.state], sums[run.pk]) for run in page],
        "show_branch": not request.branch and len(request.branches) > 1,
        "may_run": request.user.can(Permission.RUN_DUNNING),
        "one": branches[0] if len(branches) == 1 else None,
        "obstacle": _why_not(branches[0]) if len(branches) == 1 else None,
    }
    return render(request, "dunning/run_list.html", context)


def _why_not(branch: Branch) -> Obstacle | None:
    going = selectors.open_runs([branch]).get(branch.pk)
    if going is None:
        return None
    return Obstacle(
        f"A filial {branch.name} já tem a execução nº {going.pk}: "
        f"{going.get_state_display().lower()}.",
        _here(going),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def dunning_run_create(request: Request) -> HttpResponse:
    """Simulate the branches that were chosen: one run each."""
    require(request.user, Permission.RUN_DUNNING)
    branches = _within(request)
    posted = request.method == "POST"
    form = SimulateForm(request.POST if posted else None, branches=branches)
    if form.is_valid():
        return _start(request, [b for b in branches if str(b.pk) in form.cleaned_data["filiais"]])
    going = selectors.open_runs(branches)
    context = {
        "form": form,
        "rows": [(branch, going.get(branch.pk)) for branch in branches],
        "free": len(going) < len(branches),
        "chosen": request.POST.getlist("filiais"),
    }
    return render(request, "dunning/run_create.html", context, status=422 if posted else 200)


def _start(request: Request, branches: list[Branch]) -> HttpResponse:
    started = []
    for branch in branches:
        try:
            started.append(services.run_start(branch=branch, actor=request.user))
        except ValidationError as error:
            for said in error.messages:
                messages.error(request, said)
    if len(started) == 1:
        return redirect(_here(started[0]))
    if started:
        messages.success(
            request,
            f"{len(started)} simulações pedidas, uma por filial. Abra cada uma para aprovar.",
        )
    return redirect("dunning_run_list")


# --- One run ------------------------------------------------------------------------------------


@require_safe
def dunning_run(request: Request, pk: int) -> HttpResponse:
    run = _find(request, pk)
    actor = request.user
    plan = plan_of(run, sums_of([run])[run.pk])
    context = {
        "run": run,
        "state": wording.STATES[run.state],
        "plan": plan,
        **_progress(request, run, plan),
        "may_run": actor.can(Permission.RUN_DUNNING),
        "may_approve": actor.can(Permission.APPROVE_DUNNING),
        "role": actor.get_role_display(),
        "switches": list(switches_off(run.branch).values())
        if run.state == RunState.SIMULATED and selectors.lists_by_itself(run.branch)
        else [],
        "switches_url": reverse("dunning_switches", args=[run.branch_id]),
        "messages_url": f"{_here(run)}#titulos",
        "worklist_url": url_of("dunning_worklist"),
        "listings_url": _listings(run, plan),
        "holds_url": _holds(run) if selectors.is_last(run) else "",
        "finished": f"terminou em {formats.instant(run.finished_at)}" if run.finished_at else "",
        "bar": wording.bar(plan),
        "old": run.state == RunState.SIMULATED and run.day < timezone.localdate(),
        **_items(request, run, plan),
    }
    return render(request, "dunning/run_detail.html", context)


def _holds(run: DunningRun) -> str:
    return f"{reverse('dunning_hold_list')}?{urlencode({'filial': run.branch_id})}"


def _listings(run: DunningRun, plan: Plan) -> str:
    """The lines of the step that lists, each with its listing."""
    step = next((line.step.pk for line in plan.lines if line.step.action == Action.LIST), None)
    return f"{_here(run)}?{urlencode({'passo': step})}#titulos" if step else ""


def _items(request: Request, run: DunningRun, plan: Plan) -> dict[str, Any]:
    """The table: what each debt's step is, once the simulation is complete."""
    if run.simulated_at is None:
        return {"items": None}
    form = ItemFilter(request.GET, steps=[line.step for line in plan.lines])
    chosen = form.chosen("passo")
    rows = selectors.items_of(run, step_id=int(chosen) if chosen else None)
    page = keyset.paginate(
        rows,
        ordering=("pk",) if chosen else ("step_id", "pk"),
        cursor=request.GET.get("cursor"),
        page_size=AT_ONCE,
    )
    return {
        "form": form,
        "page": page,
        "items": selectors.rows_of(run, page.items, request.user),
        "forgotten": selectors.lines_forgotten(run),
        "chooses": run.state == RunState.SIMULATED and request.user.can(Permission.APPROVE_DUNNING),
    }


def _progress(request: Request, run: DunningRun, plan: Plan) -> dict[str, Any]:
    """How far a run is, and how long still by the pace since this page was opened."""
    done, total = plan.sums.progress(run.state)
    now = int(timezone.now().timestamp())
    first = _number(request.GET.get("desde")) or now
    before = _number(request.GET.get("feitas"))
    if before is None or before > done:
        before = done
    left = None
    if done > before and now > first:
        left = wording.time_left((now - first) * (total - done) / (done - before))
    return {
        "done": done,
        "parts": total,
        "left": left,
        "first": first,
        "before": before,
        "version": _hash((run.state, run.problem, done, left)),
    }


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,12}", text) else None


def _hash(seen: object) -> str:
    return f"{zlib.crc32(repr(seen).encode()):08x}"


@never_cache
@require_safe
def dunning_run_live(request: Request, pk: int) -> HttpResponse:
    """How it goes; the whole page anew once the run has moved on, 204 while nothing has."""
    run = _find(request, pk)
    if not request.htmx:
        return redirect(_here(run))
    if request.GET.get("em") != run.state:
        return HttpResponseClientRefresh()
    plan = plan_of(run, sums_of([run])[run.pk])
    progress = _progress(request, run, plan)
    if request.GET.get("v") == progress["version"]:
        return HttpResponse(status=204)
    context = {"run": run, "plan": plan, **progress}
    return render(request, "dunning/run_progress.html", context)


@require_POST
def dunning_run_items(request: Request, pk: int) -> HttpResponse:
    """Take steps, or the lines that were marked, out of a simulation; or put them back."""
    run = _find(request, pk)
    act = services.items_take_back if request.POST.get("volta") else services.items_leave_out
    step = _number(request.POST.get("passo"))
    ids = [int(k) for k in request.POST.getlist("pk") if re.fullmatch(r"[0-9]{1,18}", k)]
    if step is None and not ids:
        messages.warning(request, "Nada mudou: marque ao menos um título da lista.")
        return redirect(_back(request, run))
    try:
        number = act(
            run=run,
            actor=request.user,
            step_ids=[step] if step is not None else None,
            ids=ids[:AT_ONCE] if step is None else None,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, wording.moved(number, back=act is services.items_take_back))
    return redirect(_back(request, run))


def _back(request: Request, run: DunningRun) -> str:
    """The page of lines that the person was looking at."""
    query = {name: value for name in ("passo", "cursor") if (value := request.GET.get(name))}
    return f"{_here(run)}?{urlencode(query)}#titulos" if query else f"{_here(run)}#titulos"


@require_POST
def dunning_run_approve(request: Request, pk: int) -> HttpResponse:
    """Ask once more, naming how many, how much and what it costs; then have it executed."""
    run = _find(request, pk)
    require(request.user, Permission.APPROVE_DUNNING, branch_id=run.branch_id)
    plan = plan_of(run, sums_of([run])[run.pk])
    seen = request.POST.get("vista", "")
    if run.state == RunState.SIMULATED and seen != plan.fingerprint:
        if seen:
            messages.warning(
                request, "A simulação mudou enquanto você olhava. Confira os números de novo."
            )
        return render(request, "dunning/run_confirm.html", wording.confirmation(run, plan))
    try:
        services.run_approve(run=run, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Execução aprovada. Acompanhe aqui.")
    return redirect(_here(run))


@require_POST
def dunning_run_change(request: Request, pk: int, change: str) -> HttpResponse:
    run = _find(request, pk)
    if change not in _CHANGES:
        raise Http404
    act, said = _CHANGES[change]
    try:
        act(run=run, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said)
    return redirect(_here(run))


# --- What is held -------------------------------------------------------------------------------


@require_safe
def dunning_hold_list(request: Request) -> HttpResponse:
    """The debts whose step is due and was not taken, with every reason why."""
    actor: User = request.user
    require(actor, Permission.VIEW_DUNNING)
    branches = _within(request)
    runs = selectors.last_simulated(actor, branches)
    reasons: dict[str, int] = {}
    sums = sums_of(runs)
    for run in runs:
        for code, amounts in sums[run.pk].held.items():
            reasons[code] = reasons.get(code, 0) + amounts.count
    form = HoldFilter(
        request.GET,
        reasons=sorted(((code, sentence(code)) for code in reasons), key=lambda pair: pair[1]),
        branches=branches,
    )
    if filial := form.chosen("filial"):
        branches = [branch for branch in branches if str(branch.pk) == filial]
    rows = selectors.holds_of(actor, branches, reason=form.chosen("motivo"))
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    today = timezone.localdate()
    context = {
        "form": form,
        "page": page,
        "rows": [
            {
                "hold": hold,
                "days": (today - hold.receivable.due_date).days,
                "reasons": [sentence(code) for code in hold.reasons],
            }
            for hold in page
        ],
        "show_branch": len(branches) > 1,
        "simulated": [run for run in runs if run.branch in branches],
        "counted": formats.number(reasons[form.chosen("motivo")])
        if form.chosen("motivo") and not form.chosen("filial")
        else "",
    }
    return render(request, "dunning/hold_list.html", context)
