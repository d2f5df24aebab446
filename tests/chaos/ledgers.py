"""Both ledgers side by side, record by record."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from regua.restrictions.choices import FINAL, Status
from regua.restrictions.models import Restriction

_STATUS = {
    "RECEBIDA": Status.SENT,
    "COMUNICADO_ENVIADO": Status.NOTIFIED,
    "ATIVA": Status.ACTIVE,
    "BAIXA_RECEBIDA": Status.REMOVAL_SENT,
    "BAIXADA": Status.REMOVED,
    "REJEITADA": Status.REFUSED,
}
_GONE = ("BAIXADA", "REJEITADA")
Line = Mapping[str, Any]

_TORN_HISTORY = """
SELECT restriction_id FROM (
    SELECT restriction_id, status_before, bureau_version,
        lag(status) OVER its AS came_from, max(bureau_version) OVER earlier AS known
    FROM restrictions_restrictionevent
    WINDOW its AS (PARTITION BY restriction_id ORDER BY id),
        earlier AS (its ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS event
WHERE coalesce(came_from, '') <> status_before OR bureau_version < known
UNION ALL
SELECT r.id FROM restrictions_restriction r
WHERE status <> (
    SELECT status FROM restrictions_restrictionevent e
    WHERE e.restriction_id = r.id ORDER BY e.id DESC LIMIT 1
)
"""
_SENT_THOUGH_PAID = """
SELECT DISTINCT r.id FROM restrictions_restriction r
JOIN receivables_payment payment ON payment.receivable_id = r.receivable_id
JOIN integrations_bureaucall call ON call.subject = 'restriction:' || r.id
WHERE call.purpose = 'restriction' AND call.method = 'POST' AND call.path = '/v1/negativacoes'
    AND call.started_at > payment.recorded_at + interval '5 seconds'
"""
_DUTY_LEFT = """
SELECT r.id FROM restrictions_removalduty duty
JOIN restrictions_restriction r ON r.id = duty.restriction_id
WHERE duty.ended_at IS NULL AND r.status = ANY(%s)
"""
_STUCK_JOBS = """
SELECT job.id, job.task_name, job.status::text FROM procrastinate_jobs job
LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE status = 'doing'
    AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '30 seconds')
"""


@dataclass(slots=True)
class Findings:
    """A sentence about every record that is not as it should be."""

    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    disagree: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.doubled or self.lost or self.stuck or self.disagree)

    def summary(self, count: int) -> str:
        return (
            f"chaos n={count} doubled={len(self.doubled)} lost={len(self.lost)}"
            f" stuck={len(self.stuck)} disagree={len(self.disagree)}"
        )


def compare(
    asked: Mapping[int, set[int]],
    theirs: Mapping[int, list[Line]],
    is_unwanted: Callable[[int], bool],
) -> Findings:
    """What is wrong between what was asked, what we have and what the bureau has.

    ``asked``: receivable → the listings we were told are written down; ``theirs``: integration →
    the bureau's ledger; ``is_unwanted``: whether a listing of this receivable should be gone.
    """
    found = Findings()
    rows = {row.pk: row for row in Restriction.objects.all()}
    _check_asked(asked, rows, found)
    by_reference: dict[tuple[int, str], Line] = {}
    for integration, lines in theirs.items():
        _check_doubled(integration, lines, rows, found)
        by_reference |= {(integration, line["referencia"]): line for line in lines}
    known = {(row.integration_id, str(row.idempotency_key)) for row in rows.values()}
    for reference, line in by_reference.items():
        if reference not in known:
            found.lost.append(
                f"{line['protocolo']} is at the bureau ({line['situacao']}), not here"
            )
    for row in rows.values():
        _check_row(row, by_reference.get((row.integration_id, str(row.idempotency_key))), found)
        if row.status not in FINAL and is_unwanted(row.receivable_id):
            found.stuck.append(f"{row} should have been removed and is {row.status}")
    with connection.cursor() as cursor:
        cursor.execute(_TORN_HISTORY)
        torn = {pk for (pk,) in cursor.fetchall()}
        found.disagree += [f"{rows[pk]}: its history is torn: {_history(rows[pk])}" for pk in torn]
        cursor.execute(_SENT_THOUGH_PAID)
        found.disagree += [f"negativação nº {pk} left though it was paid" for (pk,) in cursor]
        cursor.execute(_DUTY_LEFT, [[str(status) for status in FINAL]])
        found.stuck += [
            f"negativação nº {pk} is over, its duty to remove runs on" for (pk,) in cursor
        ]
        cursor.execute(_STUCK_JOBS)
        found.stuck += [f"job {pk} {task} is {status}" for pk, task, status in cursor.fetchall()]
    return found


def _history(row: Restriction) -> str:
    return "; ".join(
        f"{event.status_before}>{event.status} by {event.source}, version {event.bureau_version}"
        for event in row.events.order_by("id")
    )


def _check_asked(
    asked: Mapping[int, set[int]], rows: Mapping[int, Restriction], found: Findings
) -> None:
    acknowledged = {pk for listings in asked.values() for pk in listings}
    found.lost += [f"nº {pk} was acknowledged, and is not here" for pk in acknowledged - {*rows}]
    found.doubled += [f"nº {pk} is here, and nobody asked for it" for pk in {*rows} - acknowledged]


def _check_doubled(
    integration: int, lines: list[Line], rows: Mapping[int, Restriction], found: Findings
) -> None:
    references = Counter(line["referencia"] for line in lines)
    found.doubled += [f"{key}: listed {n} times" for key, n in references.items() if n > 1]
    wanted = Counter(_debt(row) for row in rows.values() if row.integration_id == integration)
    listed: defaultdict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        listed[
            line["documento"], line["contrato"], line["nosso_numero"], line["vencimento"]
        ].append(line)
    for debt, its in listed.items():
        alive = [line for line in its if line["situacao"] not in _GONE]
        if len(alive) > 1 or len(its) > wanted[debt]:
            protocols = ", ".join(line["protocolo"] for line in its)
            found.doubled.append(f"one debt asked {wanted[debt]} times is listed as {protocols}")


def _debt(row: Restriction) -> tuple[str, ...]:
    return row.debtor["document"], row.contract_number, row.our_number, str(row.due_date)


def _check_row(row: Restriction, line: Line | None, found: Findings) -> None:
    if row.unknown or row.due_at is not None:
        found.stuck.append(f"{row} is {row.status}, unknown={row.unknown}, due {row.due_at}")
        return
    if line is None:
        explained = row.status == Status.CANCELLED or (
            row.status == Status.REFUSED and bool(row.problem)
        )
        if not explained:
            found.lost.append(f"{row} is {row.status} here and the bureau has nothing")
        return
    if line["situacao"] not in ("ATIVA", *_GONE):
        found.stuck.append(f"{row}: the bureau is at {line['situacao']}")
    pairs: dict[str, tuple[object, object]] = {
        "status": (row.status, _STATUS.get(line["situacao"])),
        "protocol": (row.protocol, line["protocolo"]),
        "document": (row.debtor["document"], line["documento"]),
        "contract": (row.contract_number, line["contrato"]),
        "amount": (str(row.amount), line["valor"]),
        "due date": (str(row.due_date), line["vencimento"]),
        "version": (row.bureau_version, line["versao"]),
        "unavailable": (row.unavailable, False),
    }
    if line["situacao"] == "BAIXADA":
        pairs["removal code"] = (row.removal_code, line["codigo_baixa"])
        pairs["removal date"] = (str(row.removed_on), line["baixada_em"])
    for name, (ours, its) in pairs.items():
        if ours != its:
            found.disagree.append(f"{row}: {name} is {ours} here, {its} at the bureau")
