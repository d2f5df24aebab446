"""The reports' rows and sums over the API: what their screens show, by the same definitions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Sum
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.requests import Request
from regua.documents import parse
from regua.reports.breaches import REPORT as BREACHES
from regua.reports.breaches import BreachFilters
from regua.reports.catalogue import REPORTS
from regua.reports.definition import Column, Filters, Kind, Report
from regua.reports.inquiries import REPORT as INQUIRIES
from regua.reports.inquiries import InquiryFilters
from regua.reports.restrictions import REPORT as RESTRICTIONS
from regua.reports.restrictions import RestrictionFilters
from regua.web import rest

reports = rest.Resource("Relatórios")

Value = str | int | Decimal | date | datetime | None


class ColumnOut(Schema):
    key: str = Field(examples=["amount"])
    label: str
    kind: Kind
    usual: bool = Field(description="Vem quando nenhuma coluna é pedida.")


class ReportOut(Schema):
    slug: str
    title: str
    purpose: str
    columns: list[ColumnOut]


class RowsOut(Schema):
    columns: list[str]
    items: list[list[str | int | None]] = Field(
        description="Uma linha por registro, na ordem das colunas. Valores em texto decimal; "
        "documentos mascarados."
    )
    next_cursor: str | None
    count: int | None = Field(description="De todas as linhas; só na primeira página.")
    totals: dict[str, str] = Field(description="Soma das colunas que somam; só na primeira página.")


class Columns(rest.Paging):
    columns: str | None = Field(
        None, max_length=500, description="Chaves das colunas, separadas por vírgula."
    )


@reports.get(
    "/reports", scope="reports:read", answer=list[ReportOut], summary="Lista os relatórios"
)
def report_list(request: Request) -> Any:
    return [
        ReportOut(
            slug=report.slug,
            title=report.title,
            purpose=report.purpose,
            columns=[
                ColumnOut(key=c.key, label=c.label, kind=c.kind, usual=c.default)
                for c in report.columns
            ],
        )
        for report in REPORTS.values()
        if request.user.can(report.permission)
    ]


@reports.get(
    "/reports/consultas",
    scope="reports:read",
    answer=RowsOut,
    summary="Linhas e somas do relatório de consultas",
)
def report_inquiries(
    request: Request, filters: Query[InquiryFilters], asked: Query[Columns]
) -> Any:
    return _rows(INQUIRIES, filters, asked, request)


@reports.get(
    "/reports/negativacoes",
    scope="reports:read",
    answer=RowsOut,
    summary="Linhas e somas do relatório de negativações",
)
def report_restrictions(
    request: Request, filters: Query[RestrictionFilters], asked: Query[Columns]
) -> Any:
    return _rows(RESTRICTIONS, filters, asked, request)


@reports.get(
    "/reports/prazos-de-baixa",
    scope="reports:read",
    answer=RowsOut,
    summary="Linhas e somas dos prazos de baixa descumpridos",
)
def report_breaches(request: Request, filters: Query[BreachFilters], asked: Query[Columns]) -> Any:
    return _rows(BREACHES, filters, asked, request)


def _rows(report: Report, filters: Filters, asked: Columns, request: Request) -> RowsOut:
    require(request.user, report.permission)
    try:
        columns = report.chosen(filter(None, (asked.columns or "").split(",")))
    except ValidationError:
        known = ", ".join(column.key for column in report.columns)
        raise ValidationError({"columns": f"Use estas: {known}."}) from None
    rows = report.queryset(filters, request.user)
    read = rows.select_related(None).only(*report.badges_read)
    read = read.annotate(**{f"c_{c.key}": c.expression for c in columns})
    found = rest.keyset_page(read, asked, report.ordering)
    summed = [column for column in columns if column.total]
    count, totals = None, {}
    if asked.cursor is None:
        sums = rows.order_by().aggregate(
            rows=Count("pk"), **{f"s_{c.key}": Sum(c.expression) for c in summed}
        )
        count = sums["rows"]
        totals = {c.key: str(sums[f"s_{c.key}"] or Decimal(0)) for c in summed}
    return RowsOut(
        columns=[column.key for column in columns],
        items=[
            [_value(column, getattr(row, f"c_{column.key}")) for column in columns] for row in found
        ],
        next_cursor=found.next_cursor,
        count=count,
        totals=totals,
    )


def _value(column: Column, value: Any) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    if column.kind is Kind.DOCUMENT:
        return parse(value).masked if value else ""
    if isinstance(value, date):  # datetimes are, too
        return value.isoformat()
    return str(value)
