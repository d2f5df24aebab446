"""What stands against a receivable: the customer's contest, a court's order.

While one is open the debt is neither charged nor listed (CDC, art. 54-G; the gate's rules). What
that means for a listing at the bureau is ``restrictions.midlife``'s to do.
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from regua.accounts.access import require, visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Impediment, Receivable

Kind, Outcome = Impediment.Kind, Impediment.Outcome
OUTCOMES = {Kind.CONTEST: (Outcome.UPHELD, Outcome.REJECTED), Kind.COURT_ORDER: (Outcome.LIFTED,)}


def impediments_visible(actor: User) -> QuerySet[Impediment]:
    return visible(
        Impediment.objects.select_related(
            "receivable__customer", "receivable__branch", "opened_by", "closed_by"
        ),
        actor=actor,
        permission=Permission.VIEW_RECEIVABLES,
        branch="receivable__branch",
    )


def impediment_open(
    *, receivable: Receivable, actor: User, kind: str, told_on: date, text: str
) -> Impediment:
    """Write down that ``receivable`` is contested, or that a court forbids listing it.

    Raises ``ValidationError`` with a sentence per field, also where one of that kind is open.
    """
    require(actor, Permission.MANAGE_IMPEDIMENTS, branch_id=receivable.branch_id)
    problems = {}
    if told_on > timezone.localdate():
        problems["told_on"] = "A data está no futuro."
    if not text.strip():
        problems["text"] = "Escreva o que foi dito."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        locked = Receivable.objects.select_for_update(no_key=True).get(pk=receivable.pk)
        if locked.impediments.filter(kind=kind, closed_at=None).exists():
            label = Kind(kind).label.lower()
            raise ValidationError(
                f"O título {locked.number} já tem uma {label} em aberto. Nada foi feito; "
                "acompanhe aquela."
            )
        created = Impediment.objects.create(
            receivable=locked, kind=kind, told_on=told_on, text=text.strip(), opened_by=actor
        )
        if kind == Kind.CONTEST and not locked.disputed:
            locked.disputed = True
            locked.save(update_fields=["disputed"])
    receivable.refresh_from_db()
    return created


def impediment_told_by_bureau(*, receivable_id: int, kind: str, text: str) -> bool:
    """The same, as the bureau let us know it by taking a listing off; False where one is open.

    Inside the caller's transaction.
    """
    _, created = Impediment.objects.get_or_create(
        receivable_id=receivable_id,
        kind=kind,
        closed_at=None,
        defaults={"told_on": timezone.localdate(), "text": text},
    )
    if created and kind == Kind.CONTEST:
        Receivable.objects.filter(pk=receivable_id).update(disputed=True)
    return created


def impediment_close(
    *, impediment: Impediment, actor: User, outcome: str, decision: str
) -> Impediment:
    """Decide it. A contest that is upheld leaves the debt disputed until its amount is mended.

    Raises ``ValidationError`` with a sentence, also where somebody has decided it already.
    """
    require(actor, Permission.MANAGE_IMPEDIMENTS, branch_id=impediment.receivable.branch_id)
    problems = {}
    if outcome not in OUTCOMES[Kind(impediment.kind)]:
        problems["outcome"] = "Escolha a decisão."
    if not decision.strip():
        problems["decision"] = "Escreva por quê: é o que se mostra a quem perguntar."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        debt = Receivable.objects.select_for_update(no_key=True).get(pk=impediment.receivable_id)
        locked = Impediment.objects.select_for_update(no_key=True).get(pk=impediment.pk)
        if locked.closed_at is not None:
            raise ValidationError(
                f"Já foi decidido em {timezone.localtime(locked.closed_at):%d/%m/%Y}: "
                f"{locked.get_outcome_display().lower()}. Nada mudou."
            )
        locked.outcome, locked.decision = outcome, decision.strip()
        locked.closed_by, locked.closed_at = actor, timezone.now()
        locked.save()
        if outcome == Outcome.REJECTED and debt.disputed:
            debt.disputed = False
            debt.save(update_fields=["disputed"])
    impediment.refresh_from_db()
    return impediment
