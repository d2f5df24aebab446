"""The messages of one customer, those that need somebody's decision, and the page on which a
customer says no to more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning import message_services as services
from regua.dunning.choices import Channel, MessageStatus
from regua.dunning.message_selectors import (
    is_doubtful,
    messages_in_trouble,
    messages_visible,
    shown_status,
)
from regua.dunning.models import DunningMessage, MessageOptOut
from regua.dunning.rendering import creditor_name, opt_out_read
from regua.parties.models import Customer
from regua.parties.panels import customer_page
from regua.parties.selectors import customers_visible
from regua.web import formats, keyset
from regua.web.responses import next_page

PAGE = 25


@require_safe
def customer_messages(request: Request, pk: int) -> HttpResponse:
    """The tab *Mensagens*."""
    require(request.user, Permission.VIEW_DUNNING)
    page = customer_page(request, pk, tab="customer_messages")
    customer = page["customer"]
    found = messages_visible(request.user).filter(receivable__customer=customer)
    rows = keyset.paginate(
        found, ordering=("-pk",), cursor=request.GET.get("cursor"), page_size=PAGE
    )
    context = {
        **page,
        "page": rows,
        "rows": [_row(message) for message in rows],
        "total": keyset.capped_count(found),
        "channels": _channels(customer),
        "records": request.user.can(Permission.RECORD_CONTACT),
        "resends": request.user.can(Permission.RUN_DUNNING),
    }
    return render(request, "dunning/message_customer.html", context)


def _row(message: DunningMessage) -> dict[str, Any]:
    doubtful = is_doubtful(message)
    return {
        "message": message,
        "status": shown_status(message),
        "doubtful": doubtful,
        "again": doubtful or message.status == MessageStatus.FAILED,
        "to": message.recipient
        if message.channel == Channel.EMAIL
        else formats.phone(message.recipient),
    }


def _channels(customer: Customer) -> list[dict[str, Any]]:
    refused = {
        row.channel: row
        for row in MessageOptOut.objects.filter(customer=customer).select_related("created_by")
    }
    return [{"channel": each, "refused": refused.get(each)} for each in Channel]


@require_POST
def customer_opt_out(request: Request, pk: int, channel: str) -> HttpResponse:
    """``querer=sim``: the customer wants messages again; else: none any more."""
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    if channel not in Channel:
        raise Http404
    label = Channel(channel).label
    if request.POST.get("querer") == "sim":
        services.opt_out_clear(customer=customer, channel=channel, actor=request.user)
        messages.success(request, f"{customer.name} volta a receber cobranças por {label}.")
    else:
        services.opt_out_set(customer=customer, channel=channel, actor=request.user)
        messages.success(request, f"{customer.name} não recebe mais cobranças por {label}.")
    return redirect("customer_messages", pk)


@require_POST
def message_resend(request: Request, pk: int) -> HttpResponse:
    message = get_object_or_404(messages_visible(request.user), pk=pk)
    after = reverse("customer_messages", args=[message.receivable.customer_id])
    try:
        fresh = services.message_resend(message=message, actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(
            request, f"A mensagem está na fila e sai a partir de {formats.instant(fresh.due_at)}."
        )
    return redirect(next_page(request, after))


@require_POST
def message_leave(request: Request, pk: int) -> HttpResponse:
    message = get_object_or_404(messages_visible(request.user), pk=pk)
    try:
        services.message_leave(message=message, actor=request.user)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, "A mensagem não é enviada de novo.")
    return redirect(
        next_page(request, reverse("customer_messages", args=[message.receivable.customer_id]))
    )


@require_safe
def message_trouble_list(request: Request) -> HttpResponse:
    """*Mensagens que não saíram*: refused ones and those in doubt."""
    require(request.user, Permission.VIEW_DUNNING)
    found = messages_in_trouble(request.user)
    rows = keyset.paginate(
        found, ordering=("-pk",), cursor=request.GET.get("cursor"), page_size=PAGE
    )
    context = {
        "page": rows,
        "rows": [_row(message) for message in rows],
        "total": keyset.capped_count(found),
        "resends": request.user.can(Permission.RUN_DUNNING),
    }
    return render(request, "dunning/message_trouble_list.html", context)


# The signed address is all the proof there is, for the button and for a mail program that does it
# by itself (RFC 8058); who does not know it cannot make anybody else send it.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """Shows nothing of the customer or of a debt: whoever holds the message may open it."""
    found = opt_out_read(token)
    context: dict[str, Any] = {"known": found is not None}
    if found is not None:
        customer_id, channel = found
        customer = Customer.objects.filter(pk=customer_id).select_related("branch__company").first()
        context |= {
            "label": channel.label,
            "creditor": creditor_name(customer.branch) if customer else "",
        }
        if request.method == "POST":
            services.opt_out_by_customer(customer_id=customer_id, channel=channel)
            context["done"] = True
    return render(request, "dunning/message_opt_out.html", context, status=200 if found else 404)
