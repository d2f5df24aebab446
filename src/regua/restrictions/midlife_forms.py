"""What people type when something happens to a listed debt."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.utils import timezone

from regua.parties.forms import CustomerForm
from regua.receivables.impediments import OUTCOMES
from regua.receivables.models import Impediment
from regua.restrictions.corrections import ADDRESS
from regua.web import forms


class ToldOnForm(forms.Form):
    """The day from which five business days run."""

    told_on = forms.DateField(
        label="Quando soubemos", help_text="Os cinco dias úteis da lei contam a partir deste dia."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"told_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean_told_on(self) -> date:
        told_on: date = self.cleaned_data["told_on"]
        if told_on > timezone.localdate():
            raise django_forms.ValidationError("A data está no futuro.")
        if told_on.year < 2000:
            raise django_forms.ValidationError("Confira o ano.")
        return told_on


class AmountForm(ToldOnForm):
    amount = forms.MoneyField(
        label="Valor certo do título",
        min_value=Decimal("0.01"),
        max_digits=12,
        help_text="O valor inteiro, antes do que já foi pago.",
    )
    field_order = ("amount", "told_on")


class ContestedAmountForm(forms.Form):
    """The amount alone: nothing is at the bureau, so that no deadline runs."""

    amount = AmountForm.base_fields["amount"]


class DueDateForm(ToldOnForm):
    due_date = forms.DateField(label="Vencimento certo")
    field_order = ("due_date", "told_on")

    def clean_due_date(self) -> date:
        due_date: date = self.cleaned_data["due_date"]
        if not 2000 <= due_date.year <= 2999:
            raise django_forms.ValidationError("Confira o ano.")
        return due_date


class _CustomerPart(CustomerForm):
    told_on = ToldOnForm.base_fields["told_on"]
    clean_told_on = ToldOnForm.clean_told_on
    part: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"told_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        for name in list(self.fields):
            if name not in self.part:
                del self.fields[name]
        self.order_fields(self.part)
        for name in self.part:
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = "Preencha este campo."


class NameForm(_CustomerPart):
    part = ("name", "told_on")


class AddressForm(_CustomerPart):
    part = (*ADDRESS, "told_on")


class NewAddressForm(_CustomerPart):
    """The address alone: the listing is off already, so that nobody waits for us."""

    part = ADDRESS


class ImpedimentForm(ToldOnForm):
    text = django_forms.CharField(
        label="O que foi dito", max_length=4000, widget=django_forms.Textarea(attrs={"rows": 4})
    )
    field_order = ("told_on", "text")


class DecisionForm(forms.Form):
    outcome = django_forms.ChoiceField(
        label="Decisão",
        widget=django_forms.RadioSelect,
        error_messages={"required": "Escolha a decisão.", "invalid_choice": "Escolha a decisão."},
    )
    decision = django_forms.CharField(
        label="Por quê",
        max_length=4000,
        help_text="É o que se mostra ao cliente ou ao juiz que perguntar.",
        widget=django_forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            (outcome.value, outcome.label) for outcome in OUTCOMES[Impediment.Kind(kind)]
        ]


class DeathForm(forms.Form):
    deceased_on = forms.DateField(label="Data do falecimento")
