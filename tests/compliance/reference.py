"""The legal gate once more, slowly and in plain Python, from the law's own words.

Nothing of ``regua.compliance.rules`` is used here: where the two differ, one of them is wrong.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from regua import documents
from regua.compliance.models import Evidence, NoticeTerm
from regua.organization.models import GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Impediment, Receivable
from regua.restrictions.models import Restriction

ENDED = ("removed", "refused", "cancelled")
ADDRESS = ("postal_code", "street", "number", "complement", "district", "city", "state")


@dataclass(frozen=True)
class Proof:
    kind: str
    dated_on: date | None


@dataclass(frozen=True)
class CoDebtor:
    document: str
    deceased_on: date | None
    birth_date: date | None
    fields: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the gate looks at, of one debt."""

    status: str
    open_amount: Decimal
    due_date: date
    renegotiated: bool
    disputed: bool
    awaiting_confirmation: bool
    impediments: frozenset[str]
    """Kinds of those that are open."""
    listed: bool
    document: str
    creditor: str
    deceased_on: date | None
    birth_date: date | None
    fields: dict[str, str]
    telecom: bool
    suspended_on: date | None
    ended_on: date | None
    proofs: tuple[Proof, ...]
    """Those on file for this debt: its own and its contract's."""
    co_debtor: CoDebtor | None = None
    notice_days: int = 10
    today: date = field(default_factory=date.today)


def plus_months(day: date, months: int) -> date:
    """The same day of another month; its last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def plus_years(day: date, years: int) -> date:
    return plus_months(day, 12 * years)


def _mobile(number: str) -> bool:
    return len(number) == 11 and number[2] == "9"


def _valid(document: str) -> bool:
    try:
        documents.parse(document)
    except documents.InvalidDocument:
        return False
    return True


def answers(facts: Facts, parameters: GeneralParameters) -> dict[str, bool]:
    """Whether each rule that concerns the debt holds."""
    f, today = facts, facts.today
    person = len(f.document) == 11
    late = (today - f.due_date).days
    limit = plus_years(f.due_date + timedelta(days=1), 5)
    found = {
        "debt.open": f.status in ("open", "partial") and f.open_amount > 0,
        "debt.overdue": late >= 1,
        "debt.min_days": late >= parameters.listing_min_days,
        "debt.five_years": today < limit,
        "debt.bureau_age": today <= plus_months(f.due_date, 59),
        "debt.notice_ends_in_time": today + timedelta(days=f.notice_days) < limit,
        "debt.not_prescribed": today < plus_years(f.due_date, 5),
        "debt.min_amount": f.open_amount >= parameters.listing_min_amount,
        "debt.max_amount": parameters.listing_max_amount is None
        or f.open_amount <= parameters.listing_max_amount,
        "debt.not_renegotiated": not f.renegotiated,
        "debt.not_disputed": not f.disputed and "contest" not in f.impediments,
        "debt.no_court_order": "court_order" not in f.impediments,
        "debt.not_awaiting_confirmation": not f.awaiting_confirmation,
        "debt.not_listed": not f.listed,
        "debtor.of_age": not person
        or f.birth_date is None
        or f.birth_date <= plus_years(f.due_date, -18),
        "debtor.alive": f.deceased_on is None,
        "debtor.not_creditor": person or f.document[:8] != f.creditor[:8],
        "debtor.document_valid": _valid(f.document),
        "data.sex": not person or f.fields["sex"] != "",
        "data.birth_date": not person or f.birth_date is not None,
        "data.mobile": _mobile(f.fields["mobile"]),
        "evidence.debt_document": any(p.kind == "debt_document" for p in f.proofs),
    }
    for name in ADDRESS:
        found[f"data.{name}"] = f.fields[name].strip() != ""
    if f.co_debtor is not None:
        found |= _co_debtor(f.co_debtor, f)
    if f.telecom and parameters.telecom_profile:
        found |= _telecom(f)
    return found


def _co_debtor(g: CoDebtor, f: Facts) -> dict[str, bool]:
    person = len(g.document) == 11
    wanted = ["name", *ADDRESS, *(["sex"] if person else [])]
    return {
        "co_debtor.complete": _valid(g.document)
        and all(g.fields[name].strip() for name in wanted)
        and _mobile(g.fields["mobile"])
        and not (person and g.birth_date is None),
        "co_debtor.of_age": not person
        or g.birth_date is None
        or g.birth_date <= plus_years(f.due_date, -18),
        "co_debtor.alive": g.deceased_on is None,
        "co_debtor.not_creditor": person or g.document[:8] != f.creditor[:8],
    }


def _telecom(f: Facts) -> dict[str, bool]:
    notices = [
        p.dated_on
        for p in f.proofs
        if p.kind == "overdue_notice" and p.dated_on and p.dated_on > f.due_date
    ]
    notice = min(notices, default=None)
    suspended, ended = f.suspended_on, f.ended_on
    return {
        "telecom.notice": notice is not None,
        "telecom.suspended": notice is not None
        and suspended is not None
        and (suspended - notice).days >= 15,
        "telecom.rescission_term": suspended is not None
        and ended is not None
        and (ended - suspended).days >= 60,
        "telecom.rescinded": ended is not None and ended <= f.today,
        "telecom.earliest": notice is not None and (f.today - notice).days >= 75,
        "telecom.rescission_proof": any(p.kind == "rescission_proof" for p in f.proofs),
    }


def _fields(customer: Customer) -> dict[str, str]:
    return {name: getattr(customer, name) for name in ("name", "sex", "mobile", *ADDRESS)}


def facts_of(
    receivables: Iterable[Receivable], *, today: date, apart_from: Iterable[int] = ()
) -> dict[int, Facts]:
    """The facts of debts as the database has them now; ``apart_from``: listings left out."""
    debts = list(receivables)
    terms = dict(NoticeTerm.objects.values_list("state", "days"))
    ids = [debt.pk for debt in debts]
    proofs = defaultdict(list)
    for proof in Evidence.objects.filter(
        contract__in={debt.contract_id for debt in debts}, withdrawn_at=None
    ):
        proofs[proof.contract_id].append(proof)
    listed = set(
        Restriction.objects.filter(receivable__in=ids)
        .exclude(status__in=ENDED)
        .exclude(pk__in=apart_from)
        .values_list("receivable_id", flat=True)
    )
    impediments = defaultdict(set)
    for pk, kind in Impediment.objects.filter(receivable__in=ids, closed_at=None).values_list(
        "receivable_id", "kind"
    ):
        impediments[pk].add(kind)
    found = {}
    for debt in debts:
        customer, contract = debt.customer, debt.contract
        surety = contract.co_debtor
        found[debt.pk] = Facts(
            status=debt.status,
            open_amount=debt.open_amount,
            due_date=debt.due_date,
            renegotiated=debt.renegotiated,
            disputed=debt.disputed,
            awaiting_confirmation=debt.awaiting_confirmation,
            impediments=frozenset(impediments[debt.pk]),
            listed=debt.pk in listed,
            document=customer.document,
            creditor=debt.branch.document,
            deceased_on=customer.deceased_on,
            birth_date=customer.birth_date,
            fields=_fields(customer),
            telecom=contract.kind == "telecom",
            suspended_on=contract.suspended_on,
            ended_on=contract.ended_on,
            proofs=tuple(
                Proof(p.kind, p.dated_on)
                for p in proofs[contract.pk]
                if p.receivable_id is None or p.receivable_id == debt.pk
            ),
            co_debtor=surety
            and CoDebtor(surety.document, surety.deceased_on, surety.birth_date, _fields(surety)),
            notice_days=terms.get(customer.state, 10),
            today=today,
        )
    return found
