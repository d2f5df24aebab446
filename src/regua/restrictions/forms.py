"""What people type about restrictions, and how they narrow the list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from regua.integrations.models import ReasonCode
from regua.organization.models import Branch
from regua.parties.forms import BranchChoiceField, CustomerForm
from regua.restrictions.choices import Form, RemovalReason, Status
from regua.web import forms

LIVE_ONES = "em-curso"
UNSETTLED = "esclarecer"
CONTESTED = "contestadas"
SITUATIONS = [
    ("", "Todas"),
    (LIVE_ONES, "Em curso"),
    (UNSETTLED, "A esclarecer"),
    (CONTESTED, "Contestadas"),
    (str(Status.DRAFT.value), "Aguardando aprovação"),
    *((str(s.value), str(s.label)) for s in Status if s is not Status.DRAFT),
]

_YEARS = [
    MinValueValidator(date(2000, 1, 1), "Confira o ano."),
    MaxValueValidator(date(2999, 12, 31), "Confira o ano."),
]
_HINTS = {
    "complement": "O birô exige. Se não houver, escreva Casa ou Sem complemento.",
    "mobile": "O birô pede um celular, com DDD e 9 números.",
    "number": "Se não houver, escreva S/N.",
}


class GapsForm(CustomerForm):
    """The customer's data that the bureau asks for and that we do not have: all of it required."""

    def __init__(self, *args: Any, missing: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        missing = set(missing)
        for name in list(self.fields):
            if name not in missing:
                del self.fields[name]
        for name, field in self.fields.items():
            field.required = True
            field.error_messages["required"] = "Preencha este campo."
            field.help_text = _HINTS.get(name, "")
        if "sex" in self.fields:
            self.fields["sex"].choices = [  # type: ignore[attr-defined]
                ("", "Escolha…"),
                *self.fields["sex"].choices[1:],  # type: ignore[attr-defined]
            ]

    def clean_mobile(self) -> str:
        mobile = str(self.cleaned_data["mobile"])
        if not re.fullmatch(r"\d{2}9\d{8}", mobile):
            raise ValidationError("Escreva um celular, como (11) 98765-4321.")
        return mobile


class CodeForm(forms.Form):
    """The last step: the bureau's code for why the debt is listed."""

    restriction_code = django_forms.ChoiceField(
        label="Código de restrição",
        error_messages={"invalid_choice": "Escolha um dos códigos da lista."},
    )
    soma = django_forms.DecimalField(required=False, widget=django_forms.HiddenInput)
    """The sum that the person saw."""

    def __init__(self, *args: Any, codes: Iterable[ReasonCode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["restriction_code"].choices = [  # type: ignore[attr-defined]
            (code.code, f"{code.code} · {code.description}") for code in codes
        ]


class RemovalForm(forms.Form):
    """Why a listing is to come off; each reason says which code the bureau will get."""

    reason = django_forms.ChoiceField(
        label="Motivo da baixa",
        widget=django_forms.RadioSelect,
        error_messages={
            "required": "Escolha o motivo da baixa.",
            "invalid_choice": "Escolha um dos motivos da lista.",
        },
    )

    def __init__(self, *args: Any, codes: dict[str, ReasonCode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (reason.value, f"{reason.label} (código {codes[reason].code})")
            for reason in RemovalReason
            if reason in codes
        ]


class RestrictionFilter(forms.Form):
    """How the list is narrowed. What cannot be read is ignored, not refused."""

    q = django_forms.CharField(
        label="Cliente ou número",
        required=False,
        max_length=120,
        widget=django_forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "placeholder": "Nome, CPF/CNPJ, protocolo",
                "title": "Nome, CPF ou CNPJ, protocolo ou nosso número",
            }
        ),
    )
    situacao = django_forms.ChoiceField(label="Situação", required=False, choices=SITUATIONS)
    forma = django_forms.ChoiceField(
        label="Forma", required=False, choices=[("", "Todas"), *Form.choices]
    )
    de = forms.DateField(label="Pedidas desde", required=False, validators=_YEARS)
    ate = forms.DateField(label="Até", required=False, validators=_YEARS)

    def __init__(self, *args: Any, branches: Iterable[Branch] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = list(branches)
        if len(branches) > 1:
            self.fields["filial"] = BranchChoiceField(branches)
            self.order_fields(["q", "situacao", "filial", "forma", "de", "ate"])
        for name in self.fields.keys() - {"q"}:
            self.fields[name].field_class = "fluid"  # type: ignore[attr-defined]

    def chosen(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def narrowed(self) -> bool:
        return any(self.chosen(name) for name in self.fields)

    @property
    def listings(self) -> dict[str, Any]:
        """What was chosen, as ``filters.search`` takes it; who was searched for left aside."""
        named = {
            "situacao": "status",
            "filial": "branch",
            "forma": "form",
            "de": "since",
            "ate": "until",
        }
        return {key: value for name, key in named.items() if (value := self.chosen(name))}
