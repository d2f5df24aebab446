"""What a year's listings must show: off in time, explained, and the same at the bureau."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Max, Sum
from django.utils import timezone

from regua.receivables.models import Payment
from regua.restrictions.choices import FINAL, MOVES, Status
from regua.restrictions.models import RemovalDuty, Restriction, RestrictionEvent
from regua.restrictions.wording import standing
from tests.compliance.reference import plus_years
from tests.simulation.daily import look_at_what_came_off
from tests.simulation.findings import Findings, fifth_business_day

Ledgers = Mapping[int, list[Mapping[str, Any]]]
"""Integration → the bureau's lines."""
_OURS = {
    "RECEBIDA": Status.SENT,
    "COMUNICADO_ENVIADO": Status.NOTIFIED,
    "ATIVA": Status.ACTIVE,
    "BAIXA_RECEBIDA": Status.REMOVAL_SENT,
    "BAIXADA": Status.REMOVED,
    "REJEITADA": Status.REFUSED,
}


def look_at_the_year(found: Findings, theirs: Ledgers) -> None:
    rows = list(Restriction.objects.select_related("receivable", "integration").order_by("pk"))
    _check_duties(found)
    events: defaultdict[int, list[RestrictionEvent]] = defaultdict(list)
    for event in RestrictionEvent.objects.order_by("pk"):
        events[event.restriction_id].append(event)
    look_at_what_came_off(found)
    for row in rows:
        if gaps := _gaps(row, events[row.pk]):
            found.unexplained[row.pk] = f"{row} ({row.status}): {'; '.join(gaps)}"
    _check_live(rows, found)
    _check_ledgers(rows, theirs, found)


def _check_duties(found: Findings) -> None:
    settled = {
        pk: day
        for pk, amount, paid, day in Payment.objects.values_list("receivable", "receivable__amount")
        .annotate(paid=Sum("amount"), day=Max("available_on"))
        .order_by()
        if paid == amount
    }
    today = timezone.localdate()
    for duty in RemovalDuty.objects.select_related("restriction__receivable").order_by("pk"):
        row = duty.restriction
        if duty.cause == "five_years":
            last = plus_years(row.due_date, 5)
        else:
            last = fifth_business_day(duty.starts_on)
        off = row.removed_on or (timezone.localdate(duty.ended_at) if duty.ended_at else today)
        if duty.outcome == "late" or (duty.outcome != "void" and off > last):
            found.is_late(row.pk, f"({duty.cause}) came off on {off}, the last day was {last}")
        if duty.cause == "paid" and duty.outcome == "met":
            paid = settled.get(row.receivable_id)
            if paid and duty.starts_on > max(paid, timezone.localdate(row.requested_at)):
                found.is_late(row.pk, f"has a clock that began on {duty.starts_on}, paid {paid}")


def _gaps(row: Restriction, events: list[RestrictionEvent]) -> list[str]:
    """What of one listing nobody could explain to its debtor."""
    gaps = []
    if not row.gate:
        gaps.append("the gate's answer is not kept")
    gaps += [f"the gate kept {rule} {state}" for rule, state in row.gate or [] if state == "fail"]
    status = ""
    for event in events:
        if event.status_before != status or (
            status and event.status != status and event.status not in MOVES[Status(status)]
        ):
            gaps.append(f"its history is torn at “{event.text}”")
        if not event.text:
            gaps.append("something happened without a sentence")
        status = event.status
    if status != row.status:
        gaps.append(f"its history ends at {status}")
    if row.status == Status.REMOVED and not (
        row.removed_on and row.removal_code and row.removal_reason
    ):
        gaps.append(f"removed on {row.removed_on}, {row.removal_code}, {row.removal_reason}")
    if row.status == Status.REFUSED and not (row.problem and row.bureau_code):
        gaps.append("nobody knows why it was refused")
    if row.status == Status.CANCELLED and not (
        row.problem or events[-1].actor_id or "no lugar" in events[-1].text
    ):
        gaps.append("nobody knows who cancelled it or why")
    said = standing(row)
    if not (said.title and (said.text or row.status in FINAL)):
        gaps.append("no sentence about where it stands")
    return gaps


def _check_live(rows: list[Restriction], found: Findings) -> None:
    """What stands at the end is owed as it stands, or has a day until when it comes off."""
    due = set(RemovalDuty.objects.filter(ended_at=None).values_list("restriction_id", flat=True))
    for row in rows:
        debt = row.receivable
        right = debt.is_owed and not debt.renegotiated and debt.open_amount == row.principal
        if row.status not in (*FINAL, Status.DRAFT) and not right and row.pk not in due:
            found.is_late(row.pk, f"stands, its debt is {debt.status}, and no deadline runs")


def _check_ledgers(rows: list[Restriction], theirs: Ledgers, found: Findings) -> None:
    lines = {(pk, line["referencia"]): line for pk, its in theirs.items() for line in its}
    if len(lines) != sum(len(its) for its in theirs.values()):
        found.forbidden["twice"] = "the bureau has a listing twice"
    for row in rows:
        line = lines.pop((row.integration_id, str(row.idempotency_key)), None)
        if line is None:
            if row.sent_at is not None or row.protocol:
                found.unexplained.setdefault(
                    row.pk, f"{row} is {row.status}, and the bureau has nothing"
                )
            continue
        ours: tuple[object, ...] = (row.protocol, str(row.amount), str(row.due_date))
        ours += (row.bureau_version, (row.co_debtor or {}).get("document"))
        its = (line["protocolo"], line["valor"], line["vencimento"])
        its += (line["versao"], line["coobrigado"])
        codes = (row.removal_code or None, line["codigo_baixa"])
        queued = row.status in (Status.QUEUED, Status.REMOVAL_QUEUED)
        same = line["situacao"] == "INDISPONIVEL" or _OURS[line["situacao"]] == row.status
        if not queued and not (same and ours == its):
            found.unexplained.setdefault(
                row.pk, f"{row}: {row.status} {ours}; the bureau {line['situacao']} {its}"
            )
        if row.status == Status.REMOVED and codes[0] != codes[1]:
            found.unexplained.setdefault(
                row.pk, f"{row}: removal code {codes[0]}, the bureau's {codes[1]}"
            )
    found.forbidden |= {key: f"{key}: at the bureau, not here" for _, key in lines}
