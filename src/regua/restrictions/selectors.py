"""Reading restrictions."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission, roles_with
from regua.accounts.selectors import people_of
from regua.compliance.selectors import Finding, evaluate
from regua.integrations.choices import CodeKind
from regua.integrations.models import Integration, ReasonCode
from regua.integrations.selectors import codes_for
from regua.organization.models import Branch, GeneralParameters
from regua.parties.models import DOCUMENT_SHAPE, Customer
from regua.parties.selectors import customers_visible
from regua.parties.selectors import search as customers_search
from regua.receivables.models import Impediment, Receivable
from regua.receivables.selectors import OWED, overdue, receivables_visible
from regua.restrictions.choices import AT_BUREAU, FINAL, LIVE, STAND_INS, RemovalReason, Status
from regua.restrictions.models import RemovalDuty, Restriction
from regua.web import formats

_LIVEST = Case(
    When(status__in=FINAL, then=Value(2)),
    When(status=Status.DRAFT, then=Value(1)),
    default=Value(0),
)


def restrictions_visible(actor: User) -> QuerySet[Restriction]:
    return visible(
        Restriction.objects.select_related("customer", "receivable", "branch", "integration"),
        actor=actor,
        permission=Permission.VIEW_RESTRICTIONS,
    )


def unsettled(restrictions: QuerySet[Restriction]) -> QuerySet[Restriction]:
    """As ``Restriction.is_unsettled``: nobody can say yet whether the bureau heard us."""
    return restrictions.filter(unknown=True, attempts__gt=0).exclude(problem="")


def duties_visible(actor: User) -> QuerySet[RemovalDuty]:
    return visible(RemovalDuty.objects.all(), actor=actor, permission=Permission.VIEW_RESTRICTIONS)


def live_by_receivable(receivable_ids: Collection[int]) -> dict[int, Restriction]:
    """Receivable → its live restriction, in one query; of two, not the correction that waits."""
    rows = Restriction.objects.filter(receivable_id__in=receivable_ids, status__in=LIVE)
    return {row.receivable_id: row for row in rows.order_by(_LIVEST.desc())}


def latest_live(receivable: Receivable) -> Restriction | None:
    """The debt's listing that is under way, not the correction that waits for it to be off."""
    rows = Restriction.objects.filter(receivable=receivable, status__in=LIVE)
    return (
        rows.exclude(status=Status.DRAFT)
        .select_related("integration", "branch")
        .order_by("-pk")
        .first()
    )


def corrections_of(restriction: Restriction) -> tuple[Restriction | None, Restriction | None]:
    """What this one corrects, and what corrects it."""
    return restriction.replaces, restriction.replacements.order_by("-pk").first()


def contested(restrictions: QuerySet[Restriction]) -> QuerySet[Restriction]:
    """Those whose debt has a contest or a court order open."""
    opened = Impediment.objects.filter(receivable_id=OuterRef("receivable_id"), closed_at=None)
    return restrictions.filter(Exists(opened))


def latest_by_receivable(receivable_ids: Sequence[int], *, actor: User) -> dict[int, Restriction]:
    """Receivable → its live restriction, or the last one it had, in one query; of two that live,
    not the correction that waits."""
    rows = (
        restrictions_visible(actor)
        .filter(receivable_id__in=receivable_ids)
        .order_by("receivable_id", _LIVEST, "-pk")
        .distinct("receivable_id")
    )
    return {row.receivable_id: row for row in rows}


def live_by_customer(customer_ids: Sequence[int], *, actor: User) -> dict[int, list[Restriction]]:
    """Customer → live restrictions, newest first, in one query."""
    found: dict[int, list[Restriction]] = {}
    rows = restrictions_visible(actor).filter(customer_id__in=customer_ids, status__in=LIVE)
    for row in rows.order_by("-pk"):
        found.setdefault(row.customer_id, []).append(row)
    return found


def naming(customer: Customer) -> Q:
    """Live listings that say this person owes: as the debtor, or as the co-debtor who was sent."""
    surety = Q(branch=customer.branch_id, co_debtor__document=customer.document)
    return (Q(customer=customer) | surety) & Q(status__in=LIVE)


def customer_has_live(actor: User) -> Exists:
    """True of the customers (``OuterRef("pk")``) with a live restriction."""
    live = restrictions_visible(actor).filter(customer_id=OuterRef("pk"), status__in=LIVE)
    return Exists(live)


def search(restrictions: QuerySet[Restriction], text: str, *, actor: User) -> QuerySet[Restriction]:
    """By a whole document, protocol or *nosso número*; else by words of the customer's name."""
    text = text.strip()
    if not text:
        return restrictions
    bare = re.sub(r"[.\-/\s]", "", text).upper()
    if not re.fullmatch(DOCUMENT_SHAPE, bare):
        debts = [debt.pk for debt in debts_numbered(text, actor=actor)]
        keys = [
            *with_protocol(restrictions, text).values_list("pk", flat=True),
            *restrictions.filter(receivable__in=debts).values_list("pk", flat=True),
        ]
        if keys:
            return restrictions.filter(pk__in=keys)
    customers = customers_search(customers_visible(actor), text)
    return restrictions.filter(customer__in=customers.order_by().values("pk"))


def with_protocol(restrictions: QuerySet[Restriction], protocol: str) -> QuerySet[Restriction]:
    """Those with this protocol: each integration has at most one."""
    # By the integrations, because the index begins with them.
    everywhere = list(Integration.objects.order_by("pk").values_list("pk", flat=True))
    return restrictions.filter(integration__in=everywhere, protocol=protocol)


def debts_numbered(our_number: str, *, actor: User) -> QuerySet[Receivable]:
    """The debts with this *nosso número*: each branch has at most one."""
    # By the branches, because the index begins with them.
    everywhere = list(Branch.objects.order_by("pk").values_list("pk", flat=True))
    return receivables_visible(actor).filter(branch__in=everywhere, our_number=our_number)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One debt somebody may want to list, with the gate's answer."""

    receivable: Receivable
    findings: list[Finding]
    existing: Restriction | None
    """The live restriction that it has already at this bureau."""

    @property
    def refusals(self) -> list[Finding]:
        """What stands against it and cannot be mended by filling in the customer's data."""
        return [f for f in self.findings if f.blocks and not f.rule.field]

    @property
    def gaps(self) -> list[Finding]:
        """The customer's data that must be filled in first."""
        return [f for f in self.findings if f.blocks and f.rule.field]

    @property
    def can_go_on(self) -> bool:
        return self.existing is None and not self.refusals


def candidates(
    customer: Customer,
    *,
    actor: User,
    keys: Collection[int] | None = None,
    limit: int = 200,
) -> list[Candidate]:
    """The customer's debts, the oldest first: three queries in all.

    Those that are still owed; or those of ``keys``, whatever became of them.
    """
    found = receivables_visible(actor).filter(customer=customer)
    found = found.filter(status__in=OWED) if keys is None else found.filter(pk__in=keys)
    debts = list(found.order_by("due_date", "pk")[:limit])
    ids = [debt.pk for debt in debts]
    findings, live = evaluate(ids), live_by_receivable(ids)
    return [Candidate(debt, findings[debt.pk], live.get(debt.pk)) for debt in debts]


def overdue_not_listed(customer: Customer, *, actor: User) -> tuple[bool, bool]:
    """Whether the customer has overdue debts, and whether any of them has no live restriction."""
    debts = overdue(receivables_visible(actor)).filter(customer=customer)
    live = Restriction.objects.filter(receivable_id=OuterRef("pk"), status__in=LIVE)
    if debts.filter(~Exists(live)).exists():
        return True, True
    return debts.exists(), False


def default_restriction_code(integration: Integration, customer: Customer) -> str:
    """The integration's code for this kind of person."""
    if customer.is_company and integration.company_restriction_code:
        return integration.company_restriction_code
    return integration.restriction_code


def removal_codes(integration: Integration) -> dict[str, ReasonCode]:
    """Our reason → the bureau's code for it. Reasons that the bureau has no code for are left out;
    where it keeps the code to itself, that of the stand-in is given (``STAND_INS``).

    Where several codes mean the same, the integration's default decides, else the first.
    """
    found: dict[str, ReasonCode] = {}
    for code in codes_for(integration, CodeKind.REMOVAL).filter(reason__in=RemovalReason.values):
        if code.reason not in found or code.code == integration.removal_code:
            found[code.reason] = code
    for reason, instead in STAND_INS.items():
        if reason not in found and instead in found:
            found[reason] = found[instead]
    return found


def likely_reason(receivable: Receivable) -> str:
    """Why a removal of this debt's listing would be asked for, as far as its state tells."""
    if receivable.status == Receivable.Status.RECEIVED:
        return RemovalReason.PAID
    if receivable.status == Receivable.Status.CANCELLED:
        return RemovalReason.DEBT_CANCELLED
    return RemovalReason.RENEGOTIATED if receivable.renegotiated else ""


def awaiting_approval(restrictions: QuerySet[Restriction]) -> QuerySet[Restriction]:
    """Drafts that a person must approve; corrections that wait for their listing are none."""
    return restrictions.filter(status=Status.DRAFT, approved_at=None).exclude(approval_reason="")


def why_approval(amount: Decimal, at_once: int, general: GeneralParameters) -> str:
    """Why another person must approve a listing of ``amount``; empty where nobody must."""
    if general.approval_amount is not None and amount > general.approval_amount:
        return (
            f"O valor passa de {formats.brl(general.approval_amount)}; "
            "acima disso, outra pessoa aprova."
        )
    if general.approval_batch is not None and at_once > general.approval_batch:
        return (
            f"Foram pedidas {formats.number(at_once)} negativações de uma vez; acima de "
            f"{formats.number(general.approval_batch)}, outra pessoa aprova."
        )
    return ""


def why_no_approval(restriction: Restriction, actor: User) -> str:
    """Why ``actor`` cannot approve or reject it now; empty where that is open to them."""
    if restriction.approved_by:
        by = restriction.approved_by.name
        return f"Esta negativação já foi aprovada por {by}. Nada foi feito de novo."
    if not restriction.awaits_approval:
        if restriction.status == Status.DRAFT:
            return (
                "Esta correção sai sozinha quando a negativação antiga for baixada. Nada foi feito."
            )
        label = restriction.get_status_display().lower()
        return f"Esta negativação não espera aprovação: está {label}. Nada foi feito."
    if restriction.requested_by_id == actor.pk:
        return "Você pediu esta negativação, e outra pessoa precisa aprovar. Nada foi feito."
    return ""


def approvers(restriction: Restriction) -> QuerySet[User]:
    """Who may approve it, by name."""
    people = people_of(restriction.branch_id, roles=roles_with(Permission.APPROVE_RESTRICTION))
    return people.exclude(pk=restriction.requested_by_id or 0)


def why_no_removal(restriction: Restriction) -> str:
    """Why a removal cannot be asked for now; empty where it can."""
    if restriction.status in AT_BUREAU:
        return ""
    match restriction.status:
        case Status.QUEUED if restriction.unknown:
            return (
                "O birô ainda não confirmou se recebeu esta negativação. Nada foi feito. "
                "Estamos conferindo; peça a baixa assim que houver resposta."
            )
        case Status.QUEUED | Status.DRAFT:
            return "Esta negativação ainda não saiu para o birô. Cancele o pedido em vez de baixar."
        case Status.REMOVAL_QUEUED | Status.REMOVAL_SENT:
            return "A baixa desta negativação já foi pedida. Nada foi enviado de novo."
        case _:
            label = restriction.get_status_display().lower()
            return f"Não há o que baixar: esta negativação está {label}."


def why_no_cancel(restriction: Restriction) -> str:
    """Why the request cannot be withdrawn now; empty where it can."""
    if restriction.status == Status.DRAFT and restriction.replaced is not None:
        return (
            "Esta correção espera a baixa da negativação antiga: desista da correção inteira na "
            "página dela. Nada foi feito."
        )
    if restriction.status in (Status.DRAFT, Status.QUEUED) and not restriction.unknown:
        return ""
    if restriction.is_final:
        label = restriction.get_status_display().lower()
        return f"Não há o que cancelar: esta negativação está {label}. Nada foi feito."
    return (
        "Esta negativação já saiu para o birô e não pode mais ser cancelada aqui. "
        "Nada foi feito. Peça a baixa assim que o birô responder."
    )
