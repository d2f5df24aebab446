"""What runs add to the pages of others."""

from __future__ import annotations

from regua.dunning import places
from regua.dunning.run_selectors import runs_waiting
from regua.receivables.panels import receivable_panels
from regua.web import navigation


def register() -> None:
    navigation.COUNTS["dunning_run_list"] = runs_waiting
    receivable_panels.notes(places.notes)
