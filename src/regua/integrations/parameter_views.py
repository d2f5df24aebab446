"""The screen *Parâmetros gerais*, tab *Integrações*."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.parameters import NAMES, parameter_changes, parameters_update
from regua.organization.models import GeneralParameters
from regua.web import formats, forms
from regua.web.forms import add_errors

SHOWN = 10
"""How many of the last changes the page shows."""


class ParametersForm(forms.Form):
    """The section *Análise de crédito*."""

    credit_analysis = django_forms.TypedChoiceField(
        label="Utilizar integração com análise de crédito",
        choices=[("sim", "Sim"), ("nao", "Não")],
        coerce=lambda value: value == "sim",
        widget=django_forms.RadioSelect,
        help_text="Com Não, ninguém consulta nem negativa em nenhuma filial. O que já foi feito "
        "continua à vista, e as baixas continuam, porque a lei lhes dá prazo.",
    )
    inquiry_interval_days = django_forms.IntegerField(
        label="Intervalo de dias para consultar o mesmo CPF/CNPJ",
        required=False,
        min_value=1,
        max_value=3650,
        help_text="Dentro dele, o sistema oferece a consulta anterior em vez de pagar outra. "
        "Deixe vazio para não haver intervalo.",
    )
    report_retention_days = django_forms.IntegerField(
        label="Guarda do relatório do birô",
        min_value=1,
        max_value=36500,
        help_text="Depois disso o relatório inteiro é apagado; ficam o resumo, a decisão e o "
        "nome de quem consultou (LGPD, arts. 15 e 16).",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("inquiry_interval_days", "report_retention_days"):
            most = self.fields[name].max_value  # type: ignore[attr-defined]
            self.fields[name].field_class = "short"  # type: ignore[attr-defined]
            self.fields[name].addon_after = "dias"  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["inputmode"] = "numeric"
            self.fields[name].error_messages |= {
                "invalid": "Escreva um número inteiro de dias.",
                "min_value": "Escreva pelo menos 1 dia.",
                "max_value": f"Escreva no máximo {formats.number(most)} dias.",
            }


def parameters_general(request: Request) -> HttpResponse:
    """Everybody may see how the house works; who may change it, changes it."""
    manages = request.user.can(Permission.MANAGE_PARAMETERS)
    if not manages:
        require(request.user, Permission.VIEW_INTEGRATIONS)
    current = GeneralParameters.current()
    initial = {name: getattr(current, name) for name in NAMES}
    initial["credit_analysis"] = "sim" if current.credit_analysis else "nao"
    form = ParametersForm(request.POST or None, initial=initial)
    if not manages:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST":
        require(request.user, Permission.MANAGE_PARAMETERS)
        if form.is_valid():
            try:
                parameters_update(actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, "Parâmetros gerais gravados.")
                return redirect("parameters_general")
    context = {"form": form, "manages": manages, "changes": _changes()}
    return render(request, "integrations/parameters.html", context)


def _changes() -> list[dict[str, Any]]:
    """The last changes in words."""
    labels = {
        name: GeneralParameters._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        for name in NAMES
    }
    return [
        {
            "label": labels[change.name],
            "before": _said(change.before),
            "after": _said(change.after),
            "actor": change.actor.name,
            "at": change.at,
        }
        for change in parameter_changes()[:SHOWN]
    ]


def _said(value: Any) -> str:
    match value:
        case None:
            return "vazio"
        case bool():
            return "Sim" if value else "Não"
        case _:
            return f"{value} dias"
