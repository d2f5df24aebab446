"""What people type on the screen *Parâmetros gerais*."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms as django_forms

from regua.integrations.parameters import MAX_FINE, MAX_INTEREST
from regua.organization.models import GeneralParameters
from regua.web import formats, forms


def yes_or_no(label: str, help_text: str) -> django_forms.TypedChoiceField:
    return django_forms.TypedChoiceField(
        label=label,
        choices=[("sim", "Sim"), ("nao", "Não")],
        coerce=lambda value: value == "sim",
        widget=django_forms.RadioSelect,
        help_text=help_text,
    )


def _whole(
    label: str, least: int, most: int, unit: str, help_text: str, *, required: bool = True
) -> django_forms.IntegerField:
    """A whole number of ``unit``."""
    field = django_forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=required,
        help_text=help_text,
        error_messages={
            "invalid": f"Escreva um número inteiro de {unit}.",
            "min_value": f"Escreva pelo menos {least} {unit[:-1] if least == 1 else unit}.",
            "max_value": f"Escreva no máximo {formats.number(most)} {unit}.",
        },
    )
    field.field_class = "short"  # type: ignore[attr-defined]
    field.addon_after = unit  # type: ignore[attr-defined]
    field.widget.attrs["inputmode"] = "numeric"
    return field


def _money(label: str, help_text: str, *, required: bool = False) -> forms.MoneyField:
    field = forms.MoneyField(
        label=label,
        required=required,
        min_value=Decimal(0),
        help_text=help_text,
        error_messages={
            "min_value": "O valor não pode ser negativo.",
            "max_digits": "O valor é alto demais.",
            "max_whole_digits": "O valor é alto demais.",
            "max_decimal_places": "Escreva no máximo duas casas depois da vírgula.",
        },
    )
    field.field_class = "short"  # type: ignore[attr-defined]
    return field


def _percent(label: str, most: Decimal, help_text: str) -> forms.MoneyField:
    too_much = f"Escreva de 0 a {most} %%."  # Django formats it once more
    field = forms.MoneyField(
        label=label,
        min_value=Decimal(0),
        max_value=most,
        help_text=help_text,
        error_messages={
            "invalid": "Escreva uma porcentagem, como 1,50.",
            "min_value": too_much,
            "max_value": too_much,
            "max_decimal_places": "Escreva no máximo duas casas depois da vírgula.",
        },
    )
    field.addon_before = ""
    field.addon_after = "%"  # type: ignore[attr-defined]
    field.field_class = "short"  # type: ignore[attr-defined]
    return field


class _Section(forms.Form):
    """One card of the page, with its own *Salvar*."""

    @classmethod
    def initial_of(cls, row: GeneralParameters) -> dict[str, Any]:
        """The stored parameters as the fields show them."""
        initial = {name: getattr(row, name) for name in cls.base_fields if hasattr(row, name)}
        return {
            name: {True: "sim", False: "nao"}[value] if isinstance(value, bool) else value
            for name, value in initial.items()
        }


class AnalysisForm(_Section):
    """The section *Análise de crédito*."""

    credit_analysis = yes_or_no(
        "Utilizar integração com análise de crédito",
        "Com Não, ninguém consulta nem negativa em nenhuma filial. O que já foi feito "
        "continua à vista, e as baixas continuam, porque a lei lhes dá prazo.",
    )
    inquiry_interval_days = _whole(
        "Intervalo de dias para consultar o mesmo CPF/CNPJ",
        1,
        3650,
        "dias",
        "Dentro dele, o sistema oferece a consulta anterior em vez de pagar outra. "
        "Deixe vazio para não haver intervalo.",
        required=False,
    )
    report_retention_days = _whole(
        "Guarda do relatório do birô",
        1,
        36500,
        "dias",
        "Depois disso o relatório inteiro é apagado; ficam o resumo, a decisão e o "
        "nome de quem consultou (LGPD, arts. 15 e 16).",
    )


class ListingForm(_Section):
    """The section *Negativação*."""

    listing_min_days = _whole(
        "Atraso mínimo",
        0,
        1825,
        "dias",
        "Um título só é negativado depois de vencido há tantos dias. A lei não fixa um mínimo; "
        "a escolha é da empresa.",
    )
    listing_min_amount = _money(
        "Valor mínimo",
        "Os birôs aceitam a partir de R$ 10,00; um mínimo menor leva a recusas.",
        required=True,
    )
    listing_max_amount = _money(
        "Valor máximo",
        "Os birôs recusam valor alto demais, quase sempre um erro de digitação (códigos 381 e "
        "396). Vazio: sem máximo.",
    )
    telecom_profile = yes_or_no(
        "Exigir as regras da Anatel nas dívidas de telecomunicações",
        "Res. Anatel 765/2023: aviso do atraso, 15 dias, suspensão, 60 dias, rescisão, e só "
        "então negativar. Prestadoras de pequeno porte seguem só uma parte: confirme com o "
        "jurídico antes de desligar.",
    )
    reason = django_forms.CharField(
        label="Por que deixar de exigir",
        required=False,
        max_length=2000,
        widget=django_forms.Textarea(attrs={"rows": 2}),
        help_text="Preencha só ao mudar a resposta acima para Não. Fica guardado com o seu nome.",
    )
    require_debt_document = yes_or_no(
        "Exigir o documento da dívida",
        "Com Sim, só se negativa com o contrato ou a nota guardados; com Não, a falta é só "
        "avisada. O cliente pode pedir para ver (Lei 17.832/2023, SP, arts. 44 a 49).",
    )
    amount_updated = yes_or_no(
        "Negativar o valor com multa e juros",
        "Com Não, vai o valor em aberto. Com Sim, a soma aparece item por item antes de enviar.",
    )
    fine_percent = _percent("Multa por atraso", MAX_FINE, "No máximo 2 % (CDC, art. 52, § 1º).")
    interest_percent = _percent(
        "Juros ao mês",
        MAX_INTEREST,
        "No máximo 1 % ao mês, contados por dia de atraso: é o que se pratica e os juízes aceitam.",
    )
    approval_amount = _money(
        "Outra pessoa aprova acima de",
        "Quem pede não aprova o próprio pedido. Vazio: o valor nunca pede aprovação.",
    )
    approval_batch = _whole(
        "Outra pessoa aprova mais de",
        1,
        1_000_000,
        "títulos",
        "Títulos pedidos de uma só vez. Vazio: a quantidade nunca pede aprovação.",
        required=False,
    )
