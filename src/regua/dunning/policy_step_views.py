"""A step of a policy: added, changed, taken out."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning import policy_services as services
from regua.dunning.models import DunningPolicy, DunningStep, MessageTemplate
from regua.dunning.policy_forms import StepForm
from regua.dunning.policy_views import policy_or_404
from regua.dunning.policy_wording import when
from regua.dunning.selectors import policies_visible
from regua.web.forms import add_errors
from regua.web.navigation import url_of


@require_http_methods(["GET", "HEAD", "POST"])
def step_new(request: Request, pk: int) -> HttpResponse:
    return _step_form(request, policy_or_404(request, pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def step_edit(request: Request, pk: int) -> HttpResponse:
    step = _step_or_404(request, pk)
    if step.archived_at is not None:
        messages.warning(
            request,
            f"O passo {step.name} foi mudado ou retirado. Nada mudou agora. Veja como a régua "
            "ficou.",
        )
        return redirect("dunning_policy", step.policy_id)
    return _step_form(request, step.policy, step)


def _step_form(request: Request, policy: DunningPolicy, step: DunningStep | None) -> HttpResponse:
    services.require_policy(policy, request.user)
    templates = MessageTemplate.objects.filter(replaced_by=None).order_by("channel", "name")
    form = StepForm(
        request.POST if request.method == "POST" else None, templates=templates, step=step
    )
    if form.is_valid():
        awaited = step is not None and services.awaited_by_a_run(step)
        try:
            saved = services.dunning_step_save(
                policy=policy, actor=request.user, step=step, **form.values
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Passo {saved.name} gravado, {when(saved.days)}.")
            if step is not None and saved.pk != step.pk:
                _tell_what_changes(request, step, saved, awaited=awaited)
            return redirect("dunning_policy", policy.pk)
    context = {
        "form": form,
        "policy": policy,
        "step": step,
        "messages_url": url_of("message_template_list"),
    }
    return render(request, "dunning/policy_step_form.html", context)


def _tell_what_changes(
    request: Request, before: DunningStep, after: DunningStep, *, awaited: bool
) -> None:
    if after.days > before.days:
        past = f"O passo {after.name} ficou mais adiante. Quem já passou por ele "
        if after.action == before.action:
            messages.info(request, f"{past}{when(before.days)} não passa de novo.")
        else:
            messages.warning(
                request,
                f"{past}{when(before.days)} e ainda deve passa {when(after.days)}, porque agora "
                "ele faz outra coisa.",
            )
    if awaited:
        messages.warning(
            request,
            "Uma execução que ainda não terminou foi simulada com o passo como era: o que falta "
            "dela neste passo não será feito, e a próxima execução usa o novo.",
        )


@require_POST
def step_remove(request: Request, pk: int) -> HttpResponse:
    step = _step_or_404(request, pk)
    try:
        services.dunning_step_archive(step=step, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Passo {step.name} retirado da régua {step.policy.name}.")
    return redirect("dunning_policy", step.policy_id)


def _step_or_404(request: Request, pk: int) -> DunningStep:
    require(request.user, Permission.VIEW_DUNNING)
    steps = DunningStep.objects.select_related("policy__branch", "policy__group", "template")
    return get_object_or_404(
        steps.filter(policy__in=policies_visible(request.user).values("pk")), pk=pk
    )
