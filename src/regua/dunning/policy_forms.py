"""What people type on *Parâmetros de cobrança*: the general ones, a policy, a step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from typing import Any

from django import forms as django_forms
from django.db.models import QuerySet

from regua.dunning.choices import STEP_STAGES, Action, AutoList, ContactKind, Stage
from regua.dunning.models import (
    DunningParameters,
    DunningPolicy,
    DunningStep,
    MessageTemplate,
)
from regua.dunning.policy_services import FIRST_DAY, LAST_DAY, MOST_NEXT, PARAMETERS
from regua.inquiries.policy.forms import whole_field
from regua.integrations.parameter_forms import yes_or_no
from regua.organization.models import Branch
from regua.parties.models import CustomerGroup
from regua.receivables.models import Contract
from regua.web import forms

BEFORE, AFTER = "antes", "depois"
_YES_NO = {True: "sim", False: "nao"}


def _hour(label: str, help_text: str = "", *, required: bool = True) -> django_forms.TimeField:
    field = django_forms.TimeField(
        label=label,
        required=required,
        help_text=help_text,
        # Not type="time": where the browser speaks English it would show AM and PM.
        widget=django_forms.TimeInput(
            format="%H:%M", attrs={"autocomplete": "off", "placeholder": "hh:mm", "maxlength": 8}
        ),
        input_formats=["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh", "%H"],
        error_messages={"invalid": "Escreva a hora como 08:00."},
    )
    field.field_class = "short"  # type: ignore[attr-defined]
    return field


class ParametersForm(forms.Form):
    """The tab *Geral*."""

    active = yes_or_no(
        "Ativar a régua de cobrança",
        "Com Sim, cada filial tem uma execução por dia. Com Não, a régua só anda quando alguém a "
        "executa em Cobrança › Execuções.",
    )
    run_at = _hour("Hora da execução diária", "No horário de Brasília.")
    needs_approval = yes_or_no(
        "Esperar a aprovação de uma pessoa",
        "Com Sim, a execução diária para depois de simular e mostra quem, o quê e quanto custa; "
        "nada sai antes de alguém aprovar.",
    )
    message_inactive = yes_or_no(
        "Permitir envio de mensagens a cliente inativo",
        "Com Não, quem está inativo passa pelos passos sem receber mensagem.",
    )
    opens_at = _hour("Mensagens a partir das")
    closes_at = _hour("Mensagens até as")
    saturday_closes_at = _hour(
        "Aos sábados, até as", "Vazio: nada sai aos sábados.", required=False
    )

    @staticmethod
    def initial_of(row: DunningParameters) -> dict[str, Any]:
        values = {name: getattr(row, name) for name in PARAMETERS}
        return {n: _YES_NO[v] if isinstance(v, bool) else v for n, v in values.items()}

    def _to_the_minute(self, name: str) -> time | None:
        value: time | None = self.cleaned_data[name]
        return value.replace(second=0, microsecond=0) if value else None

    def clean_run_at(self) -> time | None:
        return self._to_the_minute("run_at")

    def clean_opens_at(self) -> time | None:
        return self._to_the_minute("opens_at")

    def clean_closes_at(self) -> time | None:
        return self._to_the_minute("closes_at")

    def clean_saturday_closes_at(self) -> time | None:
        return self._to_the_minute("saturday_closes_at")


class PolicyForm(forms.Form):
    """A policy's name and whom it is for; of a new one also where its steps come from."""

    name = django_forms.CharField(label="Nome", max_length=60)
    branch = django_forms.ModelChoiceField(
        label="Filial",
        queryset=Branch.objects.none(),
        required=False,
        empty_label="Todas as filiais",
        error_messages={"invalid_choice": "Escolha uma filial da lista."},
    )
    group = django_forms.ModelChoiceField(
        label="Grupo de clientes",
        queryset=CustomerGroup.objects.all(),
        required=False,
        empty_label="Todos os clientes",
        error_messages={"invalid_choice": "Escolha um grupo da lista."},
    )
    contract_kind = django_forms.ChoiceField(
        label="Tipo de contrato",
        choices=[("", "Todos os contratos"), *Contract.Kind.choices],
        required=False,
    )
    active = yes_or_no("Ativa", "Com Não, a régua fica guardada e não vale para ninguém.")
    copy_of = django_forms.ModelChoiceField(
        label="Passos",
        queryset=DunningPolicy.objects.none(),
        required=False,
        empty_label="Começar sem passos",
        help_text="Os passos copiados podem ser mudados depois, sem mudar os da outra régua.",
        error_messages={"invalid_choice": "Escolha uma régua da lista."},
    )

    def __init__(
        self,
        *args: Any,
        branches: QuerySet[Branch],
        every_branch: bool,
        policy: DunningPolicy | None = None,
        copyable: QuerySet[DunningPolicy] | None = None,
        **kwargs: Any,
    ) -> None:
        if policy is not None:
            kwargs["initial"] = {
                "name": policy.name,
                "branch": policy.branch_id,
                "group": policy.group_id,
                "contract_kind": policy.contract_kind,
                "active": _YES_NO[policy.active],
            }
        super().__init__(*args, **kwargs)
        branch: Any = self.fields["branch"]
        branch.queryset = branches
        if not every_branch:
            branch.required, branch.empty_label = True, "Escolha a filial"
            branch.error_messages["required"] = "Escolha a filial para a qual a régua vale."
        if policy is not None or copyable is None:
            del self.fields["copy_of"]
        else:
            self.fields["copy_of"].queryset = copyable  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """Both halves of a step. Of the automatic half only what the action asks for is read."""

    name = django_forms.CharField(label="Nome", max_length=60)
    days = whole_field("Dias para executar", LAST_DAY, "dias", required=True)
    side = django_forms.ChoiceField(
        label="Contados",
        choices=[(AFTER, "Depois do vencimento"), (BEFORE, "Antes do vencimento")],
        help_text="Zero é o próprio dia do vencimento.",
        initial=AFTER,
    )
    required = django_forms.BooleanField(
        label="Não pode ser pulado",
        required=False,
        help_text="Uma dívida que já chega atrasada começa por este passo, e não por um mais "
        "adiante. É assim com o aviso de cobrança.",
    )
    action = django_forms.ChoiceField(
        label="Ação",
        choices=Action.choices,
        widget=django_forms.RadioSelect,
        error_messages={"required": "Escolha o que acontece por si."},
    )
    template = django_forms.ChoiceField(
        label="Canal e mensagem",
        required=False,
        error_messages={"invalid_choice": "Escolha uma mensagem da lista."},
    )
    auto_list = django_forms.ChoiceField(
        label="Negativar automaticamente",
        choices=AutoList.choices,
        required=False,
        widget=django_forms.RadioSelect,
        help_text="Sim e Padrão negativam só com Incluir/Remover automaticamente da integração em "
        "Sim. Com Não, a dívida fica retida, à espera de uma pessoa.",
    )
    stage = django_forms.ChoiceField(
        label="Etapa",
        required=False,
        choices=[
            ("", "Escolha a etapa"),
            *((s.value, f"{s.value} · {s.label}") for s in STEP_STAGES if s is not Stage.LIST),
        ],
        help_text="Onde a dívida passa a estar.",
    )
    contact_kind = django_forms.ChoiceField(
        label="Tipo de contato padrão",
        required=False,
        choices=[("", "Ninguém precisa fazer nada"), *ContactKind.choices],
    )
    next_action_days = whole_field(
        "Dias para a próxima ação",
        MOST_NEXT,
        "dias",
        help_text="Depois do passo: quando o cliente entra na Rotina de cobrança.",
    )

    def __init__(
        self,
        *args: Any,
        templates: Iterable[MessageTemplate],
        step: DunningStep | None = None,
        **kwargs: Any,
    ) -> None:
        if step is not None:
            names = ("name", "required", "action", "auto_list", "stage", "contact_kind")
            kwargs["initial"] = {name: getattr(step, name) for name in names} | {
                "days": abs(step.days),
                "side": BEFORE if step.days < 0 else AFTER,
                "template": step.template_id or "",
                "next_action_days": step.next_action_days,
            }
        else:
            kwargs["initial"] = {"action": Action.MESSAGE, "auto_list": AutoList.DEFAULT}
        super().__init__(*args, **kwargs)
        self.templates = {str(row.pk): row for row in templates}
        groups: dict[str, list[tuple[str, str]]] = {}
        for key, row in self.templates.items():
            groups.setdefault(row.get_channel_display(), []).append((key, row.name))
        field: Any = self.fields["template"]
        field.choices = [("", "Escolha a mensagem"), *groups.items()]
        self.fields["days"].field_class = "short"  # type: ignore[attr-defined]
        self.fields["next_action_days"].field_class = "short"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What the service takes, where every field could be read."""
        cleaned = super().clean() or self.cleaned_data
        action = cleaned.get("action")
        chosen = cleaned.get("template") or "template" in self.errors
        if action == Action.MESSAGE and not chosen:
            self.add_error("template", "Escolha a mensagem que será enviada.")
        if action == Action.LIST:
            cleaned["stage"] = Stage.LIST.value
        elif action and not cleaned.get("stage") and "stage" not in self.errors:
            self.add_error("stage", "Escolha a etapa.")
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """The step's fields, as ``dunning_step_save`` takes them."""
        data = self.cleaned_data
        days = -data["days"] if data["side"] == BEFORE else data["days"]
        template = None
        if data["action"] == Action.MESSAGE:
            template = self.templates[data["template"]]
        return {
            "name": data["name"],
            "days": max(days, FIRST_DAY - 1),
            "required": data["required"],
            "action": data["action"],
            "template": template,
            "channel": template.channel if template else "",
            "auto_list": data["auto_list"] if data["action"] == Action.LIST else "",
            "stage": data["stage"],
            "contact_kind": data["contact_kind"],
            "next_action_days": data["next_action_days"],
        }
