"""What a report is: its filters, its columns and where its rows come from.

The screen, the exports and the totals all follow one definition; a new report is a new one, added
to ``catalogue.REPORTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.http import QueryDict
from django.urls import reverse
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic import ValidationError as Unreadable

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.web.status import Status


class Kind(StrEnum):
    """What a column holds, which decides how each format writes it."""

    TEXT = "text"
    DOCUMENT = "document"
    """CPF or CNPJ, always masked."""
    MONEY = "money"
    NUMBER = "number"
    INSTANT = "instant"
    """Shown in America/Sao_Paulo."""
    DAY = "day"
    PERCENT = "percent"
    """A fraction: 0.052 is 5,20%."""
    CHOICE = "choice"
    """A code, shown by its label."""


@dataclass(frozen=True, kw_only=True)
class Column:
    key: str
    label: str
    kind: Kind
    value: str | Combinable
    """A field's path or an ORM expression."""
    default: bool = True
    """Whether it is chosen when nobody has chosen."""
    choices: tuple[tuple[str, str], ...] | Callable[[], tuple[tuple[str, str], ...]] = ()
    """Code and label; a code without one is shown as it is."""
    total: bool = False
    """Whether its sum means something."""
    width: int = 14
    """How many characters usually suffice."""

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.choices() if callable(self.choices) else self.choices)

    @property
    def expression(self) -> Combinable:
        return F(self.value) if isinstance(self.value, str) else self.value


def _day(value: Any) -> Any:
    if isinstance(value, str) and "/" in value:
        return datetime.strptime(value.strip(), "%d/%m/%Y").date()  # noqa: DTZ007
    return value


def _plausible(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise ValueError("the year is not between 2000 and 2100")
    return day


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_plausible)]
"""A day in a filter: ``dd/mm/aaaa`` as people type it, or ISO as we keep it."""


def one_of(values: Collection[str]) -> AfterValidator:
    """In a filter: one of the choices that the screen offers."""

    def known(value: str) -> str:
        if value not in values:
            raise ValueError("not one of the choices")
        return value

    return AfterValidator(known)


class Filters(BaseModel):
    """What a person narrowed a report by. The names are those of the fields on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, data: QueryDict, **more: Any) -> Any:
        """The filters in a query string, others of its parameters and empty ones left aside.

        ``more`` holds where the query string says nothing. Raises ``ValidationError`` with a
        sentence.
        """
        known = {name: value for name, value in more.items() if name in cls.model_fields and value}
        sent = {name: data[name] for name in cls.model_fields if data.get(name)}
        return cls.load(known | sent)

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> Any:
        """The filters as ``dump`` wrote them. Raises ``ValidationError`` with a sentence."""
        try:
            return cls.model_validate(kept)
        except Unreadable as error:
            names = ", ".join(dict.fromkeys(str(e["loc"][0]) for e in error.errors() if e["loc"]))
            raise ValidationError(
                f"Não entendemos estes filtros do relatório: {names}. Nada foi exportado. "
                "Volte ao relatório e escolha os filtros de novo."
            ) from None

    def dump(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True, kw_only=True)
class Report:
    slug: str
    title: str
    purpose: str
    """What it is for, in a sentence."""
    page: str
    """URL name of its page."""
    permission: Permission
    """Needed to see its rows at all; ``queryset`` narrows them further."""
    filters: type[Filters]
    columns: tuple[Column, ...]
    queryset: Callable[[Any, User], QuerySet[Any]]
    """Filters and actor → the rows that this person may see."""
    describe: Callable[[Any, User], str]
    """The filters in words for this person, as ``De 01/11/2026 a 24/11/2026 · Filial Centro``."""
    ordering: tuple[str, ...]
    detail: str
    """URL name of the page that a row leads to."""
    detail_key: str = "pk"
    """The attribute of a row that this page is found by."""
    badges: Mapping[str, Callable[[Any], Status]] = field(default_factory=dict)
    """Columns that the screen shows as a status: key, and row → status."""
    badges_read: tuple[str, ...] = ()
    """The fields of a row that ordering and badges look at."""

    @property
    def url(self) -> str:
        return reverse(self.page)

    def known(self, keys: Iterable[str]) -> tuple[Column, ...]:
        """The columns among ``keys``, as the report orders them; others are left aside."""
        wanted = set(keys)
        return tuple(column for column in self.columns if column.key in wanted)

    def chosen(self, keys: Iterable[str]) -> tuple[Column, ...]:
        """The columns with these keys, in that order; the default ones where none is named.

        Raises ``ValidationError`` for a column that the report does not have.
        """
        keys = list(dict.fromkeys(keys))
        if not keys:
            return tuple(column for column in self.columns if column.default)
        by_key = {column.key: column for column in self.columns}
        if not by_key.keys() >= set(keys):
            raise ValidationError(
                "O relatório não tem uma das colunas pedidas. Nada foi feito. "
                "Volte ao relatório e escolha as colunas de novo."
            )
        return tuple(by_key[key] for key in keys)
