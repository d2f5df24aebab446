"""The régua once more, slowly and in plain Python: one debt after another, one rule after another.

Nothing of ``regua.dunning``'s SQL is used here: where the two differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from regua.dunning.models import DunningContact, DunningPolicy, DunningStep
from regua.organization.models import GeneralParameters
from regua.receivables.models import Impediment, Receivable
from regua.restrictions.models import Restriction
from tests.compliance import reference as gate

ENDED = ("removed", "refused", "cancelled")


@dataclass
class Place:
    """Where a debt stands."""

    stage: str
    days: int
    on: date
    open: bool = True


@dataclass
class Ledger:
    """What a day-by-day routine would have written down, by receivable (tasks by customer)."""

    places: dict[int, Place] = field(default_factory=dict)
    entries: dict[int, list[tuple[str, date]]] = field(default_factory=dict)
    taken: set[tuple[int, int]] = field(default_factory=set)
    """Debt and step: each once, whatever became of its days."""
    held: dict[int, set[str]] = field(default_factory=dict)
    messages: list[tuple[int, str]] = field(default_factory=list)
    listed: list[int] = field(default_factory=list)
    tasks: dict[int, tuple[str, date]] = field(default_factory=dict)


def live(day: date, ledger: Ledger) -> None:
    """One day's run, by the rules: close what is no longer owed, then take each debt's step."""
    everything = list(Receivable.objects.select_related("customer", "contract").order_by("id"))
    for debt in everything:
        _close(debt, day, ledger)
    parameters = GeneralParameters.current()
    new_tasks: dict[int, tuple[int, str, date]] = {}
    for debt in everything:
        if debt.status not in ("open", "partial") or debt.renegotiated:
            ledger.held.pop(debt.pk, None)
            continue
        step = _next_step(debt, day, ledger)
        if step is None:
            ledger.held.pop(debt.pk, None)
            continue
        note = _note(step, debt)
        reasons = _reasons(debt, step, note, day, parameters)
        if reasons:
            ledger.held[debt.pk] = reasons
            continue
        ledger.held.pop(debt.pk, None)
        if step.action == "list" and note == "":
            ledger.listed.append(debt.pk)
        if step.action == "message" and note == "":
            ledger.messages.append((debt.pk, step.stage))
        ledger.entries.setdefault(debt.pk, []).append((step.stage, day))
        ledger.taken.add((debt.pk, step.origin_id or step.pk))
        ledger.places[debt.pk] = Place(step.stage, step.days, day)
        if step.contact_kind:
            due = date.fromordinal(day.toordinal() + (step.next_action_days or 0))
            best = new_tasks.get(debt.customer_id)
            if best is None or step.days > best[0]:
                new_tasks[debt.customer_id] = (step.days, step.contact_kind, due)
    for customer, (_, kind, due) in new_tasks.items():
        ledger.tasks.setdefault(customer, (kind, due))


def _close(debt: Receivable, day: date, ledger: Ledger) -> None:
    place = ledger.places.get(debt.pk)
    if place is None or not place.open:
        return
    if debt.renegotiated:
        stage = "RCB"
    elif debt.status == "received":
        stage = "RCA"
    elif debt.status == "cancelled":
        stage = "CCA"
    else:
        return
    listings = list(Restriction.objects.filter(receivable=debt))
    if any(
        row.removal_form == "automatic"
        and row.status in ("removal_queued", "removal_sent", "removed")
        for row in listings
    ):
        stage = "RN"
    if place.stage != stage:
        ledger.entries[debt.pk].append((stage, day))
    place.stage = stage
    place.open = any(row.status not in ENDED for row in listings)


def _policy(debt: Receivable) -> DunningPolicy | None:
    best: tuple[int, DunningPolicy] | None = None
    for policy in DunningPolicy.objects.filter(active=True):
        rank = 0
        fits = True
        for asked, weight, has in (
            (policy.group_id, 4, debt.customer.group_id),
            (policy.contract_kind or None, 2, debt.contract.kind),
            (policy.branch_id, 1, debt.branch_id),
        ):
            if asked is not None:
                fits = fits and asked == has
                rank += weight
        if fits and (best is None or rank > best[0]):
            best = (rank, policy)
    return best[1] if best else None


def _next_step(debt: Receivable, day: date, ledger: Ledger) -> DunningStep | None:
    policy = _policy(debt)
    if policy is None:
        return None
    overdue = (day - debt.due_date).days
    place = ledger.places.get(debt.pk)
    if place is not None:
        overdue = min(overdue, place.days + (day - place.on).days)
    found = None
    for step in sorted(policy.steps.all(), key=lambda s: s.days):
        if step.archived_at is not None or step.days > overdue:
            continue
        if place is not None and step.days <= place.days:
            continue
        if (debt.pk, step.origin_id or step.pk) in ledger.taken:
            found = None  # taken before its day was put off: whoever reaches it is past it
            continue
        found = step
        if step.required:
            break
    return found


def _note(step: DunningStep, debt: Receivable) -> str:
    if step.action == "list":
        listings: Iterable[Restriction] = Restriction.objects.filter(receivable=debt)
        return "listing.live" if any(row.status not in ENDED for row in listings) else ""
    if step.action == "message":
        if debt.customer.email == "":
            return "message.email"
        if debt.customer.opt_outs.filter(channel=step.channel).exists():
            return "message.opt_out"
    return ""


def _reasons(
    debt: Receivable, step: DunningStep, note: str, day: date, parameters: GeneralParameters
) -> set[str]:
    found = set()
    if not debt.customer.dunned:
        found.add("customer.dunned")
    if debt.customer.deceased_on is not None:
        found.add("customer.deceased")
    for contact in DunningContact.objects.filter(customer=debt.customer, result="promise"):
        if contact.withdrawn_at is None and contact.promised_on and contact.promised_on >= day:
            found.add("promise")
    for contact in DunningContact.objects.filter(customer=debt.customer, result="paid"):
        if contact.next_on and contact.next_on >= day:
            found.add("paid.said")
    contested = Impediment.objects.filter(receivable=debt, kind="contest", closed_at=None)
    if debt.disputed or contested.exists():
        found.add("debt.disputed")
    if debt.awaiting_confirmation:
        found.add("debt.awaiting")
    if step.action == "list" and note == "":
        if step.auto_list == "no":
            found.add("switch.step")
        else:
            [facts] = gate.facts_of([debt], today=day).values()
            found |= {
                code
                for code, holds in gate.answers(facts, parameters).items()
                if not holds and code != "evidence.debt_document"
            }
    if step.required and note and not _noticed(debt):
        found.add(note)
    return found


def _noticed(debt: Receivable) -> bool:
    return any(
        proof.kind == "overdue_notice" and proof.dated_on and proof.dated_on > debt.due_date
        for [facts] in [gate.facts_of([debt], today=debt.due_date).values()]
        for proof in facts.proofs
    )
