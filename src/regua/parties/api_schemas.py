"""What the API tells of customers, leads and prospects, and what it takes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from ninja import Schema
from pydantic import Field

from regua import documents
from regua.parties import selectors
from regua.parties.forms import ONLY_PEOPLE
from regua.parties.models import Customer, CustomerGroup, Lead, Prospect
from regua.web import rest


class PartyFields(rest.In):
    sex: Literal["", "F", "M"] = Field("", description="Só pessoas.")
    birth_date: rest.Day | None = Field(None, description="Só pessoas.", examples=["1985-04-12"])
    mobile: rest.Text = Field(
        "",
        max_length=11,
        pattern=r"^([0-9]{10,11})?$",
        description="DDD e número, só algarismos.",
        examples=["11987654321"],
    )
    email: rest.Text = Field("", max_length=254, examples=["maria@exemplo.com.br"])
    postal_code: rest.Text = Field(
        "", max_length=8, pattern=r"^([0-9]{8})?$", description="CEP.", examples=["01310100"]
    )
    street: rest.Text = Field("", max_length=120, examples=["Avenida Paulista"])
    number: rest.Text = Field("", max_length=10, examples=["1000"])
    complement: rest.Text = Field("", max_length=60)
    district: rest.Text = Field("", max_length=60)
    city: rest.Text = Field("", max_length=60, examples=["São Paulo"])
    state: rest.Text = Field("", max_length=2, description="UF.", examples=["SP"])


_NAME: Any = Field(min_length=1, max_length=120, examples=["Maria Exemplo da Silva"])
_DOCUMENT: Any = Field(
    max_length=20, description="CPF ou CNPJ, com ou sem pontuação.", examples=["52998224725"]
)


class PotentialIn(PartyFields):
    branch_id: rest.Key
    name: rest.Text = _NAME
    document: rest.Text = Field("", max_length=20, description="Pode ficar para depois.")


class CustomerIn(PartyFields):
    branch_id: rest.Key
    name: rest.Text = _NAME
    document: rest.Text = _DOCUMENT
    dunned: bool = Field(True, description="Considera na cobrança automatizada.")
    group_id: rest.Key | None = None


class PotentialPatch(PartyFields):
    """Só o que vem muda."""

    name: rest.Text = Field("", min_length=1, max_length=120, examples=["Maria da Silva"])
    document: rest.Text = Field("", max_length=20)


class CustomerPatch(PartyFields):
    """Só o que vem muda."""

    name: rest.Text = Field("", min_length=1, max_length=120, examples=["Maria da Silva"])
    dunned: bool = True
    group_id: rest.Key | None = None


class PartyOut(Schema):
    id: int
    branch_id: int
    name: str
    document_masked: str = Field(examples=["***.982.247-**"])
    is_company: bool
    sex: str
    birth_date: date | None
    mobile: str
    email: str
    postal_code: str
    street: str
    number: str
    complement: str
    district: str
    city: str
    state: str
    created_at: datetime
    updated_at: datetime


class CustomerOut(PartyOut):
    active: bool
    dunned: bool
    group_id: int | None
    deceased_on: date | None


class PotentialOut(PartyOut):
    converted_at: datetime | None
    became_id: int | None = Field(
        description="A prospecção (de um lead) ou o cliente (de uma prospecção) que virou."
    )


class DocumentOut(Schema):
    document: str = Field(description="CPF ou CNPJ por inteiro; vazio se não se sabe.")


class PartyFilter(rest.Paging):
    q: str | None = Field(
        None, max_length=120, description="Começo de palavras do nome, ou um CPF ou CNPJ inteiro."
    )
    branch_id: rest.Key | None = None


class CustomerFilter(PartyFilter):
    active: bool | None = None
    situation: str | None = Field(
        None,
        max_length=40,
        description="Como na tela: `vencido`, `negativado`, `nada` (nem um nem outro)…",
    )


class PotentialFilter(PartyFilter):
    situation: Literal["open", "converted", "all"] = "open"


def customer_out(party: Customer) -> CustomerOut:
    return CustomerOut(document_masked=party.masked_document, **_shared(party, CustomerOut))


def potential_out(party: Lead | Prospect) -> PotentialOut:
    became = party.prospect_id if isinstance(party, Lead) else party.customer_id
    return PotentialOut(
        document_masked=party.masked_document, became_id=became, **_shared(party, PotentialOut)
    )


def _shared(party: Any, out: type[Schema]) -> dict[str, Any]:
    return {
        name: getattr(party, name)
        for name in out.model_fields
        if name not in ("document_masked", "became_id")
    }


def narrowed(rows: QuerySet[Any], filters: PartyFilter) -> QuerySet[Any]:
    if filters.q:
        rows = selectors.search(rows, filters.q.replace("\x00", ""))
    return rows.filter(branch_id=filters.branch_id) if filters.branch_id else rows


def fields_of(sent: PartyFields, *, document: str = "") -> dict[str, Any]:
    """What was sent, as the services take it; ``document`` is the one that is there. Raises
    ``ValidationError``."""
    fields = sent.model_dump(exclude_unset=True, exclude={"branch_id", "group_id"})
    if fields.get("document"):
        document = fields["document"] = _parsed(fields["document"])
    if len(document) == 14:
        problems = {name: "Uma empresa não tem." for name in ONLY_PEOPLE if fields.get(name)}
        if problems:
            raise ValidationError(problems)
    if "group_id" in sent.model_fields_set:
        key = getattr(sent, "group_id", None)
        fields["group"] = CustomerGroup.objects.filter(pk=key).first() if key else None
        if key and fields["group"] is None:
            raise ValidationError({"group_id": "Este grupo não existe."})
    return fields


def _parsed(document: str) -> str:
    try:
        return documents.parse(document).value
    except documents.InvalidDocument as error:
        raise ValidationError({"document": str(error)}) from None
