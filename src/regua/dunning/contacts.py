"""*Rotina de cobrança*: who has to be got in touch with, by whom, and what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.calendar import business_day_after
from regua.dunning.choices import ContactKind, ContactResult
from regua.dunning.models import DunningContact, DunningTask
from regua.integrations.services import constraint_of
from regua.organization.models import Branch
from regua.organization.selectors import days_off
from regua.parties.models import Customer
from regua.parties.services import customer_update
from regua.receivables.models import Receivable
from regua.receivables.selectors import OWED
from regua.restrictions.midlife import contest_open, decide_by
from regua.web import formats
from regua.web.named import statement

LONGEST_PROMISE = 60
"""Days: no automatic step is taken until then, so that a promise is no way out of the régua."""
FURTHEST = 365
"""Days from today to the next contact, at most."""
WAITS = {
    ContactResult.RENEGOTIATION: 2,
    ContactResult.DISPUTE: 2,
    ContactResult.PAID: 3,
    ContactResult.CALL_BACK: 1,
    ContactResult.NO_ANSWER: 1,
    ContactResult.WRONG_NUMBER: 1,
    ContactResult.REFUSED: 5,
}
"""Business days to the next contact where nobody says otherwise; a payment shows after three."""
_TOO_LARGE = Decimal(10) ** 12


def contact_record(
    *,
    customer: Customer,
    actor: User,
    kind: str,
    result: str,
    note: str = "",
    promised_on: date | None = None,
    promised_amount: Decimal | None = None,
    next_on: date | None = None,
    receivable: Receivable | None = None,
    mobile: str = "",
    after: int | None = None,
) -> DunningContact:
    """Write down what came of getting in touch: the open task is done, the next one opened.

    The next day follows from the result: the day after a promise, which suspends every automatic
    step until its day; the day after a contest of ``receivable`` must be decided; else ``next_on``
    or some business days (``WAITS``). Somebody who owes nothing any more gets no next one.
    ``promised_amount`` defaults to what is overdue. ``mobile`` is the right number, which is then
    the customer's. ``after`` is the last contact that the person saw (0: none): a newer one, as
    a second click finds, raises.

    Raises ``NotAllowed``, or ``ValidationError`` with a sentence per field; nothing is written.
    """
    require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
    today = timezone.localdate()
    note = note.strip()
    mobile = mobile if result == ContactResult.WRONG_NUMBER else ""
    receivable = receivable if result == ContactResult.DISPUTE else None
    if result != ContactResult.PROMISE:
        promised_on = promised_amount = None
    else:
        next_on = None
    problems = _problems(kind, result, promised_on, promised_amount, next_on, today)
    if receivable is not None and not note:
        problems["note"] = "Escreva o que o cliente disse: é o que abre a contestação."
    if receivable is not None and receivable.customer_id != customer.pk:
        problems["receivable"] = "Este título é de outro cliente."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        if mobile:
            customer_update(customer=customer, actor=actor, mobile=mobile)
        locked = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        _unchanged(locked, after)
        if receivable is not None:
            contest = contest_open(receivable=receivable, actor=actor, told_on=today, text=note)
            next_on = next_on or decide_by(contest) + timedelta(days=1)
        if result == ContactResult.PROMISE and promised_amount is None:
            promised_amount = overdue_amount(locked, today)
        owes = _owed(locked, today).exists()
        if mobile:
            next_on = next_on or today
        due_on = next_on or next_day(locked.branch, result, today, promised_on) if owes else None
        if result in (ContactResult.PROMISE, ContactResult.REFUSED):
            _promises_end(locked, today)
        task = locked.dunning_tasks.select_for_update().filter(done_at=None).first()
        if task is not None:
            task.done_at = timezone.now()
            task.save(update_fields=["done_at"])
        contact = DunningContact.objects.create(
            customer=locked,
            task=task,
            kind=kind,
            result=result,
            note=note,
            promised_on=promised_on,
            promised_amount=promised_amount,
            next_on=due_on,
            actor=actor,
        )
        if due_on is not None:
            keeper = task.assigned_to_id if task is not None else None
            next_kind = _kind_after(locked, kind, result, mobile)
            _open(locked, kind=next_kind, due_on=due_on, assigned_to=keeper or actor.pk)
    return contact


def promise_withdraw(*, contact: DunningContact, actor: User) -> None:
    """The promise no longer holds: the régua goes on, and the customer is due again today."""
    require(actor, Permission.RECORD_CONTACT, branch_id=contact.customer.branch_id)
    today = timezone.localdate()
    with transaction.atomic():
        if not DunningContact.objects.filter(
            pk=contact.pk, result=ContactResult.PROMISE, withdrawn_at=None
        ).update(withdrawn_at=timezone.now()):
            raise ValidationError("Esta promessa já foi desfeita. Nada mudou agora.")
        if contact.next_on is not None and contact.next_on > today:
            DunningTask.objects.filter(
                customer=contact.customer_id, done_at=None, due_on=contact.next_on
            ).update(due_on=today)
    contact.refresh_from_db()


def task_assign(*, task: DunningTask, actor: User, to: User | None, seen: int | None) -> None:
    """Give an open task to somebody, or (None) to nobody.

    ``seen`` is whose it was (``User`` id) when the person decided; raises ``ValidationError``
    where that has changed, or where ``to`` may not do it.
    """
    require(actor, Permission.RECORD_CONTACT, branch_id=task.branch_id)
    if to is not None and not (
        to.can(Permission.RECORD_CONTACT) and to.sees_branch(task.branch_id)
    ):
        raise ValidationError(
            f"{to.name} não registra contatos desta filial. Nada mudou. Escolha outra pessoa."
        )
    with transaction.atomic():
        locked = (
            DunningTask.objects.select_for_update(of=["self"])
            .select_related("assigned_to")
            .get(pk=task.pk)
        )
        if locked.done_at is not None:
            raise ValidationError(
                "Este contato já foi feito ou não é mais preciso. Nada mudou. Atualize a página."
            )
        if locked.assigned_to == to:
            return
        if locked.assigned_to_id != seen:
            whose = (
                f"agora está com {locked.assigned_to.name}" if locked.assigned_to else "está livre"
            )
            raise ValidationError(f"Alguém mudou antes: este contato {whose}. Nada mudou.")
        locked.assigned_to = to
        locked.save(update_fields=["assigned_to"])


def task_open(
    *, customer: Customer, actor: User, kind: str, due_on: date, to: User | None
) -> DunningTask:
    """Put a customer on the worklist by hand; raises ``ValidationError`` where one is there."""
    require(actor, Permission.RECORD_CONTACT, branch_id=customer.branch_id)
    today = timezone.localdate()
    problems = {}
    if kind not in ContactKind.values:
        problems["kind"] = "Escolha o tipo de contato."
    if not today <= due_on <= today + timedelta(days=FURTHEST):
        problems["due_on"] = "Escolha um dia entre hoje e daqui a um ano."
    if to is not None and not (
        to.can(Permission.RECORD_CONTACT) and to.sees_branch(customer.branch_id)
    ):
        problems["to"] = f"{to.name} não registra contatos desta filial."
    if problems:
        raise ValidationError(problems)
    if customer.deceased_on is not None:
        raise ValidationError("Consta que este cliente faleceu. Nada foi feito.")
    if not _owed(customer, today).exists():
        raise ValidationError(
            "Este cliente não tem nada vencido: não há o que cobrar. Nada foi feito."
        )
    try:
        with transaction.atomic():
            return DunningTask.objects.create(
                customer=customer,
                branch_id=customer.branch_id,
                kind=kind,
                due_on=due_on,
                assigned_to=to,
            )
    except IntegrityError as error:
        if constraint_of(error) != "dunning_task_one_open":
            raise
        raise ValidationError(
            "Este cliente já está na rotina de cobrança. Nada foi feito. Atualize a página."
        ) from None


def task_take(*, actor: User, branch_ids: list[int]) -> DunningTask | None:
    """Take the most urgent free task that is due; None where there is none.

    Two people who ask at once get two. Who need not be called any more is passed over.
    """
    require(actor, Permission.RECORD_CONTACT)
    today = timezone.localdate()
    branches = [pk for pk in branch_ids if actor.sees_branch(pk)]
    with transaction.atomic(), connection.cursor() as cursor:
        while True:
            cursor.execute(
                statement("dunning", "worklist_take"), {"branches": branches, "today": today}
            )
            found = cursor.fetchone()
            if found is None:
                return None
            worklist_sweep(today, customer_ids=[found[1]])
            if DunningTask.objects.filter(pk=found[0], done_at=None, due_on__lte=today).update(
                assigned_to=actor
            ):
                return DunningTask.objects.select_related("customer").get(pk=found[0])


def worklist_sweep(today: date, *, customer_ids: list[int] | None = None) -> int:
    """Take off the worklist who owes nothing, put off whose debts are contested; how many.

    ``customer_ids``: only these.
    """
    only = "" if customer_ids is None else "AND due.customer_id = ANY(%(customers)s::bigint[])"
    values = {"today": today} | ({} if customer_ids is None else {"customers": customer_ids})
    with connection.cursor() as cursor:
        cursor.execute(statement("dunning", "worklist_sweep", only=only), values)
        return cursor.rowcount


def worklist_renew(today: date) -> int:
    """What the calendar does to the worklist; repeated it does nothing. How many came back.

    Who owes nothing leaves, whose promise was not kept comes back, and what is with somebody who
    no longer works here is free again.
    """
    worklist_sweep(today)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("dunning", "worklist_return"), {"today": today})
        back = cursor.rowcount
    DunningTask.objects.filter(done_at=None, assigned_to__is_active=False).update(assigned_to=None)
    return back


def next_day(branch: Branch, result: str, today: date, promised_on: date | None = None) -> date:
    """When to get in touch again where nobody says otherwise."""
    if promised_on is not None:
        return promised_on + timedelta(days=1)
    return business_day_after(today, WAITS[ContactResult(result)], days_off(branch))


def overdue_amount(customer: Customer, today: date) -> Decimal | None:
    """Reais due until today and still owed; None where nothing is."""
    total: Decimal | None = _owed(customer, today).aggregate(total=Sum("open_amount"))["total"]
    return total


def _owed(customer: Customer, today: date) -> QuerySet[Receivable]:
    return Receivable.objects.filter(
        customer=customer, status__in=OWED, renegotiated=False, due_date__lte=today
    )


def _problems(
    kind: str,
    result: str,
    promised_on: date | None,
    promised_amount: Decimal | None,
    next_on: date | None,
    today: date,
) -> dict[str, str]:
    problems = {}
    if kind not in ContactKind.values:
        problems["kind"] = "Escolha como foi o contato."
    if result not in ContactResult.values:
        problems["result"] = "Escolha o resultado do contato."
    last = today + timedelta(days=LONGEST_PROMISE)
    if result == ContactResult.PROMISE and promised_on is None:
        problems["promised_on"] = "Diga para quando é a promessa."
    elif promised_on is not None and not today <= promised_on <= last:
        problems["promised_on"] = (
            f"A promessa vai de hoje até {formats.day(last)}: a cobrança automática espera por ela."
        )
    if promised_amount is not None and not Decimal(0) < promised_amount < _TOO_LARGE:
        problems["promised_amount"] = "Confira o valor prometido."
    if next_on is not None and not today <= next_on <= today + timedelta(days=FURTHEST):
        problems["next_on"] = "O próximo contato vai de hoje até daqui a um ano."
    return problems


def _unchanged(customer: Customer, after: int | None) -> None:
    """Raise where there is a newer contact than the one that the person saw."""
    last = customer.dunning_contacts.select_related("actor").first()
    if after is None or after == (last.pk if last else 0):
        return
    if last is None:
        raise ValidationError("Atualize a página e grave de novo. Nada foi gravado.")
    raise ValidationError(
        f"Há um contato mais novo com este cliente: {last.get_result_display().lower()}, gravado "
        f"por {last.actor.name} em {formats.instant(last.at)}. Este não foi gravado. Se ainda for "
        "preciso, confira e grave de novo."
    )


def _promises_end(customer: Customer, today: date) -> None:
    """A new promise, or a refusal, takes the place of one that is still running."""
    customer.dunning_contacts.filter(
        result=ContactResult.PROMISE, withdrawn_at=None, promised_on__gte=today
    ).update(withdrawn_at=timezone.now())


def _kind_after(customer: Customer, kind: str, result: str, mobile: str) -> str:
    """A wrong number asks for the right one by another way."""
    if result != ContactResult.WRONG_NUMBER or mobile:
        return kind
    return ContactKind.EMAIL if customer.email else ContactKind.VISIT


def _open(customer: Customer, *, kind: str, due_on: date, assigned_to: int) -> None:
    """Open the next task; one that a run has just opened becomes this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dunning_dunningtask"
            " (customer_id, branch_id, kind, due_on, assigned_to_id) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (customer_id) WHERE done_at IS NULL DO UPDATE SET kind = EXCLUDED.kind,"
            " due_on = EXCLUDED.due_on, assigned_to_id = EXCLUDED.assigned_to_id, step_id = NULL",
            [customer.pk, customer.branch_id, kind, due_on, assigned_to],
        )
