"""What people type and send about evidence, overrides and notice terms."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from regua.compliance.files import MAX_BYTES
from regua.compliance.models import EvidenceKind, NoticeTerm
from regua.compliance.services import REASON_LENGTH
from regua.parties.models import STATES, Customer
from regua.receivables.models import Contract, Receivable
from regua.receivables.selectors import OWED
from regua.web import formats, forms

_ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.eml,.txt,application/pdf,image/png,image/jpeg,image/webp"


class EvidenceForm(forms.Form):
    """A file, what it proves, of what, and when that happened."""

    kind = django_forms.ChoiceField(
        label="O que prova",
        choices=[("", "Escolha"), *EvidenceKind.choices],
    )
    subject = django_forms.ChoiceField(
        label="De que é",
        help_text="O documento de um contrato vale para todos os títulos dele.",
        error_messages={"invalid_choice": "Escolha um dos itens da lista."},
    )
    dated_on = forms.DateField(
        label="Data do fato",
        required=False,
        help_text="O dia em que o cliente recebeu o aviso, ou em que o contrato foi rescindido. "
        "Obrigatória nestes dois casos.",
    )
    file = django_forms.FileField(
        label="Arquivo",
        allow_empty_file=True,
        help_text="PDF, PNG, JPEG, WebP, e-mail (.eml) ou texto, com até 10 MB.",
        widget=django_forms.FileInput(attrs={"accept": _ACCEPT}),
        error_messages={
            "required": "Escolha o arquivo.",
            "invalid": "Escolha o arquivo.",
            "max_length": "O nome do arquivo é longo demais. Encurte-o e envie de novo.",
        },
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._contracts = {
            f"contrato-{c.pk}": c for c in Contract.objects.filter(customer=customer).order_by("pk")
        }
        # A debt that is paid may still be proved: the ones owed come first, the rest after them.
        debts = Receivable.objects.filter(customer=customer).select_related("contract")
        debts = debts.order_by("-due_date", "-pk")
        self._debts = {
            f"titulo-{debt.pk}": debt
            for debt in sorted(debts[:500], key=lambda debt: debt.status not in OWED)
        }
        self.fields["subject"].choices = [  # type: ignore[attr-defined]
            ("", "Escolha"),
            ("cliente", "Do cliente em geral"),
            *((key, f"Contrato {contract.number}") for key, contract in self._contracts.items()),
            *((key, _named(debt)) for key, debt in self._debts.items()),
        ]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:  # before it is read into memory
            raise django_forms.ValidationError(
                "O arquivo passa de 10 MB. Reduza-o ou envie só as páginas que provam."
            )
        return file

    @property
    def given(self) -> dict[str, Any]:
        """What ``evidence_add`` takes, of a valid form."""
        subject = self.cleaned_data["subject"]
        file = self.cleaned_data["file"]
        return {
            "kind": EvidenceKind(self.cleaned_data["kind"]),
            "contract": self._contracts.get(subject),
            "receivable": self._debts.get(subject),
            "dated_on": self.cleaned_data["dated_on"],
            "data": file.read(),
            "filename": file.name,
        }


def _named(debt: Receivable) -> str:
    return (
        f"Título {debt.number}, vencido em {formats.day(debt.due_date)}, {formats.brl(debt.amount)}"
    )


class OverrideForm(forms.Form):
    """Why to go on in spite of a rule."""

    reason = django_forms.CharField(
        label="Por que liberar",
        max_length=2000,
        widget=django_forms.Textarea(attrs={"rows": 4}),
        help_text=f"Pelo menos {REASON_LENGTH} letras. Fica guardado com o seu nome e aparece "
        "sempre que alguém conferir este título.",
    )


class NoticeTermForm(forms.Form):
    """A state's own term."""

    state = django_forms.ChoiceField(label="UF", choices=[("", "Escolha"), *STATES])
    days = django_forms.IntegerField(
        label="Prazo",
        min_value=1,
        max_value=120,
        error_messages={
            "invalid": "Escreva um número inteiro de dias.",
            "min_value": "Escreva pelo menos 1 dia.",
            "max_value": "Escreva no máximo 120 dias.",
        },
    )
    source = django_forms.CharField(
        label="Fonte",
        max_length=NoticeTerm._meta.get_field("source").max_length,
        help_text="A lei do estado ou o que o birô informou, como “Lei 10.260/2015 (MT)”.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = self.fields["days"]
        days.field_class = "short"  # type: ignore[attr-defined]
        days.addon_after = "dias"  # type: ignore[attr-defined]
        days.widget.attrs["inputmode"] = "numeric"
