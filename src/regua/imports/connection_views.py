"""*Configurações › Integrações › Sistema de gestão*."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.connectors import registry
from regua.imports.connection_forms import ConnectionForm
from regua.imports.connection_models import Connection, ConnectionRun
from regua.imports.connection_selectors import connections_visible
from regua.imports.connection_services import connection_sync, connection_test
from regua.web import keyset
from regua.web.status import Icon, Status, Tone

_OFF = Status("Desligada", Tone.MUTED, Icon("circle-minus"))
_TROUBLE = Status("Precisa de atenção", Tone.ACTIVE, Icon("alert-triangle"))
_NEW = Status("Primeira leitura por fazer", Tone.QUEUED, Icon("clock"))
_FINE = Status("Em dia", Tone.DONE, Icon("circle-check"))
_READING = Status("Lendo", Tone.SENT, Icon("refresh"))
_WAITS = Status("Na fila", Tone.QUEUED, Icon("clock"))
_STOPPED = Status("Parou antes do fim", Tone.ACTIVE, Icon("alert-triangle"))
_PARTLY = Status("Feita, com pendências", Tone.NOTICE, Icon("alert-triangle"))
_DONE = Status("Feita", Tone.DONE, Icon("circle-check"))


def _situation(connection: Connection) -> Status:
    if not connection.active:
        return _OFF
    if connection.problem:
        return _TROUBLE
    return _FINE if connection.last_run_at else _NEW


def _run_status(run: ConnectionRun) -> Status:
    if run.finished_at is None:
        return _READING if run.counts else _WAITS
    if run.problem:
        return _STOPPED
    return _PARTLY if run.refused else _DONE


@require_safe
def connection_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_INTEGRATIONS)
    rows = connections_visible(request.user)
    if request.branch:
        rows = rows.filter(branch=request.branch)
    page = keyset.paginate(rows, ordering=("branch__name",), cursor=request.GET.get("cursor"))
    for row in page:
        row.situation = _situation(row)
        row.system = registry.name_of(row.connector)
    context = {
        "page": page,
        "total": keyset.capped_count(rows),
        "connectors": registry.all(),
        "broken": registry.broken(),
        "manages": request.user.can(Permission.MANAGE_INTEGRATIONS),
    }
    return render(request, "imports/connection_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def connection_new(request: Request, connector: str) -> HttpResponse:
    require(request.user, Permission.MANAGE_INTEGRATIONS)
    try:
        chosen = registry.get(connector)
    except LookupError:
        raise Http404 from None
    branch = request.branch or (request.branches[0] if len(request.branches) == 1 else None)
    form = ConnectionForm(
        request.POST if request.method == "POST" else None,
        actor=request.user,
        connector=chosen,
        initial={"branch": branch},
    )
    if form.is_bound and form.is_valid() and (created := form.save()):
        messages.success(
            request,
            f"{chosen.name} gravado para a filial {created.branch}. Teste a conexão; a primeira "
            "leitura começa em instantes.",
        )
        return redirect("connection_detail", created.pk)
    context = {"form": form, "connector": chosen, "manages": True}
    return render(request, "imports/connection_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def connection_detail(request: Request, pk: int) -> HttpResponse:
    connection = _get(request, pk)
    if request.method == "POST":
        require(request.user, Permission.MANAGE_INTEGRATIONS, branch_id=connection.branch_id)
    try:
        chosen = registry.get(connection.connector)
    except LookupError as error:
        return render(request, "imports/connection_gone.html", _shown(connection, why=str(error)))
    form = ConnectionForm(
        request.POST if request.method == "POST" else None,
        actor=request.user,
        connector=chosen,
        connection=connection,
    )
    if form.is_bound and form.is_valid() and form.save():
        messages.success(request, "Conexão gravada.")
        return redirect("connection_detail", connection.pk)
    runs = keyset.paginate(
        connection.runs.select_related("asked_by"),
        ordering=("-id",),
        cursor=request.GET.get("cursor"),
        page_size=20,
    )
    for run in runs:
        run.status = _run_status(run)
    context = _shown(
        connection,
        form=form,
        connector=chosen,
        page=runs,
        reading=connection.active and (not runs.items or not all(r.finished_at for r in runs)),
        total=keyset.capped_count(connection.runs.all()),
        manages=request.user.can(Permission.MANAGE_INTEGRATIONS),
        syncs=request.user.can(Permission.SYNCHRONISE),
    )
    return render(request, "imports/connection_form.html", context)


@require_POST
def connection_try(request: Request, pk: int) -> HttpResponse:
    """*Testar conexão*."""
    connection = _get(request, pk)
    try:
        connection_test(connection=connection, actor=request.user)
        messages.success(request, "A conexão funciona: tudo o que é preciso pode ser lido.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("connection_detail", connection.pk)


@require_POST
def connection_pull_now(request: Request, pk: int) -> HttpResponse:
    """*Sincronizar agora*; with ``tudo`` everything is read anew."""
    connection = _get(request, pk)
    try:
        asked = connection_sync(
            connection=connection, actor=request.user, everything="tudo" in request.POST
        )
        if asked:
            messages.success(request, "Leitura pedida. Ela aparece no histórico em instantes.")
        else:
            messages.info(request, "Já há uma leitura em andamento. Nada mais foi pedido.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("connection_detail", connection.pk)


@require_safe
def connection_run(request: Request, pk: int, run: int) -> HttpResponse:
    """What one reading brought, and what was kept out and why."""
    connection = _get(request, pk)
    found = get_object_or_404(connection.runs.select_related("asked_by"), pk=run)
    page = keyset.paginate(found.problems.all(), ordering=("id",), cursor=request.GET.get("cursor"))
    context = _shown(
        connection,
        run=found,
        status=_run_status(found),
        page=page,
        total=keyset.capped_count(found.problems.all()),
    )
    return render(request, "imports/connection_run.html", context)


def _get(request: Request, pk: int) -> Connection:
    if not request.user.can(Permission.VIEW_INTEGRATIONS):
        raise Http404
    return get_object_or_404(connections_visible(request.user), pk=pk)


def _shown(connection: Connection, **more: Any) -> dict[str, Any]:
    return {
        "connection": connection,
        "situation": _situation(connection),
        "system": registry.name_of(connection.connector),
        **more,
    }
