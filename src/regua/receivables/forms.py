"""What people type about receivables."""

from __future__ import annotations

from decimal import Decimal

from django import forms as django_forms

from regua.web import forms


class ReceivableFilter(forms.Form):
    situacao = django_forms.ChoiceField(
        label="Situação",
        required=False,
        choices=[
            ("", "Todos"),
            ("vencidos", "Vencidos"),
            ("abertos", "Em aberto"),
            ("recebidos", "Recebidos"),
            ("cancelados", "Cancelados"),
        ],
    )


class CoDebtorForm(forms.Form):
    document = forms.DocumentField(
        label="CPF ou CNPJ do coobrigado",
        required=False,
        help_text="De um cliente desta filial. Em branco, ninguém mais responde pelo contrato.",
    )


class PaymentForm(forms.Form):
    amount = forms.MoneyField(label="Valor recebido", min_value=Decimal("0.01"))
    paid_on = forms.DateField(label="Data do pagamento")
    available_on = forms.DateField(
        label="Dinheiro disponível em",
        required=False,
        help_text="Só se for outro dia, como num cheque. O prazo para tirar uma negativação "
        "conta a partir daí.",
    )


class CancellationForm(forms.Form):
    reason = django_forms.CharField(
        label="Por que cancela",
        max_length=500,
        widget=django_forms.Textarea(attrs={"rows": 3}),
        help_text="Fica guardado com o seu nome.",
    )


class ContractDatesForm(forms.Form):
    suspended_on = forms.DateField(
        label="Suspensão",
        required=False,
        help_text="Deixe vazio se o serviço não foi suspenso.",
    )
    ended_on = forms.DateField(
        label="Rescisão",
        required=False,
        help_text="Deixe vazio enquanto o contrato não for rescindido.",
    )
