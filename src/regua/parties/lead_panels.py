"""What other apps add to the lists of leads and prospects (see ``panels`` for customers)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from regua.accounts.models import User
from regua.parties.panels import Column
from regua.web.obstacle import Obstacle


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """A button on each row; ``url_name`` takes the party's pk."""

    url_name: str
    label: str
    icon: str = ""
    permission: str = ""
    obstacle: Callable[[User], Obstacle | None] | None = None
    """Why nobody can do it now, whatever the row; it is then shown disabled."""


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
