"""*Relatório de Consultas Análise de Crédito*."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Length
from django.db.models.lookups import Exact
from pydantic import AfterValidator, Field

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus import registry
from regua.inquiries import reading
from regua.inquiries.filters import (
    ANSWERED,
    REFUSED,
    RESULTS,
    UNFINISHED,
    narrow,
)
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.wording import outcome_status
from regua.inquiries.selectors import inquiries_visible
from regua.integrations.choices import PersonKind
from regua.reports.definition import Column, Day, Filters, Kind, Report
from regua.reports.kept import opened, period_in_words, rows_in_words, told
from regua.web.status import Status

KINDS = tuple((str(kind), str(kind.label)) for kind in (PersonKind.PERSON, PersonKind.COMPANY))
PARTIES = (("customer", "Cliente"), ("lead", "Lead"), ("prospect", "Prospecção"))
_COMPANY = Exact(Length("document"), 14)
_RESULT = Case(
    When(status=Inquiry.Status.REFUSED, then=Value(REFUSED)),
    When(~Q(status=Inquiry.Status.ANSWERED), then=Value(UNFINISHED)),
    When(outcome="", then=Value(ANSWERED)),
    default=F("outcome"),
)
"""As the filter *Resultado* has it."""


def _known_result(value: str) -> str:
    if value not in dict(RESULTS):
        raise ValueError("not a result")
    return value


class InquiryFilters(Filters):
    """What ``inquiries.filters.InquiryFilter`` has chosen, kept by keys."""

    since: Day | None = None
    until: Day | None = None
    branch: int | None = None
    integration: int | None = None
    requested_by: int | None = None
    kind: Annotated[str, Field(pattern=r"^(F|J|p:[^\x00]{1,30})$")] | None = None
    result: Annotated[str, AfterValidator(_known_result)] | None = None


def inquiry_rows(filters: InquiryFilters, actor: User) -> QuerySet[Inquiry]:
    """The inquiries that ``actor`` may see and the filters leave."""
    rows = inquiries_visible(actor).select_related(None)
    chosen = opened(filters)
    return rows.none() if None in chosen.values() else narrow(rows, chosen, branch=None)


def describe(filters: InquiryFilters, actor: User) -> str:
    return in_words(told(filters, actor))


def in_words(chosen: dict[str, Any]) -> str:
    """What ``InquiryFilter.chosen`` gives, in words."""
    words = [period_in_words(chosen), *rows_in_words(chosen)]
    if kind := chosen.get("kind"):
        words.append(dict(KINDS).get(kind) or f"Produto {kind.removeprefix('p:')}")
    if result := chosen.get("result"):
        words.append(f"Resultado: {dict(RESULTS)[result]}")
    return " · ".join(filter(None, words)) or "Sem filtros"


def _result(inquiry: Inquiry) -> Status:
    """The outcome, or where an inquiry without an answer stands."""
    answered = inquiry.status == Inquiry.Status.ANSWERED
    return outcome_status(inquiry.outcome) if answered else reading.status_of(inquiry)


def _providers() -> tuple[tuple[str, str], ...]:
    return tuple((provider.slug, provider.name) for provider in registry.all())


REPORT = Report(
    slug="consultas",
    title="Consultas Análise de Crédito",
    purpose="Cada consulta feita, com quem a fez, o resultado e o custo.",
    page="report_inquiries",
    permission=Permission.VIEW_INQUIRIES,
    filters=InquiryFilters,
    queryset=inquiry_rows,
    describe=describe,
    ordering=("-requested_at", "-pk"),
    detail="inquiry_detail",
    badges={"status": reading.status_of, "outcome": _result},
    badges_read=("requested_at", "status", "problem", "outcome"),
    columns=(
        Column(key="number", label="Nº", kind=Kind.NUMBER, value="pk", width=9),
        Column(key="requested_at", label="Data", kind=Kind.INSTANT, value="requested_at", width=19),
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
            default=False,
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
            default=False,
            width=14,
        ),
        Column(
            key="outcome",
            label="Resultado",
            kind=Kind.CHOICE,
            value=_RESULT,
            choices=tuple((code, label) for code, label in RESULTS if code),
            width=20,
        ),
        Column(key="score", label="Score", kind=Kind.NUMBER, value="score", width=7),
        Column(key="band", label="Faixa", kind=Kind.TEXT, value="band", default=False, width=6),
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
            default=False,
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
