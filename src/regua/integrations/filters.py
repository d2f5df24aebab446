"""How the grid of integrations is narrowed and sorted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet

from regua.accounts.models import User
from regua.bureaus import registry
from regua.integrations.choices import CallOutcome, CatalogueKind, Environment, Purpose
from regua.integrations.models import BureauCall, Integration
from regua.integrations.selectors import TROUBLED, integrations_of_branches
from regua.organization.models import Branch
from regua.web import formats, forms
from regua.web.ordering import Column

COLUMNS = (
    Column(key="id", label="ID", by=("pk",), classes="number d-none d-md-table-cell"),
    Column(key="intermediador", label="Intermediador", by=("provider_name",)),
    Column(key="filial", label="Filial", by=("branch__name",), classes="d-none d-md-table-cell"),
    Column(key="ambiente", label="Ambiente", by=("environment",), classes="d-none d-md-table-cell"),
    Column(key="vinculo", label="Vínculo", by=("linked_at",)),
    Column(
        key="token",
        label="Token válido até",
        by=("token_expires_at",),
        classes="d-none d-md-table-cell",
    ),
    Column(
        key="sincronizacao",
        label="Última sincronização",
        by=("last_sync_at",),
        classes="d-none d-md-table-cell",
    ),
)


_YES_NO = [("sim", "Sim"), ("nao", "Não")]


class IntegrationFilter(forms.Form):
    """What cannot be read is ignored, not refused."""

    intermediador = django_forms.ChoiceField(label="Intermediador", required=False)
    ambiente = django_forms.ChoiceField(
        label="Ambiente", required=False, choices=[("", "Todos"), *Environment.choices]
    )
    vinculo = django_forms.ChoiceField(
        label="Vinculada", required=False, choices=[("", "Todas"), *_YES_NO]
    )
    problema = django_forms.ChoiceField(
        label="Com problema", required=False, choices=[("", "Todas"), *_YES_NO]
    )
    ordem = django_forms.CharField(required=False, widget=django_forms.HiddenInput)
    """Kept while filtering; it narrows nothing."""

    def __init__(self, *args: Any, branches: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["intermediador"].choices = [  # type: ignore[attr-defined]
            ("", "Todos"),
            *((provider.slug, provider.name) for provider in registry.all()),
        ]
        branches = list(branches)
        if len(branches) > 1:
            self.fields["filial"] = django_forms.ChoiceField(
                label="Filial",
                required=False,
                choices=[("", "Todas"), *((str(b.pk), b.name) for b in branches)],
            )
            self.order_fields(["intermediador", "filial"])
        for field in self.fields.values():
            field.field_class = "fluid"  # type: ignore[attr-defined]

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return any(self.chosen(name) for name in self.fields if name != "ordem")

    def narrow(self, rows: QuerySet[Integration]) -> QuerySet[Integration]:
        """``rows`` are those of ``selectors.integrations_listed``."""
        if provider := self.chosen("intermediador"):
            rows = rows.filter(provider=provider)
        if branch := self.chosen("filial"):
            rows = rows.filter(branch_id=int(branch))
        if environment := self.chosen("ambiente"):
            rows = rows.filter(environment=environment)
        if linked := self.chosen("vinculo"):
            rows = rows.filter(linked_at__isnull=linked == "nao")
        if troubled := self.chosen("problema"):
            rows = rows.filter(TROUBLED) if troubled == "sim" else rows.exclude(TROUBLED)
        return rows


class HistoryFilter(forms.Form):
    """How the history of the bureau's tables is narrowed."""

    tabela = django_forms.ChoiceField(
        label="Tabela", required=False, choices=[("", "Todas"), *CatalogueKind.choices]
    )
    codigo = django_forms.CharField(
        label="Código",
        required=False,
        max_length=30,
        widget=django_forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def narrowed(self) -> bool:
        return any(self.chosen(name) for name in self.fields)


_YEARS = [
    MinValueValidator(date(2000, 1, 1), "Confira o ano."),
    MaxValueValidator(date(2999, 12, 31), "Confira o ano."),
]
ENDS = {
    "respondida": Q(outcome=CallOutcome.ANSWERED, http_status__lt=400),
    "recusada": Q(http_status__gte=400),
    "falhou": Q(outcome=CallOutcome.FAILED),
    "aberta": Q(outcome=CallOutcome.PENDING),
}
"""How a call ended; every call is exactly one of them."""


class CallFilter(forms.Form):
    """How the calls are narrowed. What cannot be read is said at its field, and not narrowed by."""

    de = forms.DateField(label="De", required=False, validators=_YEARS)
    ate = forms.DateField(label="Até", required=False, validators=_YEARS)
    finalidade = django_forms.ChoiceField(
        label="Finalidade", required=False, choices=[("", "Todas"), *Purpose.choices]
    )
    situacao = django_forms.ChoiceField(
        label="Situação",
        required=False,
        choices=[
            ("", "Todas"),
            ("respondida", "Respondida"),
            ("recusada", "Recusada"),
            ("falhou", "Sem resposta"),
            ("aberta", "Em aberto"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("de", "ate"):
            self.fields[name].field_class = "short"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        if chosen.get("de") and chosen.get("ate") and chosen["ate"] < chosen["de"]:
            self.add_error("ate", "Vem antes da data inicial.")
        return chosen

    def chosen(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for, understood or not."""
        return bool(self.errors) or any(self.chosen(name) for name in self.fields)

    def narrow(self, rows: QuerySet[BureauCall]) -> QuerySet[BureauCall]:
        if since := self.chosen("de"):
            rows = rows.filter(started_at__gte=formats.day_start(since))
        if until := self.chosen("ate"):
            rows = rows.filter(started_at__lt=formats.day_end(until))
        if purpose := self.chosen("finalidade"):
            rows = rows.filter(purpose=purpose)
        if end := self.chosen("situacao"):
            rows = rows.filter(ENDS[end])
        return rows


class OutgoingFilter(forms.Form):
    """How what was asked of bureaus is narrowed: by whom, where, in which period.

    What cannot be read is said at its field and asks for nothing.
    """

    integration = django_forms.ModelChoiceField(
        label="Integração", required=False, queryset=Integration.objects.none(), empty_label="Todas"
    )
    since = forms.DateField(label="Data inicial", required=False)
    until = forms.DateField(label="Data final", required=False)
    branch = django_forms.ModelChoiceField(
        label="Filial", required=False, queryset=Branch.objects.none(), empty_label="Todas"
    )
    requested_by = django_forms.ModelChoiceField(
        label="Operador", required=False, queryset=User.objects.none(), empty_label="Todos"
    )

    def __init__(
        self,
        *args: Any,
        people: QuerySet[User],
        branches: list[Branch],
        branch: Branch | None,
        **kwargs: Any,
    ) -> None:
        """``people`` may be chosen from. ``branch`` is the one chosen in the top bar, if any: the
        rows are narrowed to it.
        """
        super().__init__(*args, **kwargs)
        self.in_branch = branch
        within = [branch] if branch else branches
        chosen: Any = self.fields
        chosen["requested_by"].queryset = people
        chosen["integration"].queryset = integrations_of_branches(b.pk for b in within)
        chosen["integration"].label_from_instance = _integration_label
        if branch or len(branches) < 2:
            del self.fields["branch"]
        else:
            chosen["branch"].queryset = Branch.objects.filter(pk__in=[b.pk for b in branches])

    def clean_since(self) -> date | None:
        return self._day("since")

    def clean_until(self) -> date | None:
        return self._day("until")

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not 2000 <= day.year <= 2100:
            raise ValidationError("Escreva um ano entre 2000 e 2100.")
        return day

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", "A data final vem antes da inicial.")

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and could be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def in_use(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


def _integration_label(integration: Integration) -> str:
    bureau = registry.name_of(integration.provider)
    return f"nº {integration.pk} · {bureau} · {integration.branch.name}"
