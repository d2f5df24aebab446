"""The form of *Sistema de gestão*: the branch, the address, and what the connector asks."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.selectors import branches_visible
from regua.connectors.contract import Connector
from regua.imports.connection_models import Connection
from regua.imports.connection_services import connection_create, connection_update
from regua.integrations.vault import VaultError
from regua.organization.models import Branch
from regua.web import forms
from regua.web.forms import add_errors


class ConnectionForm(forms.Form):
    branch = django_forms.ModelChoiceField(
        label="Filial",
        queryset=Branch.objects.none(),
        empty_label="Escolha a filial",
        help_text="Os clientes e títulos lidos entram nesta filial.",
        error_messages={"invalid_choice": "Escolha uma filial da lista."},
    )
    base_url = django_forms.CharField(
        label="Endereço do sistema",
        max_length=200,
        widget=django_forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    active = django_forms.TypedChoiceField(
        label="Ler sozinho",
        choices=[("sim", "Sim"), ("nao", "Não")],
        coerce=lambda value: value == "sim",
        widget=django_forms.RadioSelect,
        initial="sim",
        help_text="Com Sim, o que mudou lá é lido a cada 15 minutos.",
    )

    def __init__(
        self,
        *args: Any,
        actor: User,
        connector: Connector,
        connection: Connection | None = None,
        **kwargs: Any,
    ) -> None:
        self.actor, self.connector, self.connection = actor, connector, connection
        kept: dict[str, str] = {}
        if connection:
            try:
                kept = connection.unseal()
            except VaultError:  # asked anew
                kept = {}
            plain = {f.name: kept.get(f.name, "") for f in connector.form_fields if not f.secret}
            kwargs["initial"] = {
                "branch": connection.branch_id,
                "base_url": connection.base_url,
                "active": "sim" if connection.active else "nao",
                **plain,
            }
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = branches_visible(actor)  # type: ignore[attr-defined]
        self.fields["base_url"].help_text = connector.address_help
        for declared in connector.form_fields:
            stays = declared.secret and bool(kept.get(declared.name))
            self.fields[declared.name] = django_forms.CharField(
                label=declared.label,
                help_text="Já está gravado. Deixe vazio para manter." if stays else declared.help,
                max_length=500,
                required=declared.required and not stays,
                widget=django_forms.PasswordInput(attrs={"autocomplete": "new-password"})
                if declared.secret
                else django_forms.TextInput(attrs={"autocomplete": "off"}),
            )
        self.order_fields(["branch", "base_url", *self._declared, "active"])
        if connection:
            self.fields["branch"].disabled = True
        if not actor.can(Permission.MANAGE_INTEGRATIONS):
            for field in self.fields.values():
                field.disabled = True

    @property
    def _declared(self) -> list[str]:
        return [field.name for field in self.connector.form_fields]

    def save(self) -> Connection | None:
        """The saved connection; None where the service refused, with the errors on the form."""
        typed = self.cleaned_data
        common = {
            "actor": self.actor,
            "base_url": typed["base_url"],
            "values": {name: typed.get(name, "") for name in self._declared},
            "active": typed["active"],
        }
        try:
            if self.connection:
                return connection_update(connection=self.connection, **common)
            return connection_create(
                branch=typed["branch"], connector=self.connector.slug, **common
            )
        except ValidationError as error:
            add_errors(self, error)
            return None
