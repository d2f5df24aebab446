"""*Configurações › Integrações › Integrações de Análise de Crédito*."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.bureaus import registry
from regua.bureaus.errors import BureauError
from regua.integrations import throttle
from regua.integrations.catalogue import CatalogueDiff
from regua.integrations.catalogue_views import (
    change_lines,
    changes_counted,
    integration_or_404,
    tabs,
)
from regua.integrations.choices import DEFAULT_CODES
from regua.integrations.filters import COLUMNS, IntegrationFilter
from regua.integrations.forms import RELOAD, IntegrationForm
from regua.integrations.models import Integration
from regua.integrations.selectors import (
    SWITCHED_OFF,
    automatic_obstacles,
    integrations_listed,
    last_call,
    last_changes,
    lost_codes,
)
from regua.integrations.services import catalogue_sync, connection_test
from regua.integrations.switch import off_obstacle
from regua.integrations.vault import VaultError
from regua.organization.models import Branch
from regua.web import formats, keyset, ordering
from regua.web.obstacle import Obstacle
from regua.web.status import Icon, Status, Tone

FAILURES = (BureauError, VaultError, LookupError)
LINKED = Status("Vinculada", Tone.DONE, Icon("circle-check"))
READY = Status("Pronta", Tone.DONE, Icon("circle-check"))
UNLINKED = Status("Não vinculada", Tone.MUTED, Icon("circle-minus"))


def provider_name(integration: Integration) -> str:
    return registry.name_of(integration.provider)


def link_status(integration: Integration) -> Status:
    return LINKED if integration.linked_at else UNLINKED


def failure_sentence(error: Exception) -> str:
    return error.message if isinstance(error, BureauError) else str(error)


def integration_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_INTEGRATIONS)
    rows = integrations_listed(request.user)
    if request.branch:
        rows = rows.filter(branch=request.branch)
    form = IntegrationFilter(request.GET, branches=() if request.branch else request.branches)
    rows = form.narrow(rows)
    order = ordering.chosen(COLUMNS, request.GET.get("ordem"), default="id")
    page = keyset.paginate(rows, ordering=order.by, cursor=request.GET.get("cursor"))
    for row in page:
        row.link_status = link_status(row)
        row.lost = list(lost_codes(row).values())
    context = {
        "form": form,
        "order": order,
        "page": page,
        "total": keyset.capped_count(rows),
        "manages": request.user.can(Permission.MANAGE_INTEGRATIONS),
        "broken": registry.broken(),
        "now": timezone.now(),
    }
    return render(request, "integrations/integration_list.html", context)


def integration_new(request: Request) -> HttpResponse:
    require(request.user, Permission.MANAGE_INTEGRATIONS)
    if RELOAD in request.POST:
        form = IntegrationForm.redrawn(request.POST, actor=request.user)
    else:
        form = IntegrationForm(
            request.POST or None,
            actor=request.user,
            initial={"branch": request.branch or _only(request.branches)},
        )
    if form.is_bound and form.is_valid():
        created = form.save()
        if created:
            messages.success(
                request,
                f"Integração nº {created.pk} cadastrada. Agora atualize os códigos e vincule-a "
                "à filial.",
            )
            return redirect("integration_detail", created.pk)
    context = {
        "form": form,
        "manages": True,
        "broken": registry.broken(),
        "providers": registry.all(),
    }
    return render(request, "integrations/integration_form.html", context)


def _only(branches: list[Branch]) -> Branch | None:
    return branches[0] if len(branches) == 1 else None


def integration_detail(request: Request, pk: int) -> HttpResponse:
    integration = integration_or_404(request, pk)
    if request.method == "POST":
        require(request.user, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    if RELOAD in request.POST:
        form = IntegrationForm.redrawn(request.POST, actor=request.user, integration=integration)
    else:
        form = IntegrationForm(request.POST or None, actor=request.user, integration=integration)
    if form.is_bound and form.is_valid() and form.save():
        messages.success(request, f"Integração nº {integration.pk} gravada.")
        return redirect("integration_detail", integration.pk)
    return render(request, "integrations/integration_form.html", _context(request, form))


@require_POST
def integration_sync_codes(request: Request, pk: int) -> HttpResponse:
    """*Atualizar códigos de restrição*; what is being typed in the form is not lost."""
    integration = integration_or_404(request, pk)
    problem = ""
    try:
        said = _told(catalogue_sync(integration=integration, actor=request.user))
    except FAILURES as error:
        problem = said = failure_sentence(error)
    integration.refresh_from_db()
    if not request.htmx:
        (messages.error if problem else messages.success)(request, said)
        return redirect("integration_detail", integration.pk)
    typed = {name: request.POST.get(name, "") for name in DEFAULT_CODES if name in request.POST}
    form = IntegrationForm(actor=request.user, integration=integration)
    for name, value in typed.items():
        if value in dict(form.fields[name].choices):  # type: ignore[attr-defined]
            form.initial[name] = value
    context = _context(request, form) | {"said": said, "problem": problem, "swapped": True}
    return render(request, "integrations/_codes.html", context)


@require_POST
def integration_test(request: Request, pk: int) -> HttpResponse:
    """*Testar conexão*: the saved credentials against the bureau, changing nothing there."""
    integration = integration_or_404(request, pk)
    check = connection_test(integration=integration, actor=request.user)
    said = check.problem or (
        f"O birô respondeu e vende {check.products} produtos a esta filial. Nada foi cobrado."
    )
    integration.refresh_from_db()
    if not request.htmx:
        (messages.error if check.problem else messages.success)(request, said)
        if check.warning:
            messages.warning(request, check.warning)
        return redirect("integration_detail", integration.pk)
    form = IntegrationForm(actor=request.user, integration=integration)
    context = _context(request, form) | {
        "tested": said,
        "test_problem": check.problem,
        "test_warning": check.warning,
    }
    return render(request, "integrations/_state.html", context)


def _told(diff: CatalogueDiff) -> str:
    """What a synchronisation brought, in a sentence or two."""
    news = changes_counted(diff.changes)
    return (
        f"O birô tem {diff.products} produtos, {diff.restriction_codes} códigos de restrição e "
        f"{diff.removal_codes} códigos de baixa. "
        + (f"Desde a vez anterior: {news}." if news else "Nada mudou desde a vez anterior.")
    )


def _context(request: Request, form: IntegrationForm) -> dict[str, Any]:
    integration = form.integration
    assert integration is not None  # noqa: S101
    products = [product for product in integration.products.all() if product.gone_at is None]
    call = last_call(integration)
    changes = last_changes(integration)
    try:
        provider = registry.get(integration.provider)
    except LookupError:
        provider = None
    webhook = reverse("bureau_webhook", args=[integration.webhook_id])
    return {
        "form": form,
        "integration": integration,
        "provider": provider,
        "provider_name": provider.name if provider else integration.provider,
        "tabs": tabs(integration, "integration_detail", actor=request.user),
        "manages": request.user.can(Permission.MANAGE_INTEGRATIONS),
        "link_status": link_status(integration),
        "obstacles": [
            off_obstacle(request.user) if reason == SWITCHED_OFF else Obstacle(reason)
            for reason in automatic_obstacles(integration).values()
        ],
        "removes_alone": not automatic_obstacles(integration, removing=True),
        "sees_calls": request.user.can(Permission.VIEW_BUREAU_CALLS),
        "sees_listings": request.user.can(Permission.VIEW_RESTRICTIONS),
        "ready": READY,
        "changes": change_lines(changes),
        "changes_counted": changes_counted(changes),
        "products": products,
        "call": call,
        "call_at": _short(call.started_at) if call else "",
        "token": _token(integration),
        "throttle": throttle.standing_of(integration),
        "hold": throttle.hold_of(integration.pk),
        "webhook_url": f"{settings.CONFIG.base_url}{webhook}",
    }


def _token(integration: Integration) -> str:
    """The token's state in words; the token itself is never shown."""
    expires = integration.token_expires_at
    if not integration.token_sealed or expires is None:
        return "Ainda não gerado. É gerado na primeira consulta."
    if expires <= timezone.now():
        return f"Venceu {_short(expires)}; um novo será gerado na próxima chamada"
    return f"Válido até {_short(expires)}"


def _short(moment: Any) -> str:
    """The time alone today, day and time otherwise."""
    local = formats.local(moment)
    if local.date() == timezone.localdate():
        return local.strftime("%H:%M")
    return formats.instant(moment)
