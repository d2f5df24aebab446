"""*Relatório de Negativações de Crédito*."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from pydantic import Field

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus import registry
from regua.reports.definition import Column, Day, Filters, Kind, Report, one_of
from regua.reports.kept import opened, period_in_words, rows_in_words, told
from regua.restrictions.choices import FINAL, Dated, Form, RemovalReason, Status
from regua.restrictions.filters import narrow
from regua.restrictions.forms import SITUATIONS
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import restrictions_visible
from regua.web import formats
from regua.web.status import STATUSES
from regua.web.status import Status as Badge

_SHOWN = Case(
    When(Q(unknown=True, attempts__gt=0) & ~Q(problem=""), then=Value("unknown")),
    When(
        Q(status=Status.DRAFT, approved_at=None) & ~Q(approval_reason=""),
        then=Value("awaiting_approval"),
    ),
    When(status=Status.DRAFT, then=Value("awaiting_removal")),
    When(Q(unavailable=True) & ~Q(status__in=FINAL), then=Value("unavailable")),
    default=F("status"),
)
"""As ``Restriction.shown_status`` has it."""
_DATES = {
    Dated.REQUESTED: "Pedidas",
    Dated.SENT: "Enviadas",
    Dated.VISIBLE: "Visíveis no birô",
    Dated.REMOVED: "Baixadas",
}


_Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]


class RestrictionFilters(Filters):
    """What ``restrictions.filters.ListingFilter`` has chosen, kept by keys."""

    integration: int | None = None
    branch: int | None = None
    status: Annotated[str, one_of([code for code, _ in SITUATIONS if code])] | None = None
    form: Annotated[str, one_of(Form.values)] | None = None
    about: Annotated[str, one_of(Dated.values)] | None = None
    since: Day | None = None
    until: Day | None = None
    removal_reason: Annotated[str, one_of(RemovalReason.values)] | None = None
    minimum: _Amount | None = None
    maximum: _Amount | None = None
    requested_by: int | None = None


def restriction_rows(filters: RestrictionFilters, actor: User) -> QuerySet[Restriction]:
    """The restrictions that ``actor`` may see and the filters leave."""
    rows = restrictions_visible(actor).select_related(None)
    chosen = opened(filters)
    return rows.none() if None in chosen.values() else narrow(rows, chosen, branch=None)


def describe(filters: RestrictionFilters, actor: User) -> str:
    return in_words(told(filters, actor))


def in_words(chosen: dict[str, Any]) -> str:
    """What ``ListingFilter.chosen`` gives, in words."""
    words = list(rows_in_words(chosen))
    if period := period_in_words(chosen):
        dated = _DATES[Dated(chosen.get("about") or Dated.REQUESTED)]
        words.insert(0, f"{dated} {period[0].lower()}{period[1:]}")
    for name, label, choices in (
        ("status", "Situação", SITUATIONS),
        ("form", "Forma", Form.choices),
        ("removal_reason", "Motivo da baixa", RemovalReason.choices),
    ):
        if code := chosen.get(name):
            words.append(f"{label}: {dict(choices)[code]}")
    match chosen:
        case {"minimum": low, "maximum": high}:
            words.append(f"Valor de {formats.brl(low)} a {formats.brl(high)}")
        case {"minimum": low}:
            words.append(f"Valor desde {formats.brl(low)}")
        case {"maximum": high}:
            words.append(f"Valor até {formats.brl(high)}")
    return " · ".join(words) or "Sem filtros"


def _standing(restriction: Restriction) -> Badge:
    return STATUSES[restriction.shown_status]


def _providers() -> tuple[tuple[str, str], ...]:
    return tuple((provider.slug, provider.name) for provider in registry.all())


REPORT = Report(
    slug="negativacoes",
    title="Negativações de Crédito",
    purpose="Cada dívida negativada, do pedido à baixa, com o valor, a forma e quem pediu.",
    page="report_restrictions",
    permission=Permission.VIEW_RESTRICTIONS,
    filters=RestrictionFilters,
    queryset=restriction_rows,
    describe=describe,
    ordering=("-pk",),
    detail="restriction_detail",
    badges={"status": _standing},
    badges_read=(
        "status",
        "approval_reason",
        "approved_at",
        "unavailable",
        "unknown",
        "attempts",
        "problem",
    ),
    columns=(
        Column(key="number", label="Nº", kind=Kind.NUMBER, value="pk", width=9),
        Column(
            key="requested_at", label="Pedida em", kind=Kind.INSTANT, value="requested_at", width=19
        ),
        Column(key="name", label="Cliente", kind=Kind.TEXT, value="customer__name", width=30),
        Column(
            key="document",
            label="CPF/CNPJ",
            kind=Kind.DOCUMENT,
            value="customer__document",
            width=18,
        ),
        Column(
            key="branch",
            label="Filial",
            kind=Kind.TEXT,
            value="branch__name",
            default=False,
            width=18,
        ),
        Column(
            key="integration",
            label="Integração nº",
            kind=Kind.NUMBER,
            value="integration_id",
            default=False,
            width=10,
        ),
        Column(
            key="provider",
            label="Intermediador",
            kind=Kind.CHOICE,
            value="provider",
            choices=_providers,
            default=False,
            width=18,
        ),
        Column(key="title", label="Título", kind=Kind.TEXT, value="receivable__number", width=12),
        Column(
            key="our_number",
            label="Nosso número",
            kind=Kind.TEXT,
            value="our_number",
            default=False,
            width=14,
        ),
        Column(
            key="contract",
            label="Contrato",
            kind=Kind.TEXT,
            value="contract_number",
            default=False,
            width=12,
        ),
        Column(key="due_date", label="Vencimento", kind=Kind.DAY, value="due_date", width=11),
        Column(key="amount", label="Valor", kind=Kind.MONEY, value="amount", total=True, width=13),
        Column(
            key="fine",
            label="Multa",
            kind=Kind.MONEY,
            value="fine",
            default=False,
            total=True,
            width=11,
        ),
        Column(
            key="interest",
            label="Juros",
            kind=Kind.MONEY,
            value="interest",
            default=False,
            total=True,
            width=11,
        ),
        Column(
            key="status",
            label="Situação",
            kind=Kind.CHOICE,
            value=_SHOWN,
            choices=tuple((code, status.label) for code, status in STATUSES.items()),
            width=16,
        ),
        Column(
            key="form",
            label="Forma",
            kind=Kind.CHOICE,
            value="form",
            choices=tuple(Form.choices),
            width=11,
        ),
        Column(
            key="code",
            label="Código de restrição",
            kind=Kind.TEXT,
            value="restriction_code",
            default=False,
            width=10,
        ),
        Column(
            key="protocol",
            label="Protocolo",
            kind=Kind.TEXT,
            value="protocol",
            default=False,
            width=18,
        ),
        Column(
            key="operator",
            label="Pedida por",
            kind=Kind.TEXT,
            value="requested_by__name",
            default=False,
            width=22,
        ),
        Column(
            key="sent_at",
            label="Enviada em",
            kind=Kind.INSTANT,
            value="sent_at",
            default=False,
            width=19,
        ),
        Column(
            key="notified_on",
            label="Comunicada em",
            kind=Kind.DAY,
            value="notified_on",
            default=False,
            width=11,
        ),
        Column(
            key="visible_on",
            label="Visível em",
            kind=Kind.DAY,
            value="visible_on",
            default=False,
            width=11,
        ),
        Column(
            key="reason",
            label="Motivo da baixa",
            kind=Kind.CHOICE,
            value="removal_reason",
            choices=tuple(RemovalReason.choices),
            default=False,
            width=22,
        ),
        Column(
            key="removal_code",
            label="Código de baixa",
            kind=Kind.TEXT,
            value="removal_code",
            default=False,
            width=9,
        ),
        Column(
            key="removal_form",
            label="Forma da baixa",
            kind=Kind.CHOICE,
            value="removal_form",
            choices=tuple(Form.choices),
            default=False,
            width=11,
        ),
        Column(
            key="removal_requested_at",
            label="Baixa pedida em",
            kind=Kind.INSTANT,
            value="removal_requested_at",
            default=False,
            width=19,
        ),
        Column(
            key="removal_operator",
            label="Baixa pedida por",
            kind=Kind.TEXT,
            value="removal_requested_by__name",
            default=False,
            width=22,
        ),
        Column(
            key="removed_on",
            label="Baixada em",
            kind=Kind.DAY,
            value="removed_on",
            default=False,
            width=11,
        ),
    ),
)
