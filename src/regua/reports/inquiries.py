"""*Relatório de Consultas Análise de Crédito*."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import Exact
from django.utils import timezone
from pydantic import Field

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus import registry
from regua.inquiries.choices import Outcome
from regua.inquiries.models import Inquiry
from regua.inquiries.selectors import inquiries_visible
from regua.integrations.choices import PersonKind
from regua.organization.models import Branch
from regua.reports.definition import Column, Day, Filters, Kind, Report
from regua.web import formats

KINDS = tuple((str(kind), str(kind.label)) for kind in (PersonKind.PERSON, PersonKind.COMPANY))
RESULTS = (
    ("unfinished", "Em andamento"),
    ("answered", "Respondida, sem política"),
    *Outcome.choices,
    ("refused", "Recusada"),
)
PARTIES = (("customer", "Cliente"), ("lead", "Lead"), ("prospect", "Prospecção"))
_COMPANY = Exact(Length("document"), 14)


class InquiryFilters(Filters):
    since: Day | None = None
    until: Day | None = None
    branch: int | None = None
    integration: int | None = None
    requested_by: int | None = None
    person_kind: Literal["F", "J"] | None = None
    product_code: Annotated[str, Field(pattern=r"^[^\x00]{1,30}$")] | None = None
    result: (
        Literal["unfinished", "answered", "approve", "conditions", "review", "deny", "refused"]
        | None
    ) = None
    """As ``InquiryTotal.result``, and what is under way."""


def inquiry_rows(filters: InquiryFilters, actor: User) -> QuerySet[Inquiry]:
    """The inquiries that ``actor`` may see and the filters leave."""
    rows = inquiries_visible(actor).select_related(None)
    for name in ("branch", "integration", "requested_by", "product_code"):
        if (chosen := getattr(filters, name)) is not None:
            rows = rows.filter(**{name: chosen})
    if filters.since:
        rows = rows.filter(requested_at__gte=_instant(filters.since, time.min))
    if filters.until:
        rows = rows.filter(requested_at__lte=_instant(filters.until, time.max))
    if filters.person_kind:
        rows = rows.filter(_COMPANY if filters.person_kind == "J" else ~Q(_COMPANY))
    match filters.result:
        case None:
            return rows
        case "unfinished":
            return rows.filter(status__in=[Inquiry.Status.QUEUED, Inquiry.Status.SENT])
        case "refused":
            return rows.filter(status=Inquiry.Status.REFUSED)
        case "answered":
            return rows.filter(status=Inquiry.Status.ANSWERED, outcome="")
        case outcome:
            return rows.filter(outcome=outcome)


def _instant(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=timezone.get_current_timezone())


def describe(filters: InquiryFilters, actor: User) -> str:
    words = []
    if filters.since and filters.until:
        words.append(f"De {formats.day(filters.since)} a {formats.day(filters.until)}")
    elif filters.since:
        words.append(f"Desde {formats.day(filters.since)}")
    elif filters.until:
        words.append(f"Até {formats.day(filters.until)}")
    if filters.branch is not None:
        seen = actor.sees_branch(filters.branch)
        branch = Branch.objects.filter(pk=filters.branch).first() if seen else None
        words.append(f"Filial {branch or f'nº {filters.branch}'}")
    if filters.integration is not None:
        words.append(f"Integração nº {filters.integration}")
    if filters.requested_by is not None:
        person = User.objects.filter(pk=filters.requested_by).first()
        words.append(f"Operador {person or filters.requested_by}")
    if filters.person_kind:
        words.append(dict(KINDS)[filters.person_kind])
    if filters.product_code:
        words.append(f"Produto {filters.product_code}")
    if filters.result:
        words.append(f"Resultado: {dict(RESULTS)[filters.result]}")
    return " · ".join(words) or "Sem filtros"


def _providers() -> tuple[tuple[str, str], ...]:
    return tuple((provider.slug, provider.name) for provider in registry.all())


REPORT = Report(
    slug="consultas",
    title="Consultas Análise de Crédito",
    permission=Permission.VIEW_INQUIRIES,
    filters=InquiryFilters,
    queryset=inquiry_rows,
    describe=describe,
    ordering=("-requested_at", "-pk"),
    columns=(
        Column(key="number", label="Nº", kind=Kind.NUMBER, value="pk", width=9),
        Column(key="requested_at", label="Data", kind=Kind.INSTANT, value="requested_at", width=19),
        Column(key="branch", label="Filial", kind=Kind.TEXT, value="branch__name", width=18),
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
            value="integration__provider",
            choices=_providers,
            default=False,
            width=18,
        ),
        Column(
            key="person_kind",
            label="Tipo",
            kind=Kind.CHOICE,
            value=Case(When(_COMPANY, then=Value("J")), default=Value("F")),
            choices=KINDS,
            width=15,
        ),
        Column(key="document", label="CPF/CNPJ", kind=Kind.DOCUMENT, value="document", width=18),
        Column(key="name", label="Nome", kind=Kind.TEXT, value="name", width=30),
        Column(
            key="party_kind",
            label="Feita para",
            kind=Kind.CHOICE,
            value=Case(
                When(customer__isnull=False, then=Value("customer")),
                When(lead__isnull=False, then=Value("lead")),
                When(prospect__isnull=False, then=Value("prospect")),
                default=Value(""),
            ),
            choices=PARTIES,
            default=False,
            width=11,
        ),
        Column(
            key="party",
            label="Cadastro",
            kind=Kind.TEXT,
            value=Coalesce("customer__name", "lead__name", "prospect__name"),
            default=False,
            width=30,
        ),
        Column(key="product", label="Produto", kind=Kind.TEXT, value="product_name", width=20),
        Column(
            key="operator", label="Operador", kind=Kind.TEXT, value="requested_by__name", width=22
        ),
        Column(
            key="status",
            label="Situação",
            kind=Kind.CHOICE,
            value="status",
            choices=tuple(Inquiry.Status.choices),
            width=14,
        ),
        Column(
            key="outcome",
            label="Resultado",
            kind=Kind.CHOICE,
            value="outcome",
            choices=tuple(Outcome.choices),
            width=20,
        ),
        Column(key="score", label="Score", kind=Kind.NUMBER, value="score", width=7),
        Column(key="band", label="Faixa", kind=Kind.TEXT, value="band", width=6),
        Column(
            key="probability",
            label="Probabilidade",
            kind=Kind.PERCENT,
            value="default_probability",
            default=False,
            width=13,
        ),
        Column(
            key="pendings",
            label="Pendências",
            kind=Kind.NUMBER,
            value="pendings_count",
            width=10,
        ),
        Column(
            key="pendings_total",
            label="Valor das pendências",
            kind=Kind.MONEY,
            value="pendings_total",
            default=False,
            width=16,
        ),
        Column(
            key="cost",
            label="Custo",
            kind=Kind.MONEY,
            # What was refused before the bureau took it up cost nothing (as in InquiryTotal).
            value=Case(
                When(status=Inquiry.Status.REFUSED, charge_unsure=False, then=Value(Decimal(0))),
                default=F("cost"),
            ),
            total=True,
            width=12,
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
            key="purpose",
            label="Finalidade",
            kind=Kind.TEXT,
            value="purpose",
            default=False,
            width=30,
        ),
        Column(
            key="answered_at",
            label="Respondida em",
            kind=Kind.INSTANT,
            value="answered_at",
            default=False,
            width=19,
        ),
    ),
)
