"""*Configurações › Parâmetros › Parâmetros de cobrança*: general, policies, which switch is off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.dunning import policy_services as services
from regua.dunning.choices import Action
from regua.dunning.models import DunningParameters, DunningPolicy, DunningStep
from regua.dunning.policy_forms import ParametersForm, PolicyForm
from regua.dunning.policy_scope import PRECEDENCE, branches_of, standing, who
from regua.dunning.policy_switches import branch_switches, off_for_step
from regua.dunning.policy_tabs import parameter_tabs
from regua.dunning.policy_timeline import drawings, icon_of, tone_of
from regua.dunning.policy_warnings import early_listing, messages_stuck
from regua.dunning.policy_wording import action, change_sentences, contact, steps_summary, when
from regua.dunning.selectors import policies_visible, steps_of
from regua.web import keyset
from regua.web.forms import add_errors
from regua.web.navigation import url_of
from regua.web.status import Icon, Status, Tone

SHOWN = 15
"""How many of the last changes a page shows."""
BRANCHES_SHOWN = 8
"""For how many branches a policy's page says which switch is off; the tab says it for all."""
ACTIVE = Status("Ativa", Tone.DONE, Icon("circle-check"))
INACTIVE = Status("Inativa", Tone.MUTED, Icon("circle-minus"))


@require_http_methods(["GET", "HEAD", "POST"])
def parameters_dunning(request: Request) -> HttpResponse:
    """Whoever sees the collection may see how it works; who may change it, changes it."""
    require(request.user, Permission.VIEW_DUNNING)
    manages = request.user.can(Permission.MANAGE_DUNNING) and services.sees_all(request.user)
    current = DunningParameters.current()
    form = ParametersForm(
        request.POST if request.method == "POST" else None,
        initial=ParametersForm.initial_of(current),
    )
    if not manages:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST":
        services.require_all(request.user)
        if form.is_valid():
            try:
                services.dunning_parameters_update(actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, "Parâmetros de cobrança gravados.")
                return redirect("parameters_dunning")
    context = {
        "tabs": parameter_tabs("parameters_dunning"),
        "form": form,
        "manages": manages,
        "limited": request.user.can(Permission.MANAGE_DUNNING) and not manages,
        "changes": _parameter_changes(),
    }
    return render(request, "dunning/parameters_general.html", context)


def _parameter_changes() -> list[dict[str, Any]]:
    labels = {
        name: DunningParameters._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        for name in services.PARAMETERS
    }
    return [
        {
            "label": labels[change.name.removeprefix(services.CHANGE_PREFIX)],
            "before": _said(change.before),
            "after": _said(change.after),
            "actor": change.actor.name,
            "at": change.at,
        }
        for change in services.dunning_parameter_changes()[:SHOWN]
    ]


def _said(value: Any) -> str:
    if value is None:
        return "vazio"
    return {True: "Sim", False: "Não"}[value] if isinstance(value, bool) else str(value)


@require_safe
def policy_list(request: Request) -> HttpResponse:
    """Every policy that concerns the person's branches."""
    require(request.user, Permission.VIEW_DUNNING)
    rows = policies_visible(request.user)
    live = DunningStep.objects.filter(archived_at=None).order_by("days")
    page = keyset.paginate(
        rows.prefetch_related(Prefetch("steps", queryset=live, to_attr="live_steps")),
        ordering=("-active", "name"),
        cursor=request.GET.get("cursor"),
    )
    context = {
        "tabs": parameter_tabs("dunning_policy_list"),
        "page": page,
        "total": keyset.capped_count(rows),
        "rows": [
            {
                "policy": policy,
                "who": who(policy),
                "steps": steps_summary(policy.live_steps),
                "status": ACTIVE if policy.active else INACTIVE,
            }
            for policy in page
        ],
        "manages": request.user.can(Permission.MANAGE_DUNNING),
        "starts": services.sees_all(request.user),
    }
    return render(request, "dunning/policy_list.html", context)


@require_safe
def policy_detail(request: Request, pk: int) -> HttpResponse:
    """A policy's steps, whom it is for, what keeps it from listing, and who changed it."""
    policy = policy_or_404(request, pk)
    steps = steps_of(policy)
    rivals = list(policies_visible(request.user).filter(active=True))
    fares = standing(policy, rivals, request.user) if policy.active else None
    branches = branches_of(policy, request.user)
    changes = policy.changes.select_related("actor")[:SHOWN]
    context = {
        "policy": policy,
        "status": ACTIVE if policy.active else INACTIVE,
        "who": who(policy),
        "precedence": PRECEDENCE,
        "ahead": [(rival, who(rival)) for rival in fares.ahead] if fares else [],
        "holds_nowhere": fares is not None and not fares.holds,
        "steps": [
            {
                "step": step,
                "when": when(step.days),
                "action": action(step),
                "contact": contact(step),
                "icon": icon_of(step),
                "tone": tone_of(step),
                "lists": step.action == Action.LIST,
                "switches": [
                    (branch, off_for_step(branch, step, request.user))
                    for branch in branches[:BRANCHES_SHOWN]
                ]
                if step.action == Action.LIST
                else [],
            }
            for step in steps
        ],
        "more_branches": len(branches) > BRANCHES_SHOWN,
        "drawings": drawings(steps),
        "warnings": [
            *early_listing(policy, steps),
            *messages_stuck(steps, branches[:BRANCHES_SHOWN]),
        ],
        "changes": [(change, change_sentences(change)) for change in changes],
        "changes_it": services.may_change(policy, request.user),
        "copies": request.user.can(Permission.MANAGE_DUNNING),
    }
    return render(request, "dunning/policy_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def policy_new(request: Request) -> HttpResponse:
    """A new policy, from nothing or (``?de=``) from another one's steps."""
    require(request.user, Permission.MANAGE_DUNNING)
    copyable = policies_visible(request.user)
    source = request.GET.get("de", "")
    origin = (
        copyable.filter(pk=int(source)).first() if source.isdecimal() and len(source) < 10 else None
    )
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        branches=branches_visible(request.user),
        every_branch=services.sees_all(request.user),
        copyable=copyable,
        initial={
            "active": "sim",
            "copy_of": origin.pk if origin else None,
            "branch": request.branch.pk if request.branch else None,
        },
    )
    if form.is_valid():
        try:
            made = services.dunning_policy_create(actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Régua {made.name} criada. Confira os passos dela.")
            return redirect("dunning_policy", made.pk)
    context = {"form": form, "origin": origin, "precedence": PRECEDENCE}
    return render(request, "dunning/policy_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def policy_edit(request: Request, pk: int) -> HttpResponse:
    policy = policy_or_404(request, pk)
    services.require_policy(policy, request.user)
    form = PolicyForm(
        request.POST if request.method == "POST" else None,
        branches=branches_visible(request.user),
        every_branch=services.sees_all(request.user),
        policy=policy,
    )
    if form.is_valid():
        try:
            saved = services.dunning_policy_update(
                policy=policy, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Régua {saved.name} gravada.")
            return redirect("dunning_policy", saved.pk)
    context = {"form": form, "policy": policy, "precedence": PRECEDENCE}
    return render(request, "dunning/policy_form.html", context)


@require_POST
def policy_default(request: Request) -> HttpResponse:
    """*Criar a régua padrão*."""
    try:
        made = services.dunning_default_create(actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("dunning_policy_list")
    messages.success(request, f"{made.name} criada. Confira os dias e as mensagens dela.")
    return redirect("dunning_policy", made.pk)


@require_safe
def switch_list(request: Request) -> HttpResponse:
    """Each branch with what keeps it from listing by itself."""
    require(request.user, Permission.VIEW_DUNNING)
    rows = branches_visible(request.user)
    if request.branch:
        rows = rows.filter(pk=request.branch.pk)
    page = keyset.paginate(rows, ordering=("name",), cursor=request.GET.get("cursor"), page_size=20)
    if len(page) == 1 and not page.has_previous:
        return redirect("dunning_switches", page.items[0].pk)
    context = {
        "tabs": parameter_tabs("dunning_switch_list"),
        "page": page,
        "total": keyset.capped_count(rows),
        "rows": [
            (branch, [switch for switch in branch_switches(branch, request.user) if switch.off])
            for branch in page
        ],
    }
    return render(request, "dunning/parameters_switch_list.html", context)


@require_safe
def switches(request: Request, pk: int) -> HttpResponse:
    """Every switch of one branch in its order, on or off, and where to turn it."""
    require(request.user, Permission.VIEW_DUNNING)
    branch = get_object_or_404(branches_visible(request.user), pk=pk)
    found = branch_switches(branch, request.user)
    held = url_of("dunning_hold_list")
    context = {
        "tabs": parameter_tabs("dunning_switch_list"),
        "branch": branch,
        "switches": found,
        "off": [switch for switch in found if switch.off],
        "held_url": held,
        "several": len(request.branches) > 1 and not request.branch,
    }
    return render(request, "dunning/parameters_switches.html", context)


def policy_or_404(request: Request, pk: int) -> DunningPolicy:
    require(request.user, Permission.VIEW_DUNNING)
    return get_object_or_404(policies_visible(request.user), pk=pk)
