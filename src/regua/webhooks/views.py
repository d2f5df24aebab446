"""*Configurações › Integrações › Webhooks*."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.vault import VaultError
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.status import Icon, Status, Tone
from regua.webhooks import selectors, services
from regua.webhooks.choices import DeliveryStatus, EventType
from regua.webhooks.delivering import body_of
from regua.webhooks.forms import DeliveryFilter, EndpointForm, ReplayForm
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint

_SHOWN_ONCE = "webhook_secret"
"""Where the session remembers whose secret may be shown, once."""
ACTIVE = Status("Ativo", Tone.DONE, Icon("circle-check"))
FAILING = Status("Com falhas", Tone.NOTICE, Icon("alert-triangle"))
STOPPED = Status("Parou", Tone.ACTIVE, Icon("alert-circle"))
DISABLED = Status("Desativado", Tone.MUTED, Icon("circle-minus"))
QUEUED = Status("Na fila", Tone.QUEUED, Icon("clock"))
RETRYING = Status("Vai tentar de novo", Tone.NOTICE, Icon("refresh"))
DELIVERED = Status("Entregue", Tone.DONE, Icon("circle-check"))
FAILED = Status("Não entregue", Tone.ACTIVE, Icon("circle-x"))


def endpoint_status(endpoint: WebhookEndpoint) -> Status:
    if endpoint.active:
        return FAILING if endpoint.failures else ACTIVE
    return STOPPED if endpoint.stopped else DISABLED


def delivery_status(delivery: WebhookDelivery) -> Status:
    if delivery.status == DeliveryStatus.PENDING:
        return RETRYING if delivery.error else QUEUED
    return DELIVERED if delivery.status == DeliveryStatus.DELIVERED else FAILED


@require_safe
def webhook_list(request: Request) -> HttpResponse:
    _may(request)
    rows = [
        {
            "endpoint": endpoint,
            "status": endpoint_status(endpoint),
            "pending": keyset.capped_count(endpoint.deliveries.filter(due_at__isnull=False)),
            "failed": keyset.capped_count(endpoint.deliveries.filter(status=DeliveryStatus.FAILED)),
            "events": _events(endpoint),
            "all_events": len(endpoint.events) == len(EventType),
        }
        for endpoint in selectors.endpoints_listed(request.user)
    ]
    return render(request, "webhooks/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_new(request: Request) -> HttpResponse:
    _may(request)
    form = EndpointForm(request.POST if request.method == "POST" else None, actor=request.user)
    if form.is_valid():
        try:
            endpoint = services.endpoint_create(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            request.session[_SHOWN_ONCE] = endpoint.pk
            return redirect("webhook_secret", endpoint.pk)
    return render(request, "webhooks/form.html", {"form": form, "endpoint": None})


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_edit(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    form = EndpointForm(
        request.POST if request.method == "POST" else None, actor=request.user, endpoint=endpoint
    )
    if form.is_valid():
        try:
            services.endpoint_update(endpoint=endpoint, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Webhook “{endpoint.name}” gravado.")
            return redirect("webhook_detail", endpoint.pk)
    return render(request, "webhooks/form.html", {"form": form, "endpoint": endpoint})


@never_cache
@require_GET
def webhook_secret(request: Request, pk: int) -> HttpResponse:
    """The secret just made, to the person who made it, once."""
    endpoint = _endpoint(request, pk)
    secret = problem = ""
    if request.session.get(_SHOWN_ONCE) == endpoint.pk:
        try:
            secret = endpoint.unseal(endpoint.secret_sealed)
        except VaultError as error:
            problem = str(error)
        del request.session[_SHOWN_ONCE]
    context = {
        "endpoint": endpoint,
        "secret": secret,
        "problem": problem,
        "rotated": bool(endpoint.previous_sealed),
    }
    return render(request, "webhooks/secret.html", context)


@require_safe
def webhook_detail(request: Request, pk: int) -> HttpResponse:
    """What it is, how it goes, and every delivery, newest first."""
    endpoint = _endpoint(request, pk)
    form = DeliveryFilter(request.GET)
    rows = form.narrow(endpoint.deliveries.all())
    page = keyset.paginate(
        rows.defer("payload", "answer"), ordering=("-pk",), cursor=request.GET.get("cursor")
    )
    now = timezone.now()
    context = {
        "endpoint": endpoint,
        "status": endpoint_status(endpoint),
        "events": _events(endpoint),
        "rotating": endpoint.previous_until if (endpoint.previous_until or now) > now else None,
        "form": form,
        "replay": ReplayForm(),
        "page": page,
        "lines": [{"delivery": row, "status": delivery_status(row)} for row in page.items],
        "total": keyset.capped_count(rows),
        "any_failed": endpoint.deliveries.filter(status=DeliveryStatus.FAILED).exists(),
    }
    return render(request, "webhooks/detail.html", context)


@require_safe
def webhook_delivery(request: Request, pk: int, delivery: int) -> HttpResponse:
    """What was sent and what came back; while it is on its way the page asks again."""
    endpoint = _endpoint(request, pk)
    found = get_object_or_404(endpoint.deliveries.select_related("asked_by"), pk=delivery)
    context = {
        "endpoint": endpoint,
        "delivery": found,
        "status": delivery_status(found),
        "payload": body_of(found.payload, indent=2),
    }
    name = "webhooks/delivery_state.html" if request.htmx else "webhooks/delivery.html"
    return render(request, name, context)


@require_POST
def webhook_rotate(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    services.secret_rotate(endpoint=endpoint, actor=request.user)
    request.session[_SHOWN_ONCE] = endpoint.pk
    return redirect("webhook_secret", endpoint.pk)


@require_POST
def webhook_test(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    try:
        delivery = services.endpoint_test(endpoint=endpoint, actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("webhook_detail", endpoint.pk)
    return redirect("webhook_delivery", endpoint.pk, delivery.pk)


@require_POST
def webhook_disable(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    services.endpoint_disable(endpoint=endpoint, actor=request.user)
    messages.success(request, f"Webhook “{endpoint.name}” desativado. Nada mais é enviado.")
    return redirect("webhook_detail", endpoint.pk)


@require_POST
def webhook_enable(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    try:
        services.endpoint_enable(endpoint=endpoint, actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(
            request, f"Webhook “{endpoint.name}” ativo. O que estava na fila sai agora."
        )
    return redirect("webhook_detail", endpoint.pk)


@require_POST
def webhook_replay(request: Request, pk: int, delivery: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    found = get_object_or_404(endpoint.deliveries, pk=delivery)
    try:
        fresh = services.delivery_replay(delivery=found, actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("webhook_delivery", endpoint.pk, found.pk)
    return redirect("webhook_delivery", endpoint.pk, fresh.pk)


@require_POST
def webhook_replay_failed(request: Request, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    form = ReplayForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError("Escreva desde que dia, como 24/11/2026. Nada foi enviado.")
        count = services.failed_replay(endpoint=endpoint, actor=request.user, since=form.since)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        told = "1 entrega volta" if count == 1 else f"{formats.number(count)} entregas voltam"
        if count:
            messages.success(request, f"{told} para a fila.")
        else:
            messages.info(request, "Desde esse dia não há entregas a repetir.")
    return redirect("webhook_detail", endpoint.pk)


def _may(request: Request) -> None:
    require(request.user, Permission.MANAGE_WEBHOOKS)


def _endpoint(request: Request, pk: int) -> WebhookEndpoint:
    _may(request)
    rows = selectors.endpoints_visible(request.user)
    return get_object_or_404(rows.select_related("branch", "created_by", "disabled_by"), pk=pk)


def _events(endpoint: WebhookEndpoint) -> list[Any]:
    return [EventType(code).label for code in endpoint.events if code in EventType.values]
