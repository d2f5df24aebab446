"""*Configurações › Parâmetros de cobrança*, tabs *Mensagens* and *Canais*."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.dunning.choices import Channel, MessageStatus, TemplateKind
from regua.dunning.message_forms import (
    GATEWAY_CHANNELS,
    ChannelTestForm,
    GatewayForm,
    TemplateForm,
    exact,
)
from regua.dunning.message_selectors import earlier_texts, templates_in_use, uses_of
from regua.dunning.message_services import (
    NOBODY,
    channel_test,
    gateway_save,
    template_save,
    template_test,
)
from regua.dunning.models import DunningMessage, MessageGateway, MessageTemplate
from regua.dunning.policy_tabs import parameter_tabs
from regua.dunning.rendering import (
    VARIABLES,
    check_text,
    invented_debt,
    opt_out_url,
)
from regua.dunning.rendering import render as rendered
from regua.dunning.selectors import has_address
from regua.organization.models import Branch
from regua.web import formats
from regua.web.forms import add_errors

TEST = "teste"
"""What the button that only sends a test calls itself (``acao``)."""


@require_safe
def message_template_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_DUNNING)
    found = templates_in_use()
    uses = uses_of(found)
    context = {
        "tabs": parameter_tabs("message_template_list"),
        "rows": [{"template": template, "steps": uses.get(template.pk, 0)} for template in found],
        "manages": request.user.can(Permission.MANAGE_DUNNING),
    }
    return render(request, "dunning/message_template_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def message_template_edit(request: Request, pk: int | None = None) -> HttpResponse:
    """A new text, or another in the place of one; with ``acao=teste`` only a test of it leaves."""
    require(request.user, Permission.VIEW_DUNNING)
    if pk is None or request.method == "POST":
        require(request.user, Permission.MANAGE_DUNNING)
    template = get_object_or_404(MessageTemplate, pk=pk) if pk else None
    if template is not None and template.replaced_by_id:
        messages.info(request, "Este texto já deu lugar a outro. Aqui está o que vale agora.")
        return redirect("message_template_edit", template.replaced_by_id)
    form = TemplateForm(
        request.POST if request.method == "POST" else None,
        template=template,
        manages=request.user.can(Permission.MANAGE_DUNNING),
    )
    if form.is_valid():
        try:
            if request.POST.get("acao") == TEST:
                _send_test(request, form)
            else:
                saved = template_save(actor=request.user, template=template, **form.text)
                messages.success(
                    request,
                    f"Mensagem “{saved.name}” gravada. Vale para o que ainda não saiu.",
                )
                return redirect("message_template_list")
        except ValidationError as error:
            add_errors(form, error)
    context = {
        "form": form,
        "template": template,
        "tabs": parameter_tabs("message_template_list"),
        "manages": request.user.can(Permission.MANAGE_DUNNING),
        "variables": VARIABLES,
        "earlier": earlier_texts(template) if template else [],
        "preview": _preview(request, _shown(form)),
    }
    return render(request, "dunning/message_template_edit.html", context)


@require_POST
def message_template_preview(request: Request) -> HttpResponse:
    """The text as it is typed, with an invented customer and all that is appended."""
    require(request.user, Permission.VIEW_DUNNING)
    template = None
    if (number := request.POST.get("mensagem", "")).isdecimal() and len(number) < 19:
        template = MessageTemplate.objects.filter(pk=int(number)).first()
    values = {name: request.POST.get(name, "") for name in ("channel", "kind", "subject", "body")}
    if template is not None:
        values |= {"channel": template.channel, "kind": template.kind}
    context = {"preview": _preview(request, values)}
    return render(request, "dunning/message_template_preview.html", context)


def _shown(form: TemplateForm) -> dict[str, str]:
    """What the fields hold, whether it is right or not."""
    return {
        name: str(form[name].value() or "") if name in form.fields else ""
        for name in ("channel", "kind", "subject", "body")
    }


def _preview(request: Request, values: dict[str, str]) -> dict[str, Any]:
    branch = _own_branch(request)
    channel = values["channel"] if values["channel"] in Channel else Channel.EMAIL
    kind = values["kind"] if values["kind"] in TemplateKind else TemplateKind.COLLECTION
    if branch is None:
        return {"problem": "Você ainda não tem filial para ver uma prévia."}
    try:
        for text in (values["subject"], values["body"]):
            check_text(text)
    except ValidationError as error:
        return {"problem": error.messages[0]}
    today = timezone.localdate()
    message = rendered(
        channel=channel,
        kind=kind,
        subject=values["subject"],
        body=values["body"] or "…",
        debt=invented_debt(branch, on=today),
        on=today,
        opt_out_url=opt_out_url(NOBODY, channel),
    )
    return {
        "subject": message.subject if channel == Channel.EMAIL else "",
        "text": message.text,
        "fixed": message.fixed,
        "length": 0 if channel == Channel.EMAIL else len(message.body),
        "branch": branch,
        "no_address": not has_address(branch),
    }


def _own_branch(request: Request) -> Branch | None:
    """The branch whose name stands in previews and tests: one whose address is known, if any."""
    branches = list(branches_visible(request.user).select_related("company"))
    return next((branch for branch in branches if has_address(branch)), None) or next(
        iter(branches), None
    )


def _send_test(request: Request, form: TemplateForm) -> None:
    text = form.text
    for name in ("subject", "body"):
        try:
            check_text(text[name])
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None
    to = _test_address(request, text["channel"], form.cleaned_data.get("mobile", ""))
    branch = _own_branch(request)
    if branch is None:
        raise ValidationError("Você ainda não tem filial. O teste não foi enviado.")
    template_test(
        actor=request.user,
        branch=branch,
        to=to,
        **{name: text[name] for name in ("channel", "kind", "subject", "body")},
    )
    messages.success(request, f"Teste enviado para {_said(to)}. Nada foi gravado ainda.")


def _test_address(request: Request, channel: str, mobile: str) -> str:
    if channel == Channel.EMAIL:
        return request.user.email
    if not mobile:
        raise ValidationError({"mobile": "Escreva para que celular o teste vai."})
    return mobile


def _said(to: str) -> str:
    return to if "@" in to else formats.phone(to)


# --- channels ------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def message_gateway_list(request: Request) -> HttpResponse:
    """The channels side by side; a POST sends the e-mail test."""
    require(request.user, Permission.VIEW_DUNNING)
    if request.method == "POST":
        require(request.user, Permission.MANAGE_DUNNING)
        _test_channel(request, Channel.EMAIL, request.user.email)
        return redirect("message_gateway_list")
    gateways = {
        row.channel: row for row in MessageGateway.objects.order_by("active", "pk")
    }  # the active one last, so that it is the one shown
    context = {
        "tabs": parameter_tabs("message_gateway_list"),
        "manages": request.user.can(Permission.MANAGE_DUNNING),
        "mail": {
            "host": settings.EMAIL_HOST,
            "port": settings.EMAIL_PORT,
            "sender": settings.DEFAULT_FROM_EMAIL,
            "waiting": _waiting(Channel.EMAIL),
        },
        "channels": [
            {
                "channel": channel,
                "label": channel.label,
                "gateway": gateways.get(channel),
                "cost": f"R$ {exact(gateways[channel].cost)}" if channel in gateways else "",
                "waiting": _waiting(channel),
                "url": reverse("message_gateway_edit", args=[channel]),
            }
            for channel in GATEWAY_CHANNELS
        ],
    }
    return render(request, "dunning/message_gateway_list.html", context)


def _waiting(channel: Channel) -> bool:
    """Whether something could have left for some minutes and has not."""
    since = timezone.now() - timedelta(minutes=5)
    return DunningMessage.objects.filter(
        channel=channel, status=MessageStatus.QUEUED, due_at__lt=since
    ).exists()


@require_http_methods(["GET", "HEAD", "POST"])
def message_gateway_edit(request: Request, channel: str) -> HttpResponse:
    require(request.user, Permission.VIEW_DUNNING)
    if channel not in GATEWAY_CHANNELS:
        raise Http404
    manages = request.user.can(Permission.MANAGE_DUNNING)
    gateway = MessageGateway.objects.filter(channel=channel).order_by("-active", "-pk").first()
    testing = request.method == "POST" and request.POST.get("acao") == TEST
    form = GatewayForm(
        request.POST if request.method == "POST" and not testing else None,
        gateway=gateway,
        manages=manages,
    )
    test = ChannelTestForm(request.POST if testing else None)
    if request.method == "POST":
        require(request.user, Permission.MANAGE_DUNNING)
    if testing and test.is_valid():
        _test_channel(request, Channel(channel), test.cleaned_data["mobile"])
        return redirect("message_gateway_edit", channel)
    if form.is_valid():
        try:
            gateway_save(actor=request.user, channel=channel, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Canal de {Channel(channel).label} gravado.")
            return redirect("message_gateway_edit", channel)
    context = {
        "form": form,
        "test": test,
        "gateway": gateway,
        "label": Channel(channel).label,
        "manages": manages,
        "tabs": parameter_tabs("message_gateway_list"),
    }
    return render(request, "dunning/message_gateway_edit.html", context)


def _test_channel(request: Request, channel: Channel, to: str) -> None:
    branch = _own_branch(request)
    try:
        if branch is None:
            raise ValidationError("Você ainda não tem filial. O teste não foi enviado.")
        if not to:
            raise ValidationError("Escreva para que celular o teste vai. Nada foi enviado.")
        channel_test(actor=request.user, branch=branch, channel=channel, to=to)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, f"Teste enviado para {_said(to)}.")
