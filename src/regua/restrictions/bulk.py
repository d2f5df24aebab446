"""Many listings asked off at once: chosen in a list, looked at once more, then asked one by one.

A page that lists restrictions posts the chosen ``pk`` and a ``reason`` here; each one's fate is
told by name. Rows that cannot be asked off are shown with why, never silently left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.restrictions import selectors
from regua.restrictions.choices import RemovalReason
from regua.restrictions.models import Restriction
from regua.restrictions.services import removal_request
from regua.web import formats

AT_ONCE = 200
"""The most listings that one click may ask for."""
AS_THE_DEBT_STANDS = ""
"""Instead of one reason for all: paid, cancelled or renegotiated, as each debt tells."""


@dataclass(slots=True)
class Plan:
    """What would be asked off, with which reason and code, and what would not and why."""

    ready: list[tuple[Restriction, RemovalReason, str]] = field(default_factory=list)
    """Listing, reason, the bureau's code."""
    refused: list[tuple[Restriction, str]] = field(default_factory=list)


def reason_choices() -> list[tuple[str, str]]:
    """For the bar of a list: a reason for all, or each debt's own."""
    return [
        (AS_THE_DEBT_STANDS, "Conforme cada título"),
        *((str(reason.value), reason.label) for reason in RemovalReason),
    ]


def chosen(
    request: Request, found: QuerySet[Restriction], keys: Sequence[int] | None = None
) -> list[Restriction]:
    """The rows of ``found`` whose boxes were ticked, or those of ``keys``; at most ``AT_ONCE``."""
    if keys is None:
        keys = [int(k) for k in request.POST.getlist("pk") if re.fullmatch(r"[0-9]{1,18}", k)]
    return list(found.filter(pk__in=keys[:AT_ONCE]).order_by("pk"))


def as_the_debt_stands(row: Restriction) -> str:
    return selectors.likely_reason(row.receivable)


def plan(
    rows: list[Restriction],
    reason: str,
    likely: Callable[[Restriction], str] = as_the_debt_stands,
) -> Plan:
    """Sort ``rows`` by whether they can be asked off for ``reason`` (each debt's own if empty)."""
    made = Plan()
    codes = {
        row.integration_id: row.integration for row in rows
    }  # one look-up per integration, not per row
    tables = {pk: selectors.removal_codes(integration) for pk, integration in codes.items()}
    for row in rows:
        why = reason or likely(row)
        code = tables[row.integration_id].get(why)
        if obstacle := selectors.why_no_removal(row):
            made.refused.append((row, obstacle))
        elif not why:
            made.refused.append((row, "O título ainda está em aberto: escolha o motivo da baixa."))
        elif code is None:
            label = RemovalReason(why).label.lower()
            made.refused.append((row, f"O birô não tem código de baixa para este motivo: {label}."))
        else:
            made.ready.append((row, RemovalReason(why), code.code))
    return made


def ask_off(
    request: Request,
    found: QuerySet[Restriction],
    *,
    here: str,
    place: tuple[str, str],
    likely: Callable[[Restriction], str] = as_the_debt_stands,
    keys: Sequence[int] | None = None,
) -> HttpResponse:
    """Answer a list's POST: first the preview, and once that is confirmed, the asking.

    ``here`` is where to go back to; ``place`` the list's name and address for the breadcrumbs;
    ``likely`` each listing's own reason, where none is chosen for all; ``keys`` the listings, where
    the page chooses them itself.
    """
    require(request.user, Permission.REQUEST_REMOVAL)
    rows = chosen(request, found, keys)
    if not rows:
        messages.warning(request, "Nada foi pedido: marque ao menos uma negativação da lista.")
        return redirect(here)
    reason = request.POST.get("reason", AS_THE_DEBT_STANDS)
    if reason and reason not in RemovalReason.values:
        messages.warning(request, "Nada foi pedido: escolha o motivo da baixa.")
        return redirect(here)
    made = plan(rows, reason, likely)
    if request.POST.get("confirmado") != "sim" or not made.ready:
        context = {**_preview(made, reason), "cancel_url": here, "place": place}
        return render(request, "restrictions/bulk_removal.html", context)
    for row, why in made.refused:
        messages.warning(request, f"{name(row)}: {why}")
    done = 0
    for row, why, _ in made.ready:
        try:
            removal_request(restriction=row, actor=request.user, reason=why)
            done += 1
        except (ValidationError, PermissionDenied) as error:
            said = " ".join(error.messages if isinstance(error, ValidationError) else [str(error)])
            messages.error(request, f"{name(row)}: {said}")
    if done:
        messages.success(request, f"Baixa pedida para {listings(done)}.")
    return redirect(here)


def name(row: Restriction) -> str:
    return f"Negativação nº {row.pk}, {row.customer.name}"


def _preview(made: Plan, reason: str) -> dict[str, Any]:
    count = len(made.ready)
    rows = [row for row, _, _ in made.ready]
    reasons = Counter((why.label, code) for _, why, code in made.ready)
    facts = [
        ("Negativações", formats.number(count)),
        ("Valor negativado", formats.brl(sum(row.amount for row in rows))),
        (
            "Motivo e código que vai ao birô",
            "; ".join(f"{label} (código {code}): {n}" for (label, code), n in reasons.items()),
        ),
    ]
    owed = sum(row.receivable.is_owed for row in rows)
    return {
        "plan": made,
        "reason": reason,
        "heading": f"Pedir a baixa de {listings(count)}?"
        if count
        else "Nenhuma destas negativações pode ser baixada agora",
        "question": _question(made),
        "facts": facts if count else [],
        "owed": _still_owed(owed),
        "confirm_label": f"Pedir a baixa de {listings(count)}",
        "tone": "primary",
    }


def _question(made: Plan) -> str:
    if not made.ready:
        return "O motivo está ao lado de cada uma. Nada foi pedido."
    if len(made.ready) == 1:
        return "O birô vai tirar esta dívida do nome do cliente."
    people = {row.customer_id for row, _, _ in made.ready}
    whose = "do nome do cliente" if len(people) == 1 else "do nome dos clientes"
    return f"O birô vai tirar estas dívidas {whose}."


def _still_owed(number: int) -> str:
    if not number:
        return ""
    title = "1 título ainda está" if number == 1 else f"{number} títulos ainda estão"
    return f"{title} em aberto. A baixa só tira a negativação; a dívida continua."


def listings(number: int) -> str:
    return "1 negativação" if number == 1 else f"{formats.number(number)} negativações"
