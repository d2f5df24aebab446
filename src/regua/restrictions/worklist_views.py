"""*Pagos e ainda negativados*: what must come off, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.organization.models import Branch
from regua.parties.forms import BranchChoiceField
from regua.restrictions import bulk, selectors
from regua.restrictions.automatic import REASONS
from regua.restrictions.choices import AT_BUREAU, DutyCause, Status
from regua.restrictions.deadlines import deadlines, duties_open, duty_counts
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.reminders import reminders_refused
from regua.web import formats, forms, keyset

TO_ASK, LATE, TODAY, LATER, ASKED = "pedir", "atrasadas", "hoje", "depois", "pedidas"


class WorklistFilter(forms.Form):
    """How the worklist is narrowed. What cannot be read is ignored, not refused."""

    situacao = django_forms.ChoiceField(
        label="Situação",
        required=False,
        choices=[
            ("", "Todas"),
            (TO_ASK, "Falta pedir a baixa"),
            (LATE, "Atrasadas"),
            (TODAY, "Vencem hoje"),
            (LATER, "Vencem depois"),
            (ASKED, "Baixa já pedida"),
        ],
    )
    motivo = django_forms.ChoiceField(
        label="Por quê", required=False, choices=[("", "Todos"), *DutyCause.choices]
    )

    def __init__(self, *args: Any, branches: Iterable[Branch] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = list(branches)
        if len(branches) > 1:
            self.fields["filial"] = BranchChoiceField(branches)

    def chosen(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        return any(self.chosen(name) for name in self.fields)


@require_http_methods(["GET", "HEAD", "POST"])
def overdue_removals(request: Request) -> HttpResponse:
    """Here they are asked off, many at once; ``todas`` chooses the most urgent ones itself."""
    actor = request.user
    require(actor, Permission.VIEW_RESTRICTIONS)
    form = WorklistFilter(request.GET, branches=() if request.branch else request.branches)
    everything = duties_open(actor)
    if request.branch:
        everything = everything.filter(branch=request.branch)
    found = _narrow(everything, form)
    if request.method == "POST":
        return _ask_off(request, found)
    page = keyset.paginate(found, ordering=("due_on", "pk"), cursor=request.GET.get("cursor"))
    rows = [
        {
            "deadline": deadline,
            "restriction": deadline.duty.restriction,
            "ready": deadline.duty.restriction.status in AT_BUREAU,
            "why": selectors.why_no_removal(deadline.duty.restriction),
        }
        for deadline in deadlines(page)
    ]
    can_remove = actor.can(Permission.REQUEST_REMOVAL)
    context = {
        "form": form,
        "page": page,
        "total": keyset.capped_count(found.select_related(None)),
        "counts": duty_counts(everything),
        "rows": rows,
        "today": timezone.localdate(),
        "some_ready": any(row["ready"] for row in rows),
        "can_remove": can_remove,
        "urgent": keyset.capped_count(_urgent(found).select_related(None)) if can_remove else None,
        "show_branch": not request.branch and len(request.branches) > 1,
        "not_reminded": reminders_refused([request.branch] if request.branch else request.branches),
    }
    return render(request, "restrictions/overdue_removals.html", context)


def _narrow(found: QuerySet[RemovalDuty], form: WorklistFilter) -> QuerySet[RemovalDuty]:
    today = timezone.localdate()
    match form.chosen("situacao"):
        case chosen if chosen == TO_ASK:
            found = found.filter(restriction__status__in=AT_BUREAU)
        case chosen if chosen == LATE:
            found = found.filter(due_on__lt=today)
        case chosen if chosen == TODAY:
            found = found.filter(due_on=today)
        case chosen if chosen == LATER:
            found = found.filter(due_on__gt=today)
        case chosen if chosen == ASKED:
            found = found.filter(
                restriction__status__in=[Status.REMOVAL_QUEUED, Status.REMOVAL_SENT]
            )
    if cause := form.chosen("motivo"):
        found = found.filter(cause=cause)
    if branch := form.chosen("filial"):
        found = found.filter(branch=int(branch))
    return found


def _urgent(found: QuerySet[RemovalDuty]) -> QuerySet[RemovalDuty]:
    """Those that are due by today and can be asked off."""
    return found.filter(due_on__lte=timezone.localdate(), restriction__status__in=AT_BUREAU)


def _ask_off(request: Request, found: QuerySet[RemovalDuty]) -> HttpResponse:
    require(request.user, Permission.REQUEST_REMOVAL)
    chosen = None
    if request.POST.get("todas"):
        keys = _urgent(found).order_by("due_on", "pk").values_list("restriction_id", flat=True)
        chosen = list(keys[: bulk.AT_ONCE + 1])
        if len(chosen) > bulk.AT_ONCE:
            messages.info(
                request,
                f"Estas são as {formats.number(bulk.AT_ONCE)} mais urgentes. Depois delas, peça de "
                "novo para as outras.",
            )
    here = reverse("restriction_overdue_removals")
    return bulk.ask_off(
        request,
        _listings(request.user, found),
        here=here,
        place=("Pagos e ainda negativados", here),
        likely=_likely,
        keys=chosen,
    )


def _listings(actor: User, found: QuerySet[RemovalDuty]) -> QuerySet[Restriction]:
    """The listings of these duties, each with its ``duty_cause``."""
    own = RemovalDuty.objects.filter(restriction=OuterRef("pk"), ended_at=None)
    return (
        selectors.restrictions_visible(actor)
        .filter(pk__in=found.select_related(None).order_by().values("restriction"))
        .annotate(duty_cause=Subquery(own.values("cause")[:1]))
    )


def _likely(restriction: Restriction) -> str:
    cause: str = restriction.duty_cause  # type: ignore[attr-defined]
    return str(REASONS[DutyCause(cause)].value)
