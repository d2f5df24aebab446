"""What inquiries add to the pages of customers, leads and prospects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.html import format_html

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.reading import score_tone
from regua.inquiries.selectors import counts_of, inquiries_of, inquiries_visible, last_answer
from regua.integrations import subjects
from regua.integrations.switch import switched_off
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.panels import (
    Action,
    Column,
    Fact,
    PartyPanels,
    RowAction,
    customer_panels,
    lead_panels,
    prospect_panels,
)
from regua.web import formats
from regua.web.status import Tone


def register() -> None:
    subjects.register("inquiry", "Consulta", _called_for)
    for panels in (customer_panels, lead_panels, prospect_panels):
        panels.tab(
            f"{panels.kind}_inquiries",
            "Consultas de análise de crédito",
            permission=Permission.VIEW_INQUIRIES,
            count=_count,
            order=30,
        )
        panels.fact(_last_inquiry, order=30)
        panels.action(partial(_ask, panels), order=10)
        panels.row_action(
            RowAction(
                url_name=f"{panels.kind}_ask",
                label="Consultar análise de crédito",
                icon="file-search",
                permission=Permission.REQUEST_INQUIRY,
                obstacle=switched_off,
            )
        )
    for panels, model in ((lead_panels, Lead), (prospect_panels, Prospect)):
        panels.column(
            Column(
                label="Consultas",
                values=partial(_links, panels, model),
                permission=Permission.VIEW_INQUIRIES,
                kind="number",
                order=30,
            )
        )


def _links(
    panels: PartyPanels, model: type[Lead | Prospect], ids: Sequence[int], actor: User
) -> dict[int, Any]:
    """Party → how many inquiries, linking to them."""
    return {
        pk: format_html(
            '<a href="{}">{}</a>', reverse(f"{panels.kind}_inquiries", args=[pk]), count
        )
        for pk, count in counts_of(model, ids, actor=actor).items()
    }


def _called_for(ids: Collection[int], actor: User) -> dict[int, subjects.Subject]:
    rows = inquiries_visible(actor).filter(pk__in=ids)
    return {
        pk: subjects.Subject(
            f"Consulta nº {pk}", reverse("inquiry_detail", args=[pk]), next(filter(None, names), "")
        )
        for pk, *names in rows.values_list("pk", "customer__name", "lead__name", "prospect__name")
    }


def _count(party: Customer | Lead | Prospect, actor: User) -> int:
    return inquiries_of(party, actor=actor).count()


def _last_inquiry(party: Customer | Lead | Prospect, actor: User) -> Fact | None:
    if not actor.can(Permission.VIEW_INQUIRIES):
        return None
    last = last_answer(party, actor=actor)
    if last is None:
        return Fact(label="Última consulta", value="—", hint="Nunca consultado", icon="file-search")
    tone = score_tone(last.score, last.band)
    band = f", faixa {last.band}" if last.band else ""
    return Fact(
        label="Última consulta",
        value=str(last.score) if last.score is not None else "Sem score",
        hint=f"{formats.ago(last.answered_at)}{band}, por {last.requested_by.name}",
        icon="file-search",
        tone="" if tone == Tone.QUEUED else tone,
        url=reverse("inquiry_detail", args=[last.pk]),
    )


def _ask(panels: PartyPanels, party: Customer | Lead | Prospect, actor: User) -> Action | None:
    if not actor.can(Permission.REQUEST_INQUIRY):
        return None
    off = switched_off(actor)
    return Action(
        label="Consultar análise de crédito",
        url=reverse(f"{panels.kind}_ask", args=[party.pk]),
        icon="file-search",
        reason=off.reason if off else "",
        reason_url=off.url if off else "",
    )
