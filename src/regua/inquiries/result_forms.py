"""A person's decision over an inquiry."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from regua.inquiries.choices import Outcome
from regua.inquiries.policy.services import TERMS
from regua.web import forms


class OverrideForm(forms.Form):
    """The outcome, its conditions and why; conditions count only where the outcome has them."""

    outcome = django_forms.ChoiceField(
        label="Decisão",
        choices=Outcome.choices,
        widget=django_forms.RadioSelect,
        error_messages={"required": "Escolha a decisão."},
    )
    advance_payment = django_forms.BooleanField(
        label="Adesão antecipada (o cliente paga a adesão antes da instalação)", required=False
    )
    deposit = forms.MoneyField(label="Caução", required=False, min_value=0)
    fidelity_months = django_forms.IntegerField(
        label="Fidelidade", required=False, min_value=1, max_value=60
    )
    plan_limit = forms.MoneyField(label="Plano de até, por mês", required=False, min_value=0)
    reason = django_forms.CharField(
        label="Motivo",
        max_length=300,
        widget=django_forms.Textarea(attrs={"rows": 3}),
        help_text="Fica com a consulta e vai na explicação ao consumidor, se ele a pedir.",
        error_messages={"required": "Escreva o motivo: ele fica com a consulta."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fidelity_months"].addon_after = "meses"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("outcome") != Outcome.CONDITIONS:
            cleaned |= {**dict.fromkeys(TERMS), "advance_payment": False}
        return cleaned
