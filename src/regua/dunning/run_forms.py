"""What people choose about runs: the branches to simulate, the lines and held debts to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms as django_forms

from regua.dunning.models import DunningStep
from regua.dunning.recovery import WINDOWS
from regua.organization.models import Branch
from regua.parties.forms import BranchChoiceField
from regua.web import forms

LONGEST = 366
"""Days in a period of recovery figures."""


class SimulateForm(forms.Form):
    """Which branches to simulate, one run each."""

    filiais = django_forms.MultipleChoiceField(
        label="Filiais",
        widget=django_forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Marque ao menos uma filial.",
            "invalid_choice": "Escolha entre as filiais da lista.",
        },
    )

    def __init__(self, *args: Any, branches: Iterable[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["filiais"].choices = [  # type: ignore[attr-defined]
            (str(branch.pk), branch.name) for branch in branches
        ]


class _Filter(forms.Form):
    """What cannot be read is ignored, not refused."""

    def chosen(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def narrowed(self) -> bool:
        return any(self.chosen(name) for name in self.fields)


class ItemFilter(_Filter):
    """Which lines of a run."""

    passo = django_forms.ChoiceField(label="Passo", required=False)

    def __init__(self, *args: Any, steps: Iterable[DunningStep], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passo"].choices = [  # type: ignore[attr-defined]
            ("", "Todos"),
            *((str(step.pk), step.name) for step in steps),
        ]


class HoldFilter(_Filter):
    """Which held debts."""

    motivo = django_forms.ChoiceField(label="Motivo", required=False)

    def __init__(
        self,
        *args: Any,
        reasons: Iterable[tuple[str, str]],
        branches: Iterable[Branch] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["motivo"].choices = [("", "Todos"), *reasons]  # type: ignore[attr-defined]
        branches = list(branches)
        if len(branches) > 1:
            self.fields["filial"] = BranchChoiceField(branches)


class RecoveryFilter(forms.Form):
    """The steps that were taken from ``de`` to ``ate``, and how long a payment counts as theirs.

    What is left empty is as usual: the last thirty days.
    """

    de = forms.DateField(label="Passos dados de", required=False)
    ate = forms.DateField(label="Até", required=False)
    prazo = django_forms.TypedChoiceField(
        label="Pago em até",
        required=False,
        coerce=int,
        choices=[(days, f"{days} dias") for days in WINDOWS],
        error_messages={"invalid_choice": "Escolha um dos prazos da lista."},
    )

    def __init__(
        self, *args: Any, branches: Iterable[Branch] = (), today: date, **kwargs: Any
    ) -> None:
        usual = {"de": today - timedelta(days=30), "ate": today, "prazo": WINDOWS[1]}
        super().__init__(*args, initial=usual, **kwargs)
        for name in ("de", "ate", "prazo"):
            self.fields[name].field_class = "short"  # type: ignore[attr-defined]
        branches = list(branches)
        if len(branches) > 1:
            self.fields["filial"] = BranchChoiceField(branches)

    def clean(self) -> dict[str, Any]:
        for name, usual in self.initial.items():
            if name not in self.errors and self.cleaned_data.get(name) in (None, ""):
                self.cleaned_data[name] = usual
        since, until = self.cleaned_data.get("de"), self.cleaned_data.get("ate")
        for name in ("de", "ate"):
            day = self.cleaned_data.get(name)
            if day and not 2000 <= day.year <= 2100:
                self.add_error(name, "Confira o ano.")
        if since and until and since > until:
            self.add_error("ate", "Vem antes da data inicial.")
        elif since and until and (until - since).days > LONGEST:
            self.add_error("ate", "Escolha um período de até um ano.")
        return self.cleaned_data
