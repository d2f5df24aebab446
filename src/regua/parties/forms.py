"""What people type about a customer, and how they narrow the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms as django_forms

from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.parties.services import CUSTOMER_EDITABLE, EDITABLE
from regua.web import forms

ONLY_PEOPLE = ("sex", "birth_date")
"""Fields that a company does not have."""


class PartyForm(forms.ModelForm):
    """What customers, leads and prospects have in common; sex and birth date for people only."""

    birth_date = forms.DateField(label="Data de nascimento", required=False)
    mobile = forms.PhoneField(
        label="Telefone celular", required=False, help_text="Com DDD e nove números."
    )
    postal_code = forms.CepField(label="CEP", required=False)

    class Meta:
        model = Customer
        fields: tuple[str, ...] = EDITABLE

    def __init__(self, *args: Any, notes: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.is_company:
            for name in ONLY_PEOPLE:
                del self.fields[name]
        for name, note in (notes or {}).items():
            if name in self.fields:
                self.fields[name].help_text = note
        for name, none in (("sex", "Não informado"), ("state", "Escolha")):
            if name in self.fields:
                self.fields[name].choices = [  # type: ignore[attr-defined]
                    ("", none),
                    *self.fields[name].choices[1:],  # type: ignore[attr-defined]
                ]


class CustomerForm(PartyForm):
    """Every field that may be changed."""

    dunned = django_forms.TypedChoiceField(
        label="Considera na cobrança automatizada",
        choices=[(True, "Sim"), (False, "Não")],
        coerce=lambda value: value == "True",
        widget=django_forms.RadioSelect,
        help_text="Com Não, a régua não faz nada sozinha com as dívidas deste cliente: nem "
        "mensagens, nem negativação.",
    )

    class Meta(PartyForm.Meta):
        fields = CUSTOMER_EDITABLE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "group" in self.fields:
            self.fields["group"].empty_label = "Nenhum"  # type: ignore[attr-defined]


class PotentialForm(PartyForm):
    """A lead or a prospect: the document too, which may come later; and the branch of a new one."""

    document = forms.DocumentField(
        label="CPF ou CNPJ", required=False, help_text="Pode ficar para depois."
    )

    def __init__(self, *args: Any, branches: Iterable[Branch] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.document:  # never shown whole here: that is `document_reveal`
            self.fields[
                "document"
            ].help_text = f"Hoje é {self.instance.masked_document}. Deixe em branco para não mudar."
        if branches := list(branches):
            self.fields["branch"] = django_forms.ModelChoiceField(
                label="Filial",
                queryset=Branch.objects.filter(pk__in=[b.pk for b in branches]),
                empty_label="Escolha a filial",
                error_messages={"invalid_choice": "Escolha uma filial da lista."},
            )

    def clean_document(self) -> str:
        return str(self.cleaned_data["document"] or self.instance.document)

    def clean(self) -> dict[str, Any]:
        """A company has neither sex nor birth date, whatever was typed."""
        cleaned = super().clean() or self.cleaned_data
        if len(cleaned.get("document", "")) == 14:
            cleaned |= {"sex": "", "birth_date": None}
        return cleaned


class PotentialFilter(forms.Form):
    """How the list of leads or prospects is narrowed."""

    q = django_forms.CharField(
        label="Nome, CPF ou CNPJ",
        required=False,
        max_length=120,
        widget=django_forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    situacao = django_forms.ChoiceField(
        label="Situação",
        required=False,
        choices=[("", "Em aberto"), ("convertidos", "Convertidos"), ("todos", "Todos")],
    )

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class BranchChoiceField(django_forms.ChoiceField):
    """One of the branches that the person sees, or all of them."""

    def __init__(self, branches: Iterable[Branch]) -> None:
        super().__init__(
            label="Filial",
            required=False,
            choices=[("", "Todas"), *((str(b.pk), b.name) for b in branches)],
        )


class CustomerFilter(forms.Form):
    """How the list is narrowed. What cannot be read is ignored, not refused."""

    q = django_forms.CharField(
        label="Nome, CPF ou CNPJ",
        required=False,
        max_length=120,
        widget=django_forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    ativo = django_forms.ChoiceField(
        label="Cadastro",
        required=False,
        choices=[("", "Ativos e inativos"), ("sim", "Só ativos"), ("nao", "Só inativos")],
    )

    def __init__(
        self,
        *args: Any,
        branches: Iterable[Branch] = (),
        situations: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        branches, situations = list(branches), list(situations)
        if len(branches) > 1:
            self.fields["filial"] = BranchChoiceField(branches)
        if situations:
            self.fields["situacao"] = django_forms.ChoiceField(
                label="Situação", required=False, choices=[("", "Todas"), *situations]
            )

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return any(self.chosen(name) for name in self.fields)
