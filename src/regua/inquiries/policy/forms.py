"""A rule of a draft, and its activation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms as django_forms

from regua.inquiries.choices import DocumentStanding, Outcome
from regua.inquiries.policy.models import PolicyRule
from regua.inquiries.policy.services import RULE_FIELDS
from regua.integrations.choices import PersonKind
from regua.web import forms

CENT = Decimal("0.01")


def whole_field(
    label: str, maximum: int, unit: str = "", **kwargs: Any
) -> django_forms.IntegerField:
    """A whole number from 0; ``unit`` is said beside it."""
    field = django_forms.IntegerField(
        label=label,
        max_value=maximum,
        widget=django_forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Escreva um número inteiro.",
            "max_value": "Escreva no máximo %(limit_value)s.",
            "min_value": "Escreva pelo menos %(limit_value)s.",
        },
        **{"required": False, "min_value": 0, **kwargs},
    )
    field.addon_after = unit  # type: ignore[attr-defined]
    return field


def money_field(label: str, **kwargs: Any) -> forms.MoneyField:
    return forms.MoneyField(
        label=label,
        required=False,
        **{"min_value": 0, **kwargs},
        error_messages={
            "min_value": "O valor não pode ser menor que R$ %(limit_value)s.",
            "max_digits": "É dinheiro demais: confira o valor.",
            "max_whole_digits": "É dinheiro demais: confira o valor.",
            "max_decimal_places": "Escreva no máximo duas casas depois da vírgula.",
        },
    )


class RuleForm(forms.Form):
    """Everything a rule may ask, and what it then says. What is empty is not asked."""

    person_kind = django_forms.ChoiceField(
        label="Para",
        choices=[
            (PersonKind.ANY.value, "Pessoa física ou jurídica"),
            (PersonKind.PERSON.value, PersonKind.PERSON.label),
            (PersonKind.COMPANY.value, PersonKind.COMPANY.label),
        ],
        initial=PersonKind.ANY.value,
    )
    document_standing = django_forms.ChoiceField(
        label="Situação do documento na Receita",
        choices=DocumentStanding.choices,
        initial=DocumentStanding.ANY.value,
    )
    age_from = whole_field(
        "Idade ou tempo de abertura de", 2400, "meses", help_text="18 anos são 216 meses."
    )
    age_to = whole_field("Idade ou tempo de abertura até", 2400, "meses")
    without_score = django_forms.BooleanField(
        label="Só quando o birô não calculou score", required=False
    )
    score_from = whole_field("Score de", 1000)
    score_to = whole_field("Score até", 1000)
    pendings_from = whole_field("Quantidade de", 1_000_000)
    pendings_to = whole_field("Quantidade até", 1_000_000)
    amount_from = money_field("Soma de")
    amount_to = money_field("Soma até")
    newest_from = whole_field("A mais nova há pelo menos", 2400, "meses")
    newest_to = whole_field("A mais nova há no máximo", 2400, "meses")
    outcome = django_forms.ChoiceField(
        label="Resultado", choices=Outcome.choices, widget=django_forms.RadioSelect
    )
    reason = django_forms.CharField(
        label="Motivo",
        max_length=200,
        help_text="Uma frase que quem atende lê e o consumidor recebe se pedir explicação.",
    )
    advance_payment = django_forms.BooleanField(label="Adesão antecipada", required=False)
    deposit = money_field("Caução", min_value=CENT)
    fidelity_months = whole_field("Fidelidade", 120, "meses", min_value=1)
    plan_limit = money_field("Plano de até", min_value=CENT, help_text="Por mês.")

    def __init__(self, *args: Any, rule: PolicyRule | None = None, **kwargs: Any) -> None:
        if rule:
            kwargs["initial"] = {name: getattr(rule, name) for name in RULE_FIELDS}
        super().__init__(*args, **kwargs)


class ActivationForm(forms.Form):
    """What changed, for the history."""

    note = django_forms.CharField(
        label="O que mudou",
        max_length=200,
        required=False,
        help_text="Fica no histórico da política. Por exemplo: exigir adesão antecipada abaixo "
        "de 500 de score.",
    )
