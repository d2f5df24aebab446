"""Asking about a document."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms as django_forms
from django.core.exceptions import ValidationError

from regua.inquiries.services import PURPOSE
from regua.organization.models import Branch
from regua.web import forms


class InquiryForm(forms.Form):
    """CPF/CNPJ, branch where it is not known yet, product and purpose."""

    key = django_forms.UUIDField(required=False, widget=django_forms.HiddenInput)
    branch = django_forms.ModelChoiceField(
        label="Filial",
        queryset=Branch.objects.none(),
        empty_label="Escolha a filial",
        error_messages={"invalid_choice": "Escolha uma filial da lista."},
    )
    document = forms.DocumentField(
        label="CPF ou CNPJ", help_text="Com ou sem pontuação. O CNPJ novo pode ter letras."
    )
    product_code = django_forms.CharField(
        label="Produto", required=False, max_length=30, widget=django_forms.RadioSelect
    )
    purpose = django_forms.CharField(
        label="Finalidade",
        max_length=120,
        initial=PURPOSE,
        help_text="Fica registrada com a consulta (LGPD, art. 7º, X).",
    )

    def __init__(
        self,
        *args: Any,
        branches: list[Branch],
        branch: Branch | None,
        document: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.known_branch = branch
        """The branch where it is known without asking."""
        self.known_document = document
        """The document where it is known without asking."""
        self.initial.setdefault("key", uuid4())
        if branch:
            del self.fields["branch"]
        else:
            self.fields["branch"].queryset = Branch.objects.filter(  # type: ignore[attr-defined]
                pk__in=[b.pk for b in branches]
            )
        if document:
            del self.fields["document"]

    @property
    def branch_field(self) -> bool:
        return "branch" in self.fields

    @property
    def document_field(self) -> bool:
        return "document" in self.fields

    @property
    def chosen_branch(self) -> Branch | None:
        """What the page is about now, before anything is sent: chosen, typed or preset."""
        if self.known_branch:
            return self.known_branch
        raw = self["branch"].value()
        try:
            found: Branch | None = self.fields["branch"].clean(raw) if raw else None
        except ValidationError:
            return None
        return found

    @property
    def chosen_document(self) -> str:
        """The valid document typed so far, or ''."""
        if self.known_document:
            return self.known_document
        try:
            typed: str = self.fields["document"].clean(self["document"].value())
        except ValidationError:
            return ""
        return typed
