"""What an administrator chooses of a program's access."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms as django_forms
from django.utils import timezone

from regua.accounts.models import User
from regua.api.scopes import Scope
from regua.organization.models import Branch
from regua.web import forms


class TokenForm(forms.Form):
    application = django_forms.CharField(
        label="Aplicação",
        max_length=80,
        help_text="O programa que vai usar este acesso, como ERP ou site de vendas.",
    )
    owner = django_forms.ModelChoiceField(
        label="Age em nome de",
        queryset=User.objects.none(),
        empty_label="Escolha a pessoa",
        help_text="O acesso nunca pode mais que o perfil e as filiais desta pessoa, e o que ele "
        "fizer fica com o nome dela.",
    )
    scopes = django_forms.MultipleChoiceField(
        label="Escopos",
        choices=[(scope.value, f"{scope.label} · {scope.value}") for scope in Scope],
        widget=django_forms.CheckboxSelectMultiple,
        error_messages={"required": "Marque ao menos um escopo."},
        help_text="Só o que o programa precisa.",
    )
    branches = django_forms.ModelMultipleChoiceField(
        label="Filiais",
        queryset=Branch.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
        help_text="Sem nenhuma marcada, todas as da pessoa.",
    )
    expires_on = forms.DateField(
        label="Vale até o fim de", required=False, help_text="Vazio: até ser revogado."
    )
    calls_per_minute = django_forms.IntegerField(
        label="Chamadas por minuto", min_value=1, max_value=100_000, initial=600
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields
        chosen["owner"].queryset = User.objects.filter(is_active=True).order_by("name")
        chosen["owner"].label_from_instance = _person
        chosen["branches"].queryset = Branch.objects.filter(active=True)

    def clean_expires_on(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        if day < timezone.localdate() or day.year > 2100:
            raise django_forms.ValidationError("Escolha um dia de hoje em diante, até 2100.")
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def _person(user: User) -> str:
    return f"{user.name} ({user.get_role_display()})"
