"""*Configurações › Política de crédito*: what is in force, its history, and the simulation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.inquiries.choices import Outcome, PolicyStatus
from regua.inquiries.policy import selectors, services
from regua.inquiries.policy.matching import changed
from regua.inquiries.policy.models import CreditPolicy
from regua.inquiries.policy.wording import (
    outcome_status,
    rule_sentence,
    terms_sentence,
    who_sentence,
)
from regua.inquiries.selectors import inquiries_visible
from regua.organization.models import Branch
from regua.web import formats, keyset
from regua.web.status import Icon, Status, Tone

PERIODS = (30, 90, 365)
"""Days that a simulation may look back."""
SHOWN = 50
"""How many changed inquiries a simulation lists."""
UNDECIDED = "nenhuma"
"""How an address says the outcome '' (there was no policy)."""
STATUSES = {
    PolicyStatus.DRAFT: Status("Rascunho", Tone.MUTED, Icon("pencil")),
    PolicyStatus.ACTIVE: Status("Em vigor", Tone.DONE, Icon("circle-check")),
    PolicyStatus.RETIRED: Status("Encerrada", Tone.QUEUED, Icon("clock")),
}


@require_safe
def policy_list(request: Request) -> HttpResponse:
    """Every branch with what decides there now."""
    require(request.user, Permission.VIEW_CREDIT_POLICY)
    rows = branches_visible(request.user)
    page = keyset.paginate(rows, ordering=("name",), cursor=request.GET.get("cursor"))
    current = {
        (policy.branch_id, policy.status): policy
        for policy in selectors.policies_visible(request.user)
        .filter(branch__in=[branch.pk for branch in page], status__in=["active", "draft"])
        .annotate(rules_count=Count("rules"))
    }
    context = {
        "page": page,
        "total": keyset.capped_count(rows),
        "rows": [
            (branch, current.get((branch.pk, "active")), current.get((branch.pk, "draft")))
            for branch in page
        ],
    }
    return render(request, "inquiries/policy/policy_list.html", context)


@require_safe
def policy_branch(request: Request, pk: int) -> HttpResponse:
    """A branch's rules in force and the history of its versions."""
    branch = branch_or_404(request, pk)
    policies = selectors.policies_visible(request.user).filter(branch=branch)
    policy = policies.filter(status=PolicyStatus.ACTIVE).first()
    past = policies.exclude(status=PolicyStatus.DRAFT).annotate(rules_count=Count("rules"))
    page = keyset.paginate(past, ordering=("-version",), cursor=request.GET.get("cursor"))
    context = {
        "branch": branch,
        "policy": policy,
        "rules": rules_in_words(policy) if policy else [],
        "draft": policies.filter(status=PolicyStatus.DRAFT).first(),
        "page": page,
        "history": [(version, STATUSES[PolicyStatus(version.status)]) for version in page],
        "manages": request.user.can(Permission.MANAGE_CREDIT_POLICY),
    }
    return render(request, "inquiries/policy/policy_branch.html", context)


@require_safe
def policy_detail(request: Request, pk: int) -> HttpResponse:
    """One version: a draft can be edited here, the others are history."""
    policy = policy_or_404(request, pk)
    context = {
        "policy": policy,
        "branch": policy.branch,
        "status": STATUSES[PolicyStatus(policy.status)],
        "rules": rules_in_words(policy),
        "is_draft": policy.status == PolicyStatus.DRAFT,
        "manages": request.user.can(Permission.MANAGE_CREDIT_POLICY),
    }
    return render(request, "inquiries/policy/policy_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def policy_retire(request: Request, pk: int) -> HttpResponse:
    """*Deixar sem política*, asked once more."""
    policy = policy_or_404(request, pk)
    require(request.user, Permission.MANAGE_CREDIT_POLICY, branch_id=policy.branch_id)
    here = reverse("policy_branch", args=[policy.branch_id])
    if policy.status != PolicyStatus.ACTIVE:
        messages.warning(request, f"A {policy} já não está em vigor. Nada mudou.")
        return redirect(here)
    if request.method == "POST":
        services.policy_retire(policy=policy, actor=request.user)
        messages.success(
            request,
            f"A filial {policy.branch} ficou sem política: as consultas saem sem decisão.",
        )
        return redirect(here)
    context = {
        "heading": "Deixar sem política",
        "policy": policy,
        "branch": policy.branch,
        "question": f"Deixar a filial {policy.branch} sem política de crédito?",
        "facts": [
            ("Filial", policy.branch.name),
            ("Política em vigor", f"Versão {policy.version}"),
            ("Consultas já decididas", "Continuam como estão"),
            ("Daqui em diante", "As consultas saem sem decisão"),
        ],
        "undoable": True,
        "confirm_label": "Deixar sem política",
        "cancel_url": here,
    }
    return render(request, "inquiries/policy/policy_confirm.html", context)


@require_safe
def policy_simulate(request: Request, pk: int) -> HttpResponse:
    """What a draft would have decided; from here it is activated."""
    policy = policy_or_404(request, pk)
    if policy.status != PolicyStatus.DRAFT:
        messages.warning(request, f"A {policy} já não é rascunho: não há o que simular.")
        return redirect("policy_detail", policy.pk)
    days = chosen_period(request)
    simulation = simulate(request, policy, days)
    before, after = request.GET.get("antes", ""), request.GET.get("depois", "")
    if before not in (UNDECIDED, *Outcome.values):
        before = ""
    if after not in Outcome.values:
        after = ""
    rules = rules_in_words(policy)
    context = {
        "policy": policy,
        "branch": policy.branch,
        "days": days,
        "days_text": f"{days} dias",
        "periods": PERIODS,
        "simulation": simulation,
        "changed_share": f"{_share(simulation.changed, simulation.total)} do total",
        "matrix": _matrix(simulation, before, after),
        "columns": [(outcome.label, simulation.after[outcome]) for outcome in Outcome],
        "by_rule": _by_rule(simulation, rules),
        "rules": rules,
        "changes": _changes(request, policy, simulation, before, after, rules),
        "chosen": " → ".join(
            (
                outcome_status("" if before == UNDECIDED else before).label if before else "Todas",
                outcome_status(after).label if after else "qualquer resultado",
            )
        )
        if before or after
        else "",
        "shown": SHOWN,
        "manages": request.user.can(Permission.MANAGE_CREDIT_POLICY),
    }
    return render(request, "inquiries/policy/policy_simulate.html", context)


def branch_or_404(request: Request, pk: int) -> Branch:
    require(request.user, Permission.VIEW_CREDIT_POLICY)
    return get_object_or_404(branches_visible(request.user), pk=pk)


def policy_or_404(request: Request, pk: int) -> CreditPolicy:
    require(request.user, Permission.VIEW_CREDIT_POLICY)
    return get_object_or_404(selectors.policies_visible(request.user), pk=pk)


def chosen_period(request: Request) -> int:
    chosen = request.GET.get("dias", "")
    return next((days for days in PERIODS if str(days) == chosen), 90)


def simulate(request: Request, policy: CreditPolicy, days: int) -> selectors.Simulation:
    since = timezone.now() - timedelta(days=days)
    return selectors.policy_simulate(policy, actor=request.user, since=since)


def rules_in_words(policy: CreditPolicy) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule,
            "who": who_sentence(rule),
            "outcome": outcome_status(rule.outcome),
            "terms": terms_sentence(rule),
            "sentence": rule_sentence(rule),
        }
        for rule in policy.rules.order_by("position")
    ]


_STRICTNESS = {outcome.value: at for at, outcome in enumerate(Outcome)}


def _shift(before: str, after: str) -> Status | None:
    """What changes, in a word; None where nothing does."""
    if before == after:
        return None
    if not before:
        return Status("passa a ter decisão", Tone.QUEUED, Icon("checklist"))
    if _STRICTNESS[after] > _STRICTNESS[before]:
        return Status("mais rigor", Tone.NOTICE, Icon("trending-up"))
    return Status("menos rigor", Tone.SENT, Icon("trending-down"))


def _matrix(simulation: selectors.Simulation, chosen: str, then: str) -> list[dict[str, Any]]:
    """Rows: what holds today; columns: what the draft would say."""
    counts: dict[tuple[str, str], int] = {}
    for shift in simulation.shifts:
        pair = (shift.before, shift.after)
        counts[pair] = counts.get(pair, 0) + shift.count
    rows = []
    for before in (*Outcome.values, ""):
        if not before and not simulation.before[""]:
            continue
        cells = [
            {
                "count": count,
                "before": before or UNDECIDED,
                "after": after,
                "shift": _shift(before, after) if count else None,
                "chosen": (before or UNDECIDED, after) == (chosen, then),
            }
            for after in Outcome.values
            for count in [counts.get((before, after), 0)]
        ]
        label = outcome_status(before).label
        rows.append({"label": label, "cells": cells, "total": simulation.before[before]})
    return rows


def _by_rule(
    simulation: selectors.Simulation, rules: list[dict[str, Any]]
) -> list[tuple[str, int, str]]:
    """(sentence, how many it decides, their share in words), in the policy's order."""
    rows = [
        *((f"{said['rule'].position}. {said['sentence']}", said["rule"].pk) for said in rules),
        (f"Nenhuma regra serve → {Outcome.REVIEW.label}", None),
    ]
    return [
        (sentence, count, _share(count, simulation.total))
        for sentence, pk in rows
        for count in [simulation.by_rule[pk]]
    ]


def _share(part: int, whole: int) -> str:
    return f"{part * 100 // whole if whole else 0}{formats.NBSP}%"


def _changes(
    request: Request,
    policy: CreditPolicy,
    simulation: selectors.Simulation,
    before: str,
    after: str,
    rules: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The newest inquiries that the draft would decide otherwise."""
    found = changed(
        policy.pk,
        policy.branch_id,
        simulation.since,
        before="" if before == UNDECIDED else before or None,
        after=after or None,
        limit=SHOWN,
    )
    inquiries = inquiries_visible(request.user).in_bulk([pk for pk, *_ in found])
    positions = {said["rule"].pk: said["rule"].position for said in rules}
    return [
        {
            "inquiry": inquiries[pk],
            "before": outcome_status(was),
            "after": outcome_status(now),
            "position": positions.get(rule) if rule else None,
        }
        for pk, was, now, rule in found
        if pk in inquiries
    ]
