"""*Prazos de baixa descumpridos*: listings that came off late, or should be off and are not."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.db.models import (
    Case,
    DateField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Payment
from regua.reports.definition import Column, Day, Filters, Kind, Report, one_of
from regua.reports.kept import opened, period_in_words, rows_in_words, told
from regua.restrictions.choices import DutyCause, DutyOutcome, Form
from regua.restrictions.models import RemovalDuty
from regua.restrictions.selectors import duties_visible
from regua.web import formats
from regua.web.status import Icon, Status, Tone

OPEN, LATE = "open", "late"
SITUATIONS = ((OPEN, "Ainda no birô"), (LATE, "Baixada fora do prazo"))
_SHOWN = {
    OPEN: Status(SITUATIONS[0][1], Tone.ACTIVE, Icon("alert-triangle")),
    LATE: Status(SITUATIONS[1][1], Tone.MUTED, Icon("clock")),
}


class BreachFilters(Filters):
    """What ``breach_views.BreachFilter`` has chosen, kept by keys; the period is of the last day
    in which the removal would have been in time."""

    since: Day | None = None
    until: Day | None = None
    branch: int | None = None
    cause: Annotated[str, one_of(DutyCause.values)] | None = None
    situation: Annotated[str, one_of(dict(SITUATIONS))] | None = None


def breach_rows(filters: BreachFilters, actor: User) -> QuerySet[RemovalDuty]:
    """The breaches that ``actor`` may see and the filters leave."""
    chosen = opened(filters)
    rows = duties_visible(actor)
    return rows.none() if None in chosen.values() else narrow(rows, chosen)


def narrow(rows: QuerySet[RemovalDuty], chosen: dict[str, Any]) -> QuerySet[RemovalDuty]:
    """The breaches among ``rows`` that fit what the form has chosen."""
    today: date = timezone.localdate()
    late, still = Q(outcome=DutyOutcome.LATE), Q(ended_at=None, due_on__lt=today)
    match chosen.get("situation"):
        case "open":
            rows = rows.filter(still)
        case "late":
            rows = rows.filter(late)
        case _:
            rows = rows.filter(late | still)
    if branch := chosen.get("branch"):
        rows = rows.filter(branch=branch)
    if cause := chosen.get("cause"):
        rows = rows.filter(cause=cause)
    if since := chosen.get("since"):
        rows = rows.filter(due_on__gte=since)
    if until := chosen.get("until"):
        rows = rows.filter(due_on__lte=until)
    return rows


def describe(filters: BreachFilters, actor: User) -> str:
    return in_words(told(filters, actor))


def in_words(chosen: dict[str, Any]) -> str:
    """What the form has chosen, in words."""
    words = list(rows_in_words(chosen))
    if period := period_in_words(chosen):
        words.insert(0, f"Prazo {period[0].lower()}{period[1:]}")
    if cause := chosen.get("cause"):
        words.append(f"Motivo: {DutyCause(cause).label}")
    if situation := chosen.get("situation"):
        words.append(dict(SITUATIONS)[situation])
    return " · ".join(words) or "Sem filtros"


class _Today(Func):
    """The day in São Paulo, as PostgreSQL knows it: a report is a value that outlives the day."""

    template = "(now() AT TIME ZONE 'America/Sao_Paulo')::date"
    output_field = DateField()


_ENDED = Case(
    When(
        outcome=DutyOutcome.LATE,
        then=Coalesce("restriction__removed_on", TruncDate("ended_at", tzinfo=formats.SAO_PAULO)),
    ),
    default=_Today(),
    output_field=DateField(),
)
_DAYS: Combinable = Func(
    Cast(_ENDED, DateField()), F("due_on"), arg_joiner=" - ", template="(%(expressions)s)",
    output_field=IntegerField(),
)  # fmt: skip
_PAID_BY = Subquery(
    Payment.objects.filter(receivable=OuterRef("restriction__receivable"))
    .order_by("-available_on", "-pk")
    .values("recorded_by__name")[:1]
)


def _shown(duty: RemovalDuty) -> Status:
    return _SHOWN[LATE if duty.outcome == DutyOutcome.LATE else OPEN]


REPORT = Report(
    slug="prazos-de-baixa",
    title="Prazos de baixa descumpridos",
    purpose="Cada negativação que saiu do birô depois do prazo legal ou ainda não saiu: quantos "
    "dias, por quê e quem respondia por cada passo.",
    page="report_breaches",
    permission=Permission.VIEW_RESTRICTIONS,
    filters=BreachFilters,
    queryset=breach_rows,
    describe=describe,
    ordering=("-due_on", "-pk"),
    detail="restriction_detail",
    detail_key="restriction_id",
    badges={"situation": _shown},
    badges_read=("due_on", "outcome", "restriction_id"),
    columns=(
        Column(
            key="number",
            label="Negativação nº",
            kind=Kind.NUMBER,
            value="restriction_id",
            width=11,
        ),
        Column(
            key="name",
            label="Cliente",
            kind=Kind.TEXT,
            value="restriction__customer__name",
            width=30,
        ),
        Column(
            key="document",
            label="CPF/CNPJ",
            kind=Kind.DOCUMENT,
            value="restriction__customer__document",
            default=False,
            width=18,
        ),
        Column(key="branch", label="Filial", kind=Kind.TEXT, value="branch__name", width=18),
        Column(
            key="title",
            label="Título",
            kind=Kind.TEXT,
            value="restriction__receivable__number",
            default=False,
            width=12,
        ),
        Column(
            key="amount",
            label="Valor",
            kind=Kind.MONEY,
            value="restriction__amount",
            default=False,
            total=True,
            width=13,
        ),
        Column(
            key="cause",
            label="Motivo",
            kind=Kind.CHOICE,
            value="cause",
            choices=tuple(DutyCause.choices),
            width=22,
        ),
        Column(key="starts_on", label="Desde", kind=Kind.DAY, value="starts_on", width=11),
        Column(key="due_on", label="Retirar até", kind=Kind.DAY, value="due_on", width=11),
        Column(
            key="removed_on",
            label="Baixada em",
            kind=Kind.DAY,
            value="restriction__removed_on",
            width=11,
        ),
        Column(
            key="days", label="Dias corridos de atraso", kind=Kind.NUMBER, value=_DAYS, width=10
        ),
        Column(
            key="situation",
            label="Situação",
            kind=Kind.CHOICE,
            value=Case(When(outcome=DutyOutcome.LATE, then=Value(LATE)), default=Value(OPEN)),
            choices=SITUATIONS,
            width=22,
        ),
        Column(
            key="paid_by",
            label="Pagamento registrado por",
            kind=Kind.TEXT,
            value=_PAID_BY,
            default=False,
            width=22,
        ),
        Column(
            key="reminded_on",
            label="Cobrança lembrada em",
            kind=Kind.DAY,
            value="reminded_on",
            default=False,
            width=11,
        ),
        Column(
            key="escalated_on",
            label="Gestor avisado em",
            kind=Kind.DAY,
            value="escalated_on",
            default=False,
            width=11,
        ),
        Column(
            key="removal_requested_at",
            label="Baixa pedida em",
            kind=Kind.INSTANT,
            value="restriction__removal_requested_at",
            default=False,
            width=19,
        ),
        Column(
            key="removal_operator",
            label="Baixa pedida por",
            kind=Kind.TEXT,
            value="restriction__removal_requested_by__name",
            width=22,
        ),
        Column(
            key="removal_form",
            label="Forma da baixa",
            kind=Kind.CHOICE,
            value="restriction__removal_form",
            choices=tuple(Form.choices),
            default=False,
            width=11,
        ),
    ),
)
