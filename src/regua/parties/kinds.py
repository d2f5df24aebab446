"""What differs between leads and prospects, and what the pages say of where they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.panels import (
    Action,
    Fact,
    PartyPanels,
    customer_panels,
    lead_panels,
    prospect_panels,
)
from regua.parties.services import lead_convert, prospect_convert
from regua.web import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What differs between leads and prospects."""

    panels: PartyPanels
    model: type[Any]
    """``Lead`` or ``Prospect``."""
    convert: Callable[..., Prospect | Customer]
    noun: str
    one: str
    new: str
    becomes: str
    none: str
    purpose: str

    def url(self, name: str, *args: int) -> str:
        return reverse(f"{self.panels.kind}_{name}", args=args)


LEAD = Kind(
    panels=lead_panels,
    model=Lead,
    convert=lambda party, actor: lead_convert(lead=party, actor=actor),
    noun="leads",
    one="lead",
    new="Novo lead",
    becomes="prospecção",
    none="Nenhum lead ainda",
    purpose="Os leads são quem pode vir a ser cliente. Consulte o crédito antes de vender.",
)
PROSPECT = Kind(
    panels=prospect_panels,
    model=Prospect,
    convert=lambda party, actor: prospect_convert(prospect=party, actor=actor),
    noun="prospecções",
    one="prospecção",
    new="Nova prospecção",
    becomes="cliente",
    none="Nenhuma prospecção ainda",
    purpose="As prospecções estão perto de virar clientes. Consulte o crédito antes de fechar o "
    "contrato.",
)
KINDS = (LEAD, PROSPECT)


def register() -> None:
    for kind in KINDS:
        kind.panels.tab(f"{kind.panels.kind}_detail", "Dados", order=10)
        kind.panels.fact(_became, order=10)
        kind.panels.action(_converting(kind), order=20)
    prospect_panels.fact(partial(_came_from, "leads"), order=40)
    customer_panels.fact(partial(_came_from, "prospects"), order=40)


def _converting(kind: Kind) -> Callable[[Any, User], Action | None]:
    def action(party: Lead | Prospect, actor: User) -> Action | None:
        if party.converted_at or not actor.can(Permission.EDIT_POTENTIALS):
            return None
        return Action(
            label=f"Converter em {kind.becomes}",
            url=kind.url("convert", party.pk),
            icon="arrow-right",
            primary=True,
        )

    return action


def _became(party: Lead | Prospect, _actor: User) -> Fact | None:
    became = party.became
    if became is None:
        return None
    what = "cliente" if isinstance(became, Customer) else "prospecção"
    return Fact(
        label=f"Convertido em {what}",
        value=became.name,
        hint=f"em {formats.day(party.converted_at)}",
        icon="arrow-right",
        tone="done",
        url=reverse(f"{became._meta.model_name}_detail", args=[became.pk]),
    )


def _came_from(origins: str, party: Prospect | Customer, _actor: User) -> Fact | None:
    """``origins`` names the relation: ``leads`` or ``prospects``."""
    first = getattr(party, origins).order_by("pk").first()
    if first is None:
        return None
    what = "Veio do lead" if origins == "leads" else "Veio da prospecção"
    return Fact(
        label=what,
        value=first.name,
        hint=f"em {formats.day(first.converted_at)}",
        icon="user-plus",
        url=reverse(f"{first._meta.model_name}_detail", args=[first.pk]),
    )
