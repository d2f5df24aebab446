"""What is done about the differences between the bureau's ledger and ours.

A person asks, a worker carries out: it looks at the bureau once more, one difference at a time,
and does nothing where they agree by now. Each remedy is written on its difference and in the
history of the listing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import BureauClient, ListingRecord, ListingStatus
from regua.bureaus.errors import BureauError, NotFound, Refused
from regua.integrations import gateway
from regua.integrations.exclusive import only_one
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender
from regua.integrations.services import constraint_of
from regua.restrictions.choices import (
    AT_BUREAU,
    FINAL,
    FROM_BUREAU,
    Form,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.corrections import correction_request, replacement_follow
from regua.restrictions.duties import duties_follow
from regua.restrictions.history import debtor_snapshot, record_event
from regua.restrictions.inbox import reference_of
from regua.restrictions.ledger_choices import DifferenceKind, Remedy
from regua.restrictions.ledger_selectors import latest_done, remedies_of
from regua.restrictions.models import Difference, Restriction
from regua.restrictions.news import record_apply
from regua.restrictions.selectors import (
    default_restriction_code,
    likely_reason,
    live_by_receivable,
)
from regua.restrictions.services import removal_request, restriction_request

REMEDIES_TASK = "restrictions.remedies"
REMEDIES_LOCK = 0x52454D45  # "REME"
LIVE_THERE = tuple(s for s in ListingStatus if FROM_BUREAU.get(s) in AT_BUREAU)
NEEDS = {
    Remedy.ADOPT_REMOVE: Permission.REQUEST_REMOVAL,
    Remedy.CORRECT: Permission.REQUEST_RESTRICTION,
    Remedy.RELIST: Permission.REQUEST_RESTRICTION,
}
"""What a remedy asks for besides ``Permission.RECONCILE``."""


def remedy_ask(
    *, integration: Integration, actor: User, ids: Collection[int], remedy: Remedy
) -> int:
    """Ask for ``remedy`` on those differences of the last comparison to which it applies and about
    which nothing was done yet; return how many. Raises ``NotAllowed``."""
    require(actor, Permission.RECONCILE, branch_id=integration.branch_id)
    if needed := NEEDS.get(remedy):
        require(actor, needed, branch_id=integration.branch_id)
    run = latest_done(integration)
    if run is None:
        return 0
    with transaction.atomic():
        rows = Difference.objects.select_for_update().filter(run=run, pk__in=ids, remedy="")
        fitting = [row.pk for row in rows if remedy in remedies_of(row)]
        Difference.objects.filter(pk__in=fitting).update(
            remedy=remedy, asked_by=actor, asked_at=timezone.now(), result=""
        )
        if fitting:
            ask_for_sender(REMEDIES_TASK, integration.pk)
    return len(fitting)


def remedies_drain(integration_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Carry out what was asked for, in turn; return how many differences were dealt with.

    Where the bureau cannot be asked, everything that waits is given back with the reason: nobody
    is left to guess whether it is still going to happen.
    """
    count = 0
    with only_one(REMEDIES_LOCK, integration_id) as alone:
        while alone and not should_stop():
            row = (
                _waiting(integration_id)
                .select_related("run__integration", "asked_by", "receivable")
                .order_by("pk")
                .first()
            )
            if row is None:
                break
            try:
                _carry_out(row)
            except (Refused, ValidationError, PermissionDenied) as error:
                _give_back(Difference.objects.filter(pk=row.pk, done_at=None), _said(error))
            except BureauError as error:
                _give_back(_waiting(integration_id), f"{error.message} Nada foi feito.")
                break
            count += 1
    return count


def _waiting(integration_id: int) -> Any:
    return Difference.objects.filter(run__integration_id=integration_id, done_at=None).exclude(
        remedy=""
    )


def _give_back(rows: Any, reason: str) -> None:
    rows.update(remedy="", asked_by=None, asked_at=None, result=reason)


def _said(error: Exception) -> str:
    if isinstance(error, BureauError):
        return error.message
    said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return said if "Nada foi" in said else f"{said} Nada foi feito."


def _carry_out(row: Difference) -> None:
    remedy = Remedy(row.remedy)
    if remedy is Remedy.REVIEW:
        _done(row, "Conferida. Não aparece de novo enquanto nada mudar.")
        return
    with gateway.line(
        row.run.integration,
        purpose="reconcile",
        subject=f"restriction:{row.restriction_id}" if row.restriction_id else "",
        actor=row.asked_by,
    ) as client:
        record = _look(client, row.protocol)
    with transaction.atomic():
        match remedy:
            case Remedy.ADOPT | Remedy.ADOPT_REMOVE:
                said = _adopt(row, record, remove=remedy is Remedy.ADOPT_REMOVE)
            case Remedy.CLOSE | Remedy.RELIST:
                said = _close(row, record, again=remedy is Remedy.RELIST)
            case Remedy.ACCEPT:
                said = _accept(row, record)
            case _:
                said = _correct(row, record)
        _done(row, said)


def _look(client: BureauClient, protocol: str) -> ListingRecord | None:
    try:
        return client.listing(protocol)
    except NotFound:
        return None


def _done(row: Difference, said: str) -> None:
    Difference.objects.filter(pk=row.pk).update(
        done_at=timezone.now(), result=said, restriction=row.restriction_id
    )


def _adopt(row: Difference, record: ListingRecord | None, *, remove: bool) -> str:
    if record is None or record.status not in LIVE_THERE:
        return "O birô já não tem esta negativação em curso. Nada foi adotado."
    ours = Restriction.objects.filter(
        integration=row.run.integration, protocol=row.protocol
    ).exclude(status__in=FINAL)
    if known := ours.first():
        row.restriction_id = known.pk
        return f"Já está aqui: é a negativação nº {known.pk}."
    actor, debt = row.asked_by, row.receivable
    if actor is None or debt is None:
        raise ValidationError("Não há título aqui a que ligar esta negativação.")
    integration = row.run.integration
    ended = row.restriction_id
    if ended:
        # The protocol goes over to the listing that is alive.
        Restriction.objects.filter(pk=ended, status__in=FINAL).update(protocol="")
    reference = reference_of(record)
    if reference is None or Restriction.objects.filter(idempotency_key=reference).exists():
        reference = uuid4()
    try:
        with transaction.atomic():
            adopted = Restriction.objects.create(
                integration=integration,
                idempotency_key=reference,
                provider=integration.provider,
                branch_id=debt.branch_id,
                customer=debt.customer,
                receivable=debt,
                form=Form.MANUAL,
                status=FROM_BUREAU[record.status],
                restriction_code=default_restriction_code(integration, debt.customer),
                contract_number=record.contract[:20],
                our_number=debt.our_number,
                amount=record.amount,
                due_date=record.due_date,
                debtor=debtor_snapshot(debt.customer),
                protocol=record.protocol,
                bureau_version=record.version,
                bureau_status=record.status.value,
                bureau_code=record.code[:10],
                notified_on=record.notified_on,
                visible_on=record.visible_on,
                requested_by=actor,
                sent_at=timezone.now(),
                due_at=None,
            )
    except IntegrityError as error:
        if constraint_of(error) != "restriction_one_live":
            raise
        raise ValidationError(
            f"O título {debt.number} já tem outra negativação em curso neste birô. Peça a baixa "
            "de uma das duas."
        ) from None
    record_event(
        adopted,
        text=f"Adotada na conciliação: o birô já a tinha, protocolo {record.protocol}.",
        source=Source.RECONCILE,
        actor=actor,
    )
    if ended:
        record_event(
            Restriction.objects.get(pk=ended),
            text=f"O birô mostra o protocolo {record.protocol} em curso. Quem o acompanha agora "
            f"é a negativação nº {adopted.pk}.",
            source=Source.RECONCILE,
            actor=actor,
        )
    duties_follow([debt.pk])
    row.restriction_id = adopted.pk
    if not remove:
        return f"Adotada: é a negativação nº {adopted.pk}."
    removal_request(
        restriction=adopted,
        actor=actor,
        reason=likely_reason(debt) or RemovalReason.WRONGLY_LISTED,
    )
    return f"Adotada como negativação nº {adopted.pk}, e a baixa foi pedida."


def _locked(row: Difference) -> Restriction:
    return (
        Restriction.objects.select_for_update(of=["self"])
        .select_related("receivable", "integration")
        .get(pk=row.restriction_id or 0)
    )


def _close(row: Difference, record: ListingRecord | None, *, again: bool) -> str:
    ours = _locked(row)
    actor = row.asked_by
    if record is not None:
        record_apply(ours.pk, record, source=Source.RECONCILE, actor=actor)
        return "O birô tem esta negativação, sim. Nada foi encerrado."
    if ours.is_final:
        return "Esta negativação já terminou aqui. Nada mudou."
    if ours.status not in (*AT_BUREAU, Status.REMOVAL_SENT):
        raise ValidationError("Esta negativação está a caminho do birô agora.")
    before = ours.status
    ours.status, ours.removed_on, ours.problem = Status.REMOVED, timezone.localdate(), ""
    ours.unavailable = False
    ours.save()
    record_event(
        ours,
        text="Encerrada na conciliação: o birô não conhece este protocolo; "
        "a dívida não está negativada.",
        source=Source.RECONCILE,
        actor=actor,
        before=before,
    )
    replacement_follow(ours)
    if not again or actor is None:
        return "Encerrada aqui. O birô não tem esta dívida negativada."
    if correction := live_by_receivable([ours.receivable_id]).get(ours.receivable_id):
        return f"Encerrada aqui. A correção que esperava por ela segue: nº {correction.pk}."
    listed = restriction_request(receivable=ours.receivable, actor=actor)
    return f"Encerrada aqui e pedida de novo: é a negativação nº {listed.pk}."


def _accept(row: Difference, record: ListingRecord | None) -> str:
    if record is None:
        raise ValidationError(
            "O birô não conhece mais este protocolo. Faça a conciliação de novo para encerrar."
        )
    ours = _locked(row)
    record_apply(ours.pk, record, source=Source.RECONCILE, actor=row.asked_by, again=True)
    ours.refresh_from_db()
    if FROM_BUREAU.get(record.status) != ours.status:
        label = Status(ours.status).label.lower()
        raise ValidationError(
            f"Uma negativação que aqui está {label} não pode passar para a situação do birô. "
            "Fale com o birô, ou marque como conferida."
        )
    return f"Situação acertada: {Status(ours.status).label.lower()}."


def _correct(row: Difference, record: ListingRecord | None) -> str:
    ours = _locked(row)
    if record is None or record.status not in LIVE_THERE:
        if record is not None:
            record_apply(ours.pk, record, source=Source.RECONCILE, actor=row.asked_by)
        return "O birô já não tem esta negativação em curso. Nada foi pedido."
    if (record.amount, record.due_date) == (ours.amount, ours.due_date):
        return "Os dados já conferem no birô. Nada foi pedido."
    replacement = correction_request(restriction=ours, actor=row.asked_by, kind=row.kind)
    if replacement.awaits_approval:
        return (
            f"Correção pedida: é a nº {replacement.pk}, e espera a aprovação de outra pessoa. Até "
            f"lá a nº {ours.pk} continua no birô como está, e o prazo da lei corre."
        )
    told = "o valor" if row.kind == DifferenceKind.AMOUNT else "o vencimento"
    record_event(
        ours,
        text=f"Na conciliação, {told} no birô não era o nosso: baixa pedida para corrigir.",
        source=Source.RECONCILE,
        actor=row.asked_by,
        status=Status.REMOVAL_QUEUED,
    )
    return f"Baixa pedida. Confirmada, a nº {replacement.pk} é pedida com o dado certo."
