"""What people type on *Parâmetros de cobrança › Mensagens* and *› Canais*."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms as django_forms

from regua.dunning.choices import Channel, TemplateKind
from regua.dunning.models import MessageGateway, MessageTemplate
from regua.web import formats, forms

BODY_ROWS = 10
GATEWAY_CHANNELS = (Channel.SMS, Channel.WHATSAPP)
EXAMPLE_BODY = '{"para": "{{ para }}", "texto": "{{ texto }}", "id": "{{ id }}"}'


def _phone() -> forms.PhoneField:
    return forms.PhoneField(
        label="Celular para o teste",
        required=False,
        help_text="Só para o teste; não fica guardado.",
    )


class TemplateForm(forms.Form):
    """One text. Its channel and purpose are chosen once."""

    name = django_forms.CharField(
        label="Nome",
        max_length=60,
        help_text="Como aparece na régua. O cliente não vê.",
        error_messages={"max_length": "Use no máximo 60 letras."},
    )
    channel = django_forms.ChoiceField(
        label="Canal",
        choices=Channel.choices,
        widget=django_forms.RadioSelect,
        initial=Channel.EMAIL,
        error_messages={"invalid_choice": "Escolha um canal da lista."},
    )
    kind = django_forms.ChoiceField(
        label="Finalidade",
        choices=TemplateKind.choices,
        widget=django_forms.RadioSelect,
        initial=TemplateKind.COLLECTION,
        help_text="O aviso de cobrança leva sempre o que a Anatel manda dizer e, aceito, fica "
        "guardado como prova do aviso.",
        error_messages={"invalid_choice": "Escolha uma finalidade da lista."},
    )
    subject = django_forms.CharField(
        label="Assunto",
        max_length=120,
        required=False,
        error_messages={"max_length": "Use no máximo 120 letras."},
    )
    body = django_forms.CharField(
        label="Texto",
        max_length=4000,
        widget=django_forms.Textarea(attrs={"rows": BODY_ROWS}),
        error_messages={"max_length": "Use no máximo 4.000 letras."},
    )
    mobile = _phone()

    def __init__(
        self, *args: Any, template: MessageTemplate | None = None, manages: bool, **kwargs: Any
    ) -> None:
        if template is not None:
            kwargs["initial"] = {
                name: getattr(template, name)
                for name in ("name", "channel", "kind", "subject", "body")
            }
        super().__init__(*args, **kwargs)
        if template is not None:
            for name in ("channel", "kind"):
                self.fields[name].disabled = True
            if template.channel != Channel.EMAIL:
                del self.fields["subject"]
        if not manages:
            for field in self.fields.values():
                field.disabled = True

    @property
    def text(self) -> dict[str, str]:
        """What a service is given."""
        return {
            name: self.cleaned_data.get(name, "")
            for name in ("name", "channel", "kind", "subject", "body")
        }


class GatewayForm(forms.Form):
    """One channel's gateway; its secret is written and never shown."""

    url = django_forms.CharField(
        label="Endereço (URL)",
        max_length=200,
        help_text="O do seu fornecedor, que recebe um POST por mensagem. Começa com https://.",
        widget=django_forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    body = django_forms.CharField(
        label="Corpo (JSON)",
        max_length=2000,
        widget=django_forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "class": "font-monospace"}
        ),
        help_text="{{ para }} é o celular com 55 e DDD, só números; {{ texto }} é a mensagem; "
        "{{ id }} é um código que não se repete. Cada um vai entre aspas.",
    )
    header_name = django_forms.CharField(
        label="Cabeçalho do segredo",
        max_length=60,
        required=False,
        help_text="Como Authorization ou X-Api-Key. Vazio: sem segredo.",
        widget=django_forms.TextInput(attrs={"autocomplete": "off"}),
    )
    secret = django_forms.CharField(
        label="Segredo",
        max_length=1000,
        required=False,
        widget=django_forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    cost = forms.MoneyField(
        label="Custo por mensagem",
        max_digits=8,
        decimal_places=4,
        required=False,
        min_value=Decimal(0),
        help_text="Entra no custo das simulações da régua.",
        error_messages={
            "min_value": "O custo não pode ser negativo.",
            "max_digits": "O custo é alto demais.",
            "max_whole_digits": "O custo é alto demais.",
            "max_decimal_places": "Escreva no máximo quatro casas depois da vírgula.",
        },
    )
    active = django_forms.TypedChoiceField(
        label="Enviar por este canal",
        choices=[("sim", "Sim"), ("nao", "Não")],
        coerce=lambda value: value == "sim",
        widget=django_forms.RadioSelect,
        initial="sim",
        help_text="Com Não, o que está na fila espera.",
    )

    def __init__(
        self, *args: Any, gateway: MessageGateway | None, manages: bool, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"body": EXAMPLE_BODY}
        if gateway is not None:
            initial = {
                "url": gateway.url,
                "body": gateway.body,
                "header_name": gateway.header_name,
                "cost": exact(gateway.cost),
                "active": "sim" if gateway.active else "nao",
            }
        super().__init__(*args, initial=initial, **kwargs)
        cost = self.fields["cost"]
        cost.field_class = "short"  # type: ignore[attr-defined]
        del cost.widget.attrs["data-mask"]  # it would leave two decimal places
        kept = gateway is not None and gateway.header_sealed
        self.fields["secret"].help_text = (
            "Há um segredo guardado. Deixe vazio para mantê-lo."
            if kept
            else "Guardado cifrado; depois de salvo, ninguém o vê."
        )
        if not manages:
            for field in self.fields.values():
                field.disabled = True

    def cleanexact(self) -> Decimal:
        return self.cleaned_data["cost"] or Decimal(0)


def exact(value: Decimal) -> str:
    """Two decimal places, or as many as it needs: ``0,085``."""
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return formats.number(value, places)


class ChannelTestForm(forms.Form):
    """Where a test goes that is no e-mail."""

    mobile = _phone()
