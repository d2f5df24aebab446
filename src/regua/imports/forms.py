"""What people choose of an import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms as django_forms

from regua.imports.choices import Mode
from regua.imports.kinds import KINDS
from regua.imports.models import ImportBatch
from regua.organization.models import Branch
from regua.web import forms

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    """What is in the file, whose it is, and the file."""

    kind = django_forms.ChoiceField(
        label="O que o arquivo traz",
        choices=[("", "Escolha"), *((kind.slug, kind.label) for kind in KINDS)],
        error_messages={"invalid_choice": "Escolha um dos itens da lista."},
    )
    branch = django_forms.ChoiceField(
        label="Filial", error_messages={"invalid_choice": "Escolha uma filial da lista."}
    )
    file = django_forms.FileField(
        label="Arquivo",
        allow_empty_file=True,
        help_text="CSV de até 300 MB ou planilha XLSX de até 25 MB. A primeira linha traz os nomes "
        "das colunas.",
        widget=django_forms.FileInput(attrs={"accept": f".csv,.txt,.xlsx,text/csv,{_XLSX}"}),
        error_messages={
            "required": "Escolha o arquivo.",
            "invalid": "Escolha o arquivo.",
            "max_length": "O nome do arquivo é longo demais. Encurte-o e envie de novo.",
        },
    )

    def __init__(self, *args: Any, branches: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._branches = {str(branch.pk): branch for branch in branches}
        several = len(self._branches) > 1
        self.fields["branch"].choices = [  # type: ignore[attr-defined]
            *([("", "Escolha a filial")] if several else []),
            *((pk, branch.name) for pk, branch in self._branches.items()),
        ]

    @property
    def into(self) -> Branch:
        return self._branches[self.cleaned_data["branch"]]


class ColumnsForm(forms.Form):
    """Which field each column is, and what happens to lines with a problem."""

    mode = django_forms.ChoiceField(
        label="Linhas com problema", choices=Mode.choices, widget=django_forms.RadioSelect
    )

    def __init__(
        self, *args: Any, batch: ImportBatch, samples: Sequence[Sequence[str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._batch = batch
        self._samples = samples
        chosen = {place: name for name, place in batch.mapping.items()}
        fields = [("", "Não importar")] + [
            (field.name, f"{field.label}{' *' if field.required else ''}")
            for field in batch.what.fields
        ]
        self.fields["mode"].initial = batch.mode
        for place, header in enumerate(batch.columns):
            self.fields[f"c{place}"] = django_forms.ChoiceField(
                label=header or f"Coluna {place + 1}",
                required=False,
                choices=fields,
                initial=chosen.get(place, ""),
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The columns, each with its field and what its first lines say."""
        return [
            {
                "field": self[f"c{place}"],
                "samples": [row[place][:60] for row in self._samples if len(row) > place],
            }
            for place in range(len(self._batch.columns))
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        mapping: dict[str, int] = {}
        for place in range(len(self._batch.columns)):
            name = cleaned.get(f"c{place}")
            if not name:
                continue
            if name in mapping:
                first = self.fields[f"c{mapping[name]}"].label
                self.add_error(f"c{place}", f"A coluna {first} já é este campo. Escolha uma só.")
            mapping[name] = place
        cleaned["mapping"] = mapping
        return cleaned
