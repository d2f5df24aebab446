"""The form of *Integrações de Análise de Crédito* and the link in the branch's page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.bureaus import registry
from regua.bureaus.contract import FormField
from regua.integrations.choices import CodeKind, Environment, PersonKind
from regua.integrations.models import Integration, ReasonCode
from regua.integrations.selectors import integration_of, reason_codes_of
from regua.integrations.services import PLAIN, SECRETS, integration_create, integration_update
from regua.integrations.vault import VaultError
from regua.organization.models import Branch
from regua.web import forms
from regua.web.forms import add_errors

CODES = {
    "restriction_code": ("Código de restrição", CodeKind.RESTRICTION, PersonKind.PERSON),
    "company_restriction_code": (
        "Cód. Restrição Pessoa Jurídica",
        CodeKind.RESTRICTION,
        PersonKind.COMPANY,
    ),
    "removal_code": ("Código para baixa", CodeKind.REMOVAL, None),
}
"""The defaults of the automatic routine: label, which table feeds it, for whom."""
_CODE_HELP = {
    "restriction_code": "Usado nas negativações automáticas de pessoas físicas.",
    "company_restriction_code": "Usado nas negativações automáticas de empresas.",
    "removal_code": "Usado nas remoções automáticas. Ex.: pagamento da dívida.",
}
_CONNECTION = {"base_url", *SECRETS}


class IntegrationForm(forms.Form):
    """The seed's form. What the bureau itself asks for comes from ``Provider.form_fields``."""

    provider = django_forms.ChoiceField(
        label="Intermediador", widget=django_forms.RadioSelect, choices=()
    )
    branch = django_forms.ModelChoiceField(
        label="Filial",
        queryset=Branch.objects.none(),
        empty_label="Escolha a filial",
        widget=django_forms.Select(attrs={"data-select": True}),
        help_text="Cada filial aceita uma só integração.",
        error_messages={"invalid_choice": "Escolha uma filial da lista."},
    )
    environment = django_forms.ChoiceField(
        label="Ambiente",
        choices=Environment.choices,
        widget=django_forms.RadioSelect,
        initial=Environment.PRODUCTION,
        help_text="Em Homologação, nada é incluído nem removido automaticamente.",
    )
    automatic = django_forms.TypedChoiceField(
        label="Incluir/Remover automaticamente",
        choices=[("sim", "Sim"), ("nao", "Não")],
        coerce=lambda value: value == "sim",
        widget=django_forms.RadioSelect,
        initial="nao",
        help_text="Com Sim, a negativação e a baixa seguem os Parâmetros de cobrança, passo 5.",
    )

    def __init__(
        self, *args: Any, actor: User, integration: Integration | None = None, **kwargs: Any
    ) -> None:
        self.actor = actor
        self.integration = integration
        self.existing: Integration | None = None
        """The one that the chosen branch has already, where that is why it was refused."""
        providers = registry.all()
        kwargs["initial"] = {**self._initial(providers), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [(p.slug, p.name) for p in providers]  # type: ignore[attr-defined]
        if integration and integration.provider not in {p.slug for p in providers}:
            self.fields["provider"].choices.append(  # type: ignore[attr-defined]
                (integration.provider, f"{integration.provider} (não instalado)")
            )
        self.fields["branch"].queryset = branches_visible(actor)  # type: ignore[attr-defined]
        self.provider_fields: list[str] = []
        for provider in providers:
            if integration is None or provider.slug == integration.provider:
                for declared in provider.form_fields:
                    self._add_declared(declared)
        self._add_codes()
        if integration:
            self.fields["branch"].disabled = self.fields["provider"].disabled = True
        if not actor.can(Permission.MANAGE_INTEGRATIONS):
            for field in self.fields.values():
                field.disabled = True
        for field in self.fields.values():
            if field.disabled:  # a list that opens nothing should not look as if it did
                field.widget.attrs.pop("data-select", None)

    def _initial(self, providers: list[Any]) -> dict[str, Any]:
        row = self.integration
        if row is None:
            return {
                "provider": providers[0].slug if len(providers) == 1 else "",
                "base_url": providers[0].default_base_url.get(Environment.PRODUCTION, "")
                if len(providers) == 1
                else "",
            }
        initial: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
        initial |= {"provider": row.provider, "branch": row.branch_id}
        initial["automatic"] = "sim" if row.automatic else "nao"
        try:
            initial["client_id"] = row.unseal("client_id")
        except VaultError:
            initial["client_id"] = ""
        return initial

    def _add_declared(self, declared: FormField) -> None:
        """One line that the bureau declares; two bureaus may share a name."""
        if declared.name not in _CONNECTION or declared.name in self.fields:
            return
        kept = bool(
            declared.secret
            and self.integration
            and getattr(self.integration, f"{declared.name}_sealed")
        )
        attrs: dict[str, str] = {"autocomplete": "off", "spellcheck": "false"}
        widget: django_forms.Widget = django_forms.TextInput(attrs=attrs)
        help_text = declared.help
        if declared.secret:
            attrs |= {
                "autocomplete": "new-password",
                "placeholder": "definido" if kept else "não definido",
            }
            widget = django_forms.PasswordInput(attrs=attrs)
            if kept:
                help_text = f"Definido. Deixe vazio para manter. {help_text}"
        field = django_forms.CharField(
            label=declared.label,
            help_text=help_text,
            required=declared.required and not kept,
            max_length=200 if declared.name == "base_url" else 500,
            widget=widget,
        )
        if declared.name == "base_url":
            attrs |= {"inputmode": "url", "placeholder": "https://"}
            field.widget.attrs.update(attrs)
        field.error_messages["required"] = "Preencha este campo."
        self.fields[declared.name] = field
        self.provider_fields.append(declared.name)

    def _add_codes(self) -> None:
        """The three defaults, chosen among what the bureau listed at the last synchronisation."""
        codes = reason_codes_of(self.integration) if self.integration else []
        for name, (label, kind, person) in CODES.items():
            usable = [
                code
                for code in codes
                if code.kind == kind
                and code.gone_at is None
                and not code.bureau_only
                and (person is None or code.person_kind in (person, PersonKind.ANY))
            ]
            current = getattr(self.integration, name) if self.integration else ""
            self.fields[name] = django_forms.ChoiceField(
                label=label,
                required=False,
                choices=_options(usable, current, codes),
                widget=django_forms.Select(attrs={"data-select": True}),
                help_text=_CODE_HELP[name],
                error_messages={"invalid_choice": "O birô não tem este código. Escolha da lista."},
            )
            if current and current not in {code.code for code in usable}:
                self.fields[
                    name
                ].help_text = f"Atenção: o birô não oferece mais o código {current}. Escolha outro."

    @property
    def connection_fields(self) -> list[Any]:
        return [self[name] for name in self.provider_fields]

    @property
    def code_fields(self) -> list[Any]:
        return [self[name] for name in CODES]

    def save(self) -> Integration | None:
        """Carry it out; on refusal show the service's sentences and return None."""
        data = self.cleaned_data
        values = {name: data[name] for name in (*PLAIN, *SECRETS) if name in data}
        if self.integration and values.get("client_id") == self.initial["client_id"]:
            del values["client_id"]  # shown and sent back as it was
        try:
            if self.integration:
                return integration_update(integration=self.integration, actor=self.actor, **values)
            return integration_create(
                actor=self.actor, branch=data["branch"], provider=data["provider"], **values
            )
        except ValidationError as error:
            if "branch" in getattr(error, "error_dict", {}):
                self.existing = integration_of(data["branch"])
            add_errors(self, error)
            return None


def _options(
    usable: Iterable[ReasonCode], current: str, everything: Iterable[ReasonCode]
) -> list[tuple[str, str]]:
    options = [("", "Nenhum")]
    options += [(code.code, f"{code.code} · {code.description}") for code in usable]
    if current and current not in dict(options):
        known = next((c.description for c in everything if c.code == current), "")
        label = f"{current} · {known}" if known else current
        options.append((current, f"{label} (o birô não oferece mais)"))
    return options


class BranchLinkForm(forms.Form):
    """Filiais › aba Integrações: which integration the branch uses, if any."""

    integration = django_forms.ChoiceField(
        label="Integração de análise de crédito",
        required=False,
        help_text="Só a integração cadastrada para esta filial pode ser vinculada.",
        error_messages={"invalid_choice": "Esta integração não é desta filial. Escolha da lista."},
    )

    def __init__(self, *args: Any, own: Integration | None, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Nenhuma")]
        if own:
            choices.append((str(own.pk), f"{own} · {name} · {own.get_environment_display()}"))
            if own.linked_at:
                self.initial["integration"] = str(own.pk)
        self.fields["integration"].choices = choices  # type: ignore[attr-defined]
