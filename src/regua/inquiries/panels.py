"""What inquiries add to the pages of customers, leads and prospects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.html import format_html

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.reading import score_tone
from regua.inquiries.selectors import counts_by, customer_inquiries, last_answer
from regua.integrations.switch import switched_off
from regua.parties.lead_panels import RowAction, lead_panels, prospect_panels
from regua.parties.models import Customer
from regua.parties.panels import Action, Column, Fact, customer_panels
from regua.web import formats
from regua.web.status import Tone


def register() -> None:
    customer_panels.tab(
        "customer_inquiries",
        "Consultas",
        permission=Permission.VIEW_INQUIRIES,
        count=_count,
        order=30,
    )
    customer_panels.fact(_last_inquiry, order=30)
    customer_panels.action(_ask, order=10)
    for panels, field, ask in (
        (lead_panels, "lead", "lead_ask"),
        (prospect_panels, "prospect", "prospect_ask"),
    ):
        panels.column(
            Column(
                label="Consultas",
                values=partial(_links, field),
                permission=Permission.VIEW_INQUIRIES,
                kind="number",
                order=30,
            )
        )
        panels.action(
            RowAction(
                url_name=ask,
                label="Consultar análise de crédito",
                icon="file-search",
                permission=Permission.REQUEST_INQUIRY,
                obstacle=switched_off,
            )
        )


def _links(field: str, ids: Sequence[int], actor: User) -> dict[int, Any]:
    """Party → how many inquiries, linking to them."""
    address = reverse("inquiry_list")
    return {
        pk: format_html('<a href="{}?{}={}">{}</a>', address, field, pk, count)
        for pk, count in counts_by(f"{field}_id", ids, actor=actor).items()
    }


def _count(customer: Customer, actor: User) -> int:
    return customer_inquiries(customer, actor=actor).count()


def _last_inquiry(customer: Customer, actor: User) -> Fact | None:
    if not actor.can(Permission.VIEW_INQUIRIES):
        return None
    last = last_answer(customer, actor=actor)
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


def _ask(customer: Customer, actor: User) -> Action | None:
    if not actor.can(Permission.REQUEST_INQUIRY):
        return None
    off = switched_off(actor)
    return Action(
        label="Consultar análise de crédito",
        url=reverse("customer_ask", args=[customer.pk]),
        icon="file-search",
        reason=off.reason if off else "",
        reason_url=off.url if off else "",
    )
