"""What other apps add to the lists of leads and prospects (see ``panels`` for customers)."""

from __future__ import annotations

from dataclasses import dataclass, field

from regua.parties.panels import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """A button on each row; ``url_name`` takes the party's pk."""

    url_name: str
    label: str
    icon: str = ""
    permission: str = ""


@dataclass(slots=True)
class PotentialPanels:
    columns: list[Column] = field(default_factory=list)
    actions: list[RowAction] = field(default_factory=list)

    def column(self, column: Column) -> None:
        self.columns.append(column)
        self.columns.sort(key=lambda column: column.order)

    def action(self, action: RowAction) -> None:
        self.actions.append(action)


lead_panels = PotentialPanels()
prospect_panels = PotentialPanels()
