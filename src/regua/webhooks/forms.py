"""What people type and choose about webhooks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.selectors import branches_visible
from regua.organization.models import Branch
from regua.web import formats, forms
from regua.webhooks.choices import TYPES, DeliveryStatus, EventType
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint

STATES = {
    "fila": Q(status=DeliveryStatus.PENDING),
    "entregue": Q(status=DeliveryStatus.DELIVERED),
    "nao_entregue": Q(status=DeliveryStatus.FAILED),
}


class EndpointForm(forms.Form):
    """An address and what it is told of."""

    name = django_forms.CharField(
        label="Nome",
        max_length=60,
        help_text="Para você reconhecer, como “ERP” ou “Painel da diretoria”.",
        error_messages={"max_length": "Use no máximo 60 letras."},
    )
    url = django_forms.CharField(
        label="Endereço (URL)",
        max_length=300,
        help_text="Recebe um POST por acontecimento. Começa com https://.",
        error_messages={"max_length": "O endereço é longo demais."},
        widget=django_forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    branch = django_forms.ModelChoiceField(
        label="Filial",
        queryset=Branch.objects.none(),
        empty_label="Todas as filiais",
        required=False,
        error_messages={"invalid_choice": "Escolha uma filial da lista."},
    )
    events = django_forms.MultipleChoiceField(
        label="Acontecimentos",
        choices=EventType.choices,
        widget=django_forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Marque ao menos um acontecimento.",
            "invalid_choice": "Escolha entre os acontecimentos da lista.",
        },
    )

    def __init__(
        self, *args: Any, actor: User, endpoint: WebhookEndpoint | None = None, **kwargs: Any
    ) -> None:
        if endpoint is not None:
            kwargs["initial"] = {
                name: getattr(endpoint, name) for name in ("name", "url", "branch", "events")
            }
        super().__init__(*args, **kwargs)
        branch: Any = self.fields["branch"]
        branch.queryset = branches_visible(actor)
        if not actor.all_branches:
            branch.required, branch.empty_label = True, None


class DeliveryFilter(forms.Form):
    """Which deliveries. What cannot be read is said at its field, and not narrowed by."""

    de = forms.DateField(label="De", required=False)
    ate = forms.DateField(label="Até", required=False)
    tipo = django_forms.ChoiceField(
        label="Acontecimento", required=False, choices=[("", "Todos"), *TYPES.items()]
    )
    situacao = django_forms.ChoiceField(
        label="Situação",
        required=False,
        choices=[
            ("", "Todas"),
            ("fila", "Na fila"),
            ("entregue", "Entregue"),
            ("nao_entregue", "Não entregue"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("de", "ate"):
            self.fields[name].field_class = "short"  # type: ignore[attr-defined]

    def clean_de(self) -> date | None:
        return _day(self.cleaned_data["de"])

    def clean_ate(self) -> date | None:
        return _day(self.cleaned_data["ate"])

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
        return bool(self.errors) or any(self.chosen(name) for name in self.fields)

    def narrow(self, rows: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        if since := self.chosen("de"):
            rows = rows.filter(created_at__gte=formats.day_start(since))
        if until := self.chosen("ate"):
            rows = rows.filter(created_at__lt=formats.day_end(until))
        if kind := self.chosen("tipo"):
            rows = rows.filter(type=kind)
        if state := self.chosen("situacao"):
            rows = rows.filter(STATES[state])
        return rows


class ReplayForm(forms.Form):
    """Since when what was not delivered is sent again."""

    desde = forms.DateField(label="Não entregues desde")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"desde": timezone.localdate()}, **kwargs)
        self.fields["desde"].field_class = "short"  # type: ignore[attr-defined]

    def clean_desde(self) -> date | None:
        return _day(self.cleaned_data["desde"])

    @property
    def since(self) -> datetime:
        return formats.day_start(self.cleaned_data["desde"])


def _day(day: date | None) -> date | None:
    if day and not 2000 <= day.year <= 2100:
        raise ValidationError("Confira o ano.")
    return day
