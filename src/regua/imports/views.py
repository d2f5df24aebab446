"""*Ferramentas › Importações*: send a file, say what is what, look, import, mend."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.imports import csv_files, selectors, services, uploads
from regua.imports.choices import State
from regua.imports.forms import ColumnsForm, UploadForm
from regua.imports.kinds import BY_SLUG, KINDS
from regua.imports.models import ImportBatch
from regua.web import keyset
from regua.web.forms import add_errors
from regua.web.status import Icon, Status, Tone

STATUSES = {
    State.NEW: Status("Aguardando as colunas", Tone.NOTICE, Icon("hourglass-low")),
    State.LOADING: Status("Lendo", Tone.SENT, Icon("loader")),
    State.LOADED: Status("Lendo", Tone.SENT, Icon("loader")),
    State.CHECKING: Status("Conferindo", Tone.SENT, Icon("loader")),
    State.CHECKED: Status("Pronta para importar", Tone.NOTICE, Icon("hourglass-low")),
    State.APPLYING: Status("Importando", Tone.SENT, Icon("loader")),
    State.DONE: Status("Importada", Tone.DONE, Icon("circle-check")),
    State.REFUSED: Status("Nada importado", Tone.REFUSED, Icon("circle-x")),
    State.FAILED: Status("Não feita", Tone.REFUSED, Icon("circle-x")),
    State.CANCELLED: Status("Cancelada", Tone.MUTED, Icon("circle-minus")),
}
SAMPLES = 3
"""Lines that are shown beside the columns."""
STEPS = ("Arquivo", "Colunas", "Conferência", "Importação")
_STEP = {State.NEW: 2, State.LOADING: 3, State.LOADED: 3, State.CHECKING: 3, State.CHECKED: 3}


@require_safe
def import_list(request: Request) -> HttpResponse:
    require(request.user, Permission.IMPORT_DATA)
    rows = selectors.batches_visible(request.user)
    if request.branch:
        rows = rows.filter(branch=request.branch)
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    context = {
        "page": page,
        "rows": [(batch, STATUSES[State(batch.state)]) for batch in page],
        "show_branch": not request.branch and len(request.branches) > 1,
    }
    return render(request, "imports/import_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: Request) -> HttpResponse:
    """Send a file."""
    require(request.user, Permission.IMPORT_DATA)
    posted = request.method == "POST"
    branches = [request.branch] if request.branch else list(request.branches)
    form = UploadForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        branches=branches,
        initial={"kind": request.GET.get("tipo", "")},
    )
    if form.is_valid():
        try:
            batch = uploads.batch_upload(
                actor=request.user,
                kind=form.cleaned_data["kind"],
                branch=form.into,
                file=form.cleaned_data["file"],
            )
        except ValidationError as refused:
            add_errors(form, ValidationError({"file": refused.messages}))
        else:
            return redirect("import_detail", batch.pk)
    context = {"form": form, "kinds": KINDS, "steps": STEPS}
    return render(request, "imports/import_new.html", context, status=422 if posted else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def import_detail(request: Request, pk: int) -> HttpResponse:
    """Where an import stands; while it waits for its columns, the form that says them."""
    batch = _find(request, pk)
    if batch.state == State.NEW or (batch.state == State.CHECKED and request.GET.get("colunas")):
        return _columns(request, batch)
    if request.method == "POST":
        return redirect("import_detail", pk)
    context = {
        **_shown(batch),
        "problems": selectors.problems(batch)[:100],
        "more": selectors.problems(batch)[100:101].exists(),
    }
    return render(request, "imports/import_detail.html", context)


def _columns(request: Request, batch: ImportBatch) -> HttpResponse:
    posted = request.method == "POST"
    samples = list(islice((row for row in uploads.lines(batch) if any(row)), SAMPLES))
    form = ColumnsForm(request.POST if posted else None, batch=batch, samples=samples)
    if form.is_valid():
        try:
            services.batch_prepare(
                batch=batch,
                actor=request.user,
                mapping=form.cleaned_data["mapping"],
                mode=form.cleaned_data["mode"],
            )
        except ValidationError as refused:
            add_errors(form, ValidationError(refused.messages))
        else:
            return redirect("import_detail", batch.pk)
    context = {
        **_shown(batch),
        "step": 2,
        "form": form,
        "known": len(batch.mapping),
        "needed": batch.what.missing({}),
    }
    return render(request, "imports/import_columns.html", context, status=422 if posted else 200)


@never_cache
@require_safe
def import_live(request: Request, pk: int) -> HttpResponse:
    """How it goes; the whole page anew once it has moved on, 204 while nothing has."""
    batch = _find(request, pk)
    if not request.htmx:
        return redirect("import_detail", pk)
    if not batch.is_unfinished and batch.state != State.LOADED:
        return HttpResponseClientRefresh()
    shown = _shown(batch)
    if request.GET.get("v") == shown["version"]:
        return HttpResponse(status=204)
    return render(request, "imports/_progress.html", shown)


@require_POST
def import_go(request: Request, pk: int) -> HttpResponse:
    batch = _find(request, pk)
    try:
        services.batch_go(batch=batch, actor=request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("import_detail", pk)


@require_POST
def import_cancel(request: Request, pk: int) -> HttpResponse:
    batch = _find(request, pk)
    services.batch_cancel(batch=batch, actor=request.user)
    messages.success(request, "Cancelamento pedido. O que ainda não entrou não entrará.")
    return redirect("import_detail", pk)


@require_safe
def import_template(request: Request, kind: str) -> HttpResponse:
    """A file with the headers of a kind and one line as an example."""
    require(request.user, Permission.IMPORT_DATA)
    if kind not in BY_SLUG:
        raise Http404
    fields = BY_SLUG[kind].fields
    data = csv_files.write([[f.label for f in fields], [f.example for f in fields]])
    return _csv(HttpResponse(b"\xef\xbb\xbf" + data), f"modelo-{kind}.csv")


@never_cache
@require_safe
def import_report(request: Request, pk: int) -> HttpResponseBase:
    """The lines with a problem as they came, and what is wrong with each: to mend and send again.
    ``?todos`` has a line per problem instead."""
    batch = _find(request, pk)
    rows = _problem_rows(batch) if request.GET.get("todos") else selectors.bad_lines(batch)
    return _csv(StreamingHttpResponse(_blocks(rows)), f"problemas-importacao-{pk}.csv")


def _problem_rows(batch: ImportBatch) -> Iterator[list[object]]:
    yield ["Linha", "Campo", "Valor", "Problema", "Como corrigir"]
    for problem in selectors.problems(batch).iterator(chunk_size=2000):
        yield [problem.line, problem.label, problem.value, problem.wrong, problem.mend]


def _blocks(rows: Iterator[list[object]]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"
    while block := list(islice(rows, 500)):
        yield csv_files.write(block)


def _csv(response: Any, name: str) -> Any:
    response["Content-Type"] = "text/csv; charset=utf-8"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _find(request: Request, pk: int) -> ImportBatch:
    return get_object_or_404(selectors.batches_visible(request.user), pk=pk)


def _shown(batch: ImportBatch) -> dict[str, Any]:
    seen = (batch.state, batch.lines, batch.cancel_asked)
    return {
        "batch": batch,
        "kind": batch.what,
        "status": STATUSES[State(batch.state)],
        "steps": STEPS,
        "step": _STEP.get(State(batch.state), 4),
        "version": f"{zlib.crc32(repr(seen).encode()):08x}",
        "enters": batch.created + batch.updated,
        "blocked": bool(batch.refused) and batch.mode == "all_or_nothing",
    }
