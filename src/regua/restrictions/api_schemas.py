"""What the API tells of listings, their gate and their deadlines, and what it takes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from ninja import Schema
from pydantic import Field

from regua.compliance.selectors import State
from regua.restrictions.choices import Dated, DutyCause, Form, RemovalReason, Source, Status
from regua.web import rest

AT_ONCE = 200
"""Debts of one request: all are listed, or none."""


class FindingOut(Schema):
    rule: str = Field(examples=["debt.overdue"])
    state: State
    sentence: str = Field(description="O que vale, ou o que falta e como resolver.")
    citation: str = Field(description="A norma.")
    blocks: bool
    opens_on: date | None = Field(description="A partir de quando vale por si, se esperar resolve.")


class GateOut(Schema):
    receivable_id: int
    can_list: bool
    listed_as: int | None = Field(description="A negativação viva que o título já tem.")
    findings: list[FindingOut]


class EventOut(Schema):
    at: datetime
    status: Status
    source: Source
    actor: str | None
    text: str


class RestrictionOut(Schema):
    id: int
    branch_id: int
    customer_id: int
    receivable_id: int
    debtor_name: str
    debtor_document_masked: str
    status: Status
    form: Form
    awaiting_approval: bool
    unsettled: bool = Field(description="O birô ainda não confirmou se recebeu.")
    problem: str
    restriction_code: str
    contract_number: str
    our_number: str
    amount: Decimal = Field(description="Com multa e juros, em reais.")
    fine: Decimal
    interest: Decimal
    due_date: date
    protocol: str
    requested_by: str | None = Field(description="Nulo: rotina automática.")
    requested_at: datetime
    sent_at: datetime | None
    notified_on: date | None
    visible_on: date | None
    removal_reason: str
    removal_requested_at: datetime | None
    removed_on: date | None


class GateAnswer(Schema):
    rule: str
    state: str


class RestrictionDetail(RestrictionOut):
    gate: list[GateAnswer] = Field(description="O que a verificação legal respondeu no pedido.")
    events: list[EventOut]


class RestrictionFilter(rest.Paging):
    q: str | None = Field(
        None, max_length=120, description="Nome, CPF ou CNPJ, protocolo ou nosso número."
    )
    branch_id: rest.Key | None = None
    customer_id: rest.Key | None = None
    receivable_id: rest.Key | None = None
    status: Literal["em-curso", "esclarecer", "contestadas"] | Status | None = Field(
        None, description="Uma situação, ou `em-curso`, `esclarecer`, `contestadas`."
    )
    form: Form | None = None
    about: Dated | None = Field(None, description="De que data é o período.")
    since: rest.Day | None = None
    until: rest.Day | None = None
    removal_reason: RemovalReason | None = None
    minimum: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)
    maximum: Decimal | None = Field(None, ge=0, max_digits=14, decimal_places=2)


class RestrictionIn(rest.In):
    receivable_ids: list[rest.Key] = Field(
        min_length=1, max_length=AT_ONCE, description="Todos são negativados, ou nenhum."
    )
    restriction_code: rest.Text = Field(
        "", max_length=10, description="Vazio: o padrão da integração."
    )


class RemovalIn(rest.In):
    reason: RemovalReason
    told_on: rest.Day | None = Field(
        None, description="Quando soubemos do que a motiva: o prazo conta daí."
    )


class ReasonIn(rest.In):
    reason: rest.Text = Field(min_length=1, max_length=500, examples=["Falta o contrato assinado"])


class DutyOut(Schema):
    id: int
    restriction_id: int
    branch_id: int
    customer_id: int
    receivable_id: int
    cause: DutyCause
    starts_on: date
    due_on: date = Field(description="O último dia no prazo.")
    business_days_left: int = Field(description="Negativo: em atraso.")
    restriction_status: Status


class DutyFilter(rest.Paging):
    branch_id: rest.Key | None = None
    situation: Literal["to_ask", "late", "today", "later", "asked"] | None = None
    cause: DutyCause | None = None
