"""What people type in the *Rotina de cobrança*."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms as django_forms
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.choices import ContactKind, ContactResult
from regua.receivables.models import Receivable
from regua.web import formats, forms


class ContactForm(forms.Form):
    """What came of a contact; each result shows the fields that it needs."""

    kind = django_forms.ChoiceField(label="Como foi", choices=ContactKind.choices)
    result = django_forms.ChoiceField(
        label="O que aconteceu?",
        choices=ContactResult.choices,
        widget=django_forms.RadioSelect,
        error_messages={"required": "Escolha o resultado do contato."},
    )
    promised_on = forms.DateField(
        label="Vai pagar até",
        required=False,
        help_text="Até este dia, nenhum passo automático é dado.",
    )
    promised_amount = forms.MoneyField(
        label="Quanto", required=False, help_text="Vazio: tudo o que está vencido."
    )
    receivable = django_forms.TypedChoiceField(
        label="Título contestado",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Ao escolher, abre a contestação: cobrança e negativação param até a decisão "
        "(CDC, art. 54-G).",
    )
    mobile = forms.PhoneField(
        label="Número certo",
        required=False,
        help_text="Se souber: fica no cadastro, e o cliente continua na rotina de hoje. Sem ele, o "
        "próximo contato é para pedir o número.",
    )
    next_on = forms.DateField(label="Próximo contato em", required=False)
    note = django_forms.CharField(
        label="Anotação",
        required=False,
        max_length=2000,
        widget=django_forms.Textarea(attrs={"rows": 3}),
    )
    after = django_forms.IntegerField(widget=django_forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, debts: Sequence[Receivable] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receivable"].choices = [  # type: ignore[attr-defined]
            ("", "Nenhum em particular"),
            *(
                (
                    debt.pk,
                    f"{debt.number}, {formats.day(debt.due_date)}, {formats.brl(debt.open_amount)}",
                )
                for debt in debts
                if not debt.disputed
            ),
        ]


class TaskForm(forms.Form):
    """Putting a customer on the worklist by hand."""

    kind = django_forms.ChoiceField(label="Contato", choices=ContactKind.choices)
    due_on = forms.DateField(label="A partir de")
    to = django_forms.TypedChoiceField(label="Com", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, people: Sequence[User] = (), **kwargs: Any) -> None:
        kwargs["initial"] = {"due_on": timezone.localdate(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = people_choices(people)  # type: ignore[attr-defined]


def people_choices(people: Sequence[User]) -> list[tuple[Any, str]]:
    return [("", "Ninguém ainda"), *((person.pk, person.name) for person in people)]


class PeriodForm(forms.Form):
    """The days of the figures; what cannot be read is this month, not refused."""

    de = forms.DateField(label="De", required=False)
    ate = forms.DateField(label="Até", required=False)

    def days(self) -> tuple[date, date]:
        self.is_valid()
        today = timezone.localdate()
        until = _possible(self.cleaned_data.get("ate")) or today
        since = _possible(self.cleaned_data.get("de")) or until.replace(day=1)
        return (since, until) if since <= until else (until, since)


def _possible(day: date | None) -> date | None:
    return day if day is not None and 2000 <= day.year <= 2999 else None
