"""The form of *Integrações de Análise de Crédito* and the link in the branch's page."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.bureaus import registry
from regua.bureaus.contract import Capabilities, FormField, Provider
from regua.integrations.choices import DEFAULT_CODES, Environment, PersonKind, Reason
from regua.integrations.models import Integration, ReasonCode
from regua.integrations.selectors import integration_of, lost_codes, reason_codes_of
from regua.integrations.services import PLAIN, SECRETS, integration_create, integration_update
from regua.integrations.vault import VaultError
from regua.organization.models import Branch
from regua.web import forms
from regua.web.forms import add_errors

_CODE_HELP = {
    "restriction_code": "Usado nas negativações automáticas de pessoas físicas.",
    "company_restriction_code": "Usado nas negativações automáticas de empresas.",
    "removal_code": "Usado nas remoções automáticas. Ex.: pagamento da dívida.",
}
RELOAD = "recarregar"
"""Sent when only the fields are to be drawn anew, because another bureau asks for others."""
_RELOAD = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-vals": f'{{"{RELOAD}": "1"}}',
    "hx-target": "#provider-fields",
    "hx-select": "#provider-fields",
    "hx-swap": "outerHTML",
}


class _CountField(django_forms.IntegerField):
    """An integer that may be written with a thousands separator: ``1.000``."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(\.\d{3})+\s*", value):
            value = value.replace(".", "")
        return super().to_python(value)


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
        help_text="Com Sim, a baixa do que foi quitado é pedida sozinha; a negativação segue os "
        "Parâmetros de cobrança, passo 5.",
    )

    calls_per_second = _CountField(
        label="Limite de chamadas por segundo",
        min_value=1,
        max_value=1000,
        required=False,
        localize=True,
        widget=django_forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="O que o contrato com o birô permite, de 1 a 1.000; vazio, o usual dele. Vale "
        "para tudo o que sai por esta integração.",
        error_messages={
            "invalid": "Informe um número inteiro de 1 a 1.000.",
            "min_value": "O menor limite é 1 chamada por segundo.",
            "max_value": "O maior limite é 1.000 chamadas por segundo.",
        },
    )

    listing_price = forms.MoneyField(
        label="Preço de cada negativação",
        required=False,
        min_value=0,
        max_digits=8,
        help_text="O do contrato: o birô não o informa. Aparece antes de negativar e nas "
        "simulações da régua. Vazio, o custo não é mostrado.",
        error_messages={
            "min_value": "O preço não pode ser negativo.",
            "max_digits": "O preço é alto demais.",
            "max_whole_digits": "O preço é alto demais.",
            "max_decimal_places": "Escreva no máximo duas casas depois da vírgula.",
        },
    )

    def __init__(
        self, *args: Any, actor: User, integration: Integration | None = None, **kwargs: Any
    ) -> None:
        self.actor = actor
        self.integration = integration
        self.existing: Integration | None = None
        """The one that the chosen branch has already, where that is why it was refused."""
        self.providers = registry.all()
        given = kwargs.get("initial", {})
        self.bureau = self._chosen_provider(args[0] if args else kwargs.get("data"), given)
        kwargs["initial"] = {**self._initial(given), **given}
        super().__init__(*args, **kwargs)
        self.fields["provider"].choices = [(p.slug, p.name) for p in self.providers]  # type: ignore[attr-defined]
        if integration and integration.provider not in {p.slug for p in self.providers}:
            self.fields["provider"].choices.append(  # type: ignore[attr-defined]
                (integration.provider, f"{integration.provider} (não instalado)")
            )
        if not integration and len(self.providers) > 1:
            self.fields["provider"].widget.attrs.update(_RELOAD)
        if any(url for p in self.providers for url in p.default_base_url.values()):
            self.fields["environment"].widget.attrs.update(
                _RELOAD | {"hx-target": "#base-url", "hx-select": "#base-url"}
            )
        self.fields["branch"].queryset = branches_visible(actor)  # type: ignore[attr-defined]
        self.provider_fields: list[str] = []
        for declared in self.bureau.form_fields if self.bureau else ():
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

    @classmethod
    def redrawn(
        cls, typed: QueryDict, *, actor: User, integration: Integration | None = None
    ) -> IntegrationForm:
        """The form as far as it was filled in, with the fields that it needs now. No secrets."""
        initial = {name: value for name, value in typed.items() if name not in SECRETS[1:]}
        form = cls(actor=actor, integration=integration, initial=initial)
        for name in form.provider_fields:
            if isinstance(form.fields[name].widget, django_forms.PasswordInput):
                form.initial.pop(name, None)
        defaults = {url for p in form.providers for url in p.default_base_url.values()}
        if form.bureau and typed.get("base_url", "") in {"", *defaults}:
            environment = typed.get("environment", "")
            form.initial["base_url"] = _default_url(form.bureau, environment)
        return form

    def _chosen_provider(self, data: Any, given: dict[str, Any]) -> Provider | None:
        if self.integration:
            slug = self.integration.provider
        elif data is not None:
            slug = data.get("provider", "")
        else:
            slug = given.get("provider") or self._only_provider()
        return next((p for p in self.providers if p.slug == slug), None)

    def _only_provider(self) -> str:
        return self.providers[0].slug if len(self.providers) == 1 else ""

    def _initial(self, given: dict[str, Any]) -> dict[str, Any]:
        row = self.integration
        if row is None:
            environment = given.get("environment", Environment.PRODUCTION)
            return {
                "provider": self._only_provider(),
                "base_url": _default_url(self.bureau, environment) if self.bureau else "",
                "calls_per_second": _usual_limit(self.bureau),
            }
        initial: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
        initial |= {"provider": row.provider, "branch": row.branch_id}
        initial["automatic"] = "sim" if row.automatic else "nao"
        initial["client_id"], self.kept = "", {}
        with contextlib.suppress(VaultError):
            initial["client_id"] = row.unseal("client_id")
            self.kept = row.provider_settings()
        return initial | self.kept

    def _add_declared(self, declared: FormField) -> None:
        """One line that the bureau declares."""
        name = declared.name
        if name in self.fields:
            return
        kept = bool(declared.secret and self.integration and self._is_kept(name))
        attrs: dict[str, str] = {"autocomplete": "off", "spellcheck": "false"}
        widget: django_forms.Widget = django_forms.TextInput(attrs=attrs)
        help_text, required = declared.help, declared.required and not kept
        if declared.secret:
            attrs |= {
                "autocomplete": "new-password",
                "placeholder": "definido" if kept else "não definido",
            }
            widget = django_forms.PasswordInput(attrs=attrs)
            self.initial.pop(name, None)
            if kept:
                help_text = f"Definido. Deixe vazio para manter. {help_text}"
        if name == "base_url":
            attrs |= {"inputmode": "url", "placeholder": "https://"}
            widget = django_forms.TextInput(attrs=attrs)
            if self.bureau and any(self.bureau.default_base_url.values()):
                required = False
                help_text = f"{help_text} Vazio, vale o endereço padrão do ambiente.".strip()
        self.fields[name] = django_forms.CharField(
            label=declared.label,
            help_text=help_text,
            required=required,
            max_length=200 if name == "base_url" else 500,
            widget=widget,
            error_messages={"required": "Preencha este campo."},
        )
        self.provider_fields.append(name)

    def _is_kept(self, name: str) -> bool:
        if name in SECRETS:
            return bool(getattr(self.integration, f"{name}_sealed"))
        return bool(self.kept.get(name))

    def _add_codes(self) -> None:
        """The three defaults, chosen among what the bureau listed at the last synchronisation."""
        codes = reason_codes_of(self.integration) if self.integration else []
        for name, (label, kind, person) in DEFAULT_CODES.items():
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
            synced = self.integration and self.integration.codes_synced_at
            if synced and current and current not in {code.code for code in usable}:
                field = self.fields[name]
                field.field_class = "flagged"  # type: ignore[attr-defined]
                field.help_text = (
                    f"Atenção: o birô não oferece mais o código {current}. Até escolher outro, "
                    "nada é incluído nem removido automaticamente."
                )

    @property
    def address_field(self) -> Any:
        return self["base_url"] if "base_url" in self.fields else None

    @property
    def connection_fields(self) -> list[Any]:
        """What the bureau asks, but its address."""
        return [self[name] for name in self.provider_fields if name != "base_url"]

    @property
    def lost(self) -> dict[str, str]:
        """The saved defaults that the bureau no longer offers."""
        return lost_codes(self.integration) if self.integration else {}

    @property
    def code_fields(self) -> list[Any]:
        return [self[name] for name in DEFAULT_CODES]

    def clean_calls_per_second(self) -> int:
        return self.cleaned_data["calls_per_second"] or _usual_limit(self.bureau)

    def save(self) -> Integration | None:
        """Carry it out; on refusal show the service's sentences and return None."""
        data = self.cleaned_data
        values = {name: data[name] for name in (*PLAIN, *self.provider_fields) if name in data}
        if self.integration and values.get("client_id") == self.initial["client_id"]:
            values.pop("client_id", None)  # shown and sent back as it was
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


def _usual_limit(provider: Provider | None) -> int:
    return (provider.capabilities if provider else Capabilities()).calls_per_second


def _default_url(provider: Provider, environment: str) -> str:
    return dict(provider.default_base_url).get(environment, "")  # type: ignore[call-overload]


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


class ReasonsForm(forms.Form):
    """Tab *Motivos*: what each of the bureau's removal codes means to us."""

    def __init__(
        self, *args: Any, codes: Iterable[ReasonCode], manages: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.codes = list(codes)
        for code in self.codes:
            self.fields[_name(code)] = django_forms.ChoiceField(
                label=f"Motivo do código {code.code}",
                required=False,
                disabled=not manages,
                initial=code.reason,
                choices=[("", "Nenhum"), *Reason.choices],
                error_messages={"invalid_choice": "Escolha um motivo da lista."},
            )

    @property
    def lines(self) -> list[tuple[ReasonCode, Any]]:
        return [(code, self[_name(code)]) for code in self.codes]

    @property
    def reasons(self) -> dict[str, str]:
        """The bureau's code → our reason, of what was sent."""
        return {
            code.code: self.cleaned_data[_name(code)]
            for code in self.codes
            if _name(code) in self.data
        }


def _name(code: ReasonCode) -> str:
    return f"motivo-{code.pk}"


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
