"""Asking a bureau about a document, once and accountably."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from regua import documents
from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryPending, InquiryReport, InquiryRequest
from regua.bureaus.errors import BureauError, OutcomeUnknown, TryLater
from regua.inquiries.budget import give_back
from regua.inquiries.choices import AccessKind
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.policy.matching import Facts
from regua.inquiries.selectors import report_codec, same_under_way, within_interval
from regua.inquiries.writing import answer_write, intent_write
from regua.integrations import gateway, throttle, vault
from regua.integrations.outbox import URGENT, Claim, ask_again_in, backoff, settle
from regua.integrations.selectors import NoIntegration, check_linked, offer_in_use
from regua.integrations.senders import Crew, drain
from regua.integrations.services import constraint_of
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect
from regua.web import formats

SENDER = "inquiries.send"
PURPOSE = "Avaliação de crédito para contratação"
PATIENCE = timedelta(minutes=10)
"""How long a question waits for a bureau that is down before the person is told to ask again."""
GIVE_UP = timedelta(hours=24)
"""How long an answer is waited for once the bureau has, or may have, taken the question up."""
_POLL = timedelta(seconds=1)


class WithinInterval(ValidationError):
    """The document was asked about less than the interval ago; ``earlier`` is that inquiry."""

    def __init__(self, earlier: Inquiry, days: int) -> None:
        self.earlier = earlier
        super().__init__(
            f"Este documento já foi consultado em {formats.day(earlier.requested_at)} por "
            f"{earlier.requested_by.name}, e o intervalo entre consultas é de {days} dias. Nada "
            f"foi consultado nem cobrado. Use a consulta nº {earlier.pk} ou diga por que repetir."
        )


def inquiry_request(
    *,
    actor: User,
    branch: Branch,
    document: str,
    product_code: str = "",
    purpose: str = PURPOSE,
    customer: Customer | None = None,
    lead: Lead | None = None,
    prospect: Prospect | None = None,
    key: UUID | None = None,
    repeat_reason: str = "",
) -> Inquiry:
    """Write the intent to ask about ``document`` and ask for its sender, in one transaction.

    Without ``product_code`` the cheapest product for that kind of document is used; without a
    party, the branch's customer with that document, if any, is. ``key`` names the form that asked:
    the same question sent twice from it is one inquiry, paid once; and whoever asks what is being
    asked already gets that inquiry. Within the interval between inquiries it takes
    ``repeat_reason`` and the permission to repeat. Raises ``ValidationError`` (``WithinInterval``,
    ``BudgetSpent``) or ``NotAllowed``; nothing is written then.
    """
    require(actor, Permission.REQUEST_INQUIRY, branch_id=branch.pk)
    try:
        parsed = documents.parse(document)
    except documents.InvalidDocument as error:
        raise ValidationError({"document": str(error)}) from None
    try:
        offer = offer_in_use(branch.pk, parsed.value, product_code)
    except NoIntegration as error:
        raise ValidationError(str(error)) from None
    integration, product = offer.integration, offer.product
    if product is None:
        raise ValidationError(
            {
                "product_code": "O birô não oferece este produto para este tipo de documento. "
                "Nada foi consultado nem cobrado. Atualize os códigos na integração "
                f"nº {integration.pk} ou escolha outro produto."
            }
        )
    purpose = purpose.strip()
    if not purpose:
        raise ValidationError({"purpose": "Informe a finalidade: a lei pede que ela exista."})
    question = Inquiry(
        idempotency_key=key or uuid4(),
        integration=integration,
        branch=branch,
        document=parsed.value,
        customer=customer,
        lead=lead,
        prospect=prospect,
        product_code=product.code,
        product_name=product.name,
        cost=product.price,
        purpose=purpose,
        requested_by=actor,
        repeat_reason="",
        outcome="",
    )
    asked = _ask(question, key, offer.interval_days, repeat_reason.strip())
    if asked is not question and asked.requested_by_id != actor.pk:
        access_record(inquiry=asked, actor=actor, kind=AccessKind.JOINED, purpose=purpose)
    return asked


def _asked_before(question: Inquiry, key: UUID | None) -> Inquiry | None:
    """The inquiry that this form has made already. Raises where it asked something else."""
    asked = Inquiry.objects.filter(idempotency_key=key).first() if key else None
    if asked is None:
        return None
    same = ("branch_id", "document", "product_code", "requested_by_id")
    if all(getattr(asked, name) == getattr(question, name) for name in same):
        return asked
    raise ValidationError(
        "Esta página já fez uma consulta. Nada novo foi consultado. "
        "Abra a Central de consultas outra vez para fazer outra."
    )


def _same_under_way(question: Inquiry) -> Inquiry | None:
    return same_under_way(question.integration_id, question.document, question.product_code)


def _keep_interval(
    question: Inquiry, key: UUID | None, days: int | None, reason: str
) -> Inquiry | None:
    """Refuse a question within ``days`` of another, unless a person who may says why.

    Those who ask about the document at the same moment pass one by one, until the caller commits;
    whoever finds that the same was asked already gets that inquiry.
    """
    if not days:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"inquiries.interval:{question.document}"],
        )
    earlier = within_interval(question.document, days, actor=question.requested_by)
    if earlier is None:
        return None
    if asked := _asked_before(question, key) or _same_under_way(question):
        return asked
    if not reason:
        raise WithinInterval(earlier, days)
    require(question.requested_by, Permission.REPEAT_INQUIRY)
    question.repeats, question.repeat_reason = earlier, reason[:200]
    return None


def _ask(question: Inquiry, key: UUID | None, days: int | None, reason: str) -> Inquiry:
    """Write ``question``; where it was asked already, or is at this very moment, return that."""
    for _ in range(3):
        try:
            # The intent is one statement; only what holds a lock before it needs more than that.
            with transaction.atomic() if days or connection.in_atomic_block else nullcontext():
                if asked := _keep_interval(question, key, days, reason):
                    return asked
                intent_write(question, SENDER)
        except IntegrityError as error:
            match constraint_of(error):
                case "inquiry_asked_once":
                    asked = _same_under_way(question)
                case _:
                    asked = _asked_before(question, key)
                    if asked is None:
                        raise
            if asked is not None:
                return asked
        else:
            return question
    raise ValidationError(
        "A mesma consulta está sendo feita por outra pessoa. Nada foi consultado por esta página. "
        "Espere um instante e tente de novo."
    )


def inquiry_reuse(*, inquiry: Inquiry, actor: User, purpose: str = PURPOSE) -> None:
    """Use an earlier answer instead of paying for a new one; who did and why is kept."""
    require(actor, Permission.REQUEST_INQUIRY, branch_id=inquiry.branch_id)
    access_record(inquiry=inquiry, actor=actor, kind=AccessKind.REUSED, purpose=purpose)


def access_record(*, inquiry: Inquiry, actor: User, kind: AccessKind, purpose: str) -> None:
    """Note that ``actor`` used an inquiry not made for them (LGPD, art. 37)."""
    InquiryAccess.objects.create(
        inquiry=inquiry, actor=actor, kind=kind, purpose=purpose.strip()[:120] or PURPOSE
    )


def inquiries_drain(
    integration_id: int,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    crew: Crew | None = None,
) -> int:
    """Bring every due inquiry of an integration to its bureau; return how many."""
    return drain(Inquiry, integration_id, inquiry_send, should_stop=should_stop, crew=crew)


def inquiry_send(claim: Claim[Inquiry]) -> None:
    """Ask, or ask after the answer. Repeating is safe: the key makes the bureau charge once."""
    inquiry = claim.row
    key = str(inquiry.idempotency_key)
    try:
        if not inquiry.protocol and not claim.unanswered:
            check_linked(inquiry.integration)
        with gateway.line(
            inquiry.integration,
            purpose="inquiry",
            subject=f"inquiry:{inquiry.pk}",
            actor_id=inquiry.requested_by_id,
        ) as client:
            if inquiry.protocol:
                answer = client.inquiry(inquiry.protocol)
            else:
                answer = client.inquire(
                    InquiryRequest(
                        document=inquiry.document, product=inquiry.product_code, reference=key
                    ),
                    idempotency_key=key,
                )
    except throttle.Held:
        raise  # nothing left: the claim is given back
    except BureauError as error:
        _settle_failure(inquiry, claim, error)
        return
    if not isinstance(answer, InquiryPending):
        _settle_report(inquiry, claim, answer)
    elif timezone.now() - inquiry.requested_at > GIVE_UP:
        inquiry.protocol = answer.protocol
        _refuse(inquiry, claim, _gave_up(inquiry, charged=True), unsure=True)
    else:
        wait = min(_POLL * claim.attempts, timedelta(seconds=30))
        _settle(
            claim,
            status=Inquiry.Status.SENT,
            protocol=answer.protocol,
            due_at=timezone.now() + wait,
            unknown=False,
            problem="",
        )
        ask_again_in(SENDER, inquiry.integration_id, wait, priority=URGENT)


def _settle(claim: Claim[Inquiry], **changes: object) -> bool:
    """Record an outcome unless another sender has taken the row since; say whether it was."""
    return settle(claim, (Inquiry.Status.QUEUED, Inquiry.Status.SENT), **changes)


def _settle_report(inquiry: Inquiry, claim: Claim[Inquiry], report: InquiryReport) -> None:
    score = report.score
    days = [pending.occurred_on for pending in report.pendings if pending.occurred_on]
    facts = Facts(
        document=inquiry.document,
        document_status=report.document_status[:60],
        score=score.value if score else None,
        pendings_count=len(report.pendings),
        pendings_total=report.pendings_total,
        newest_pending_on=max(days, default=None),
        born_or_opened_on=report.born_or_opened_on,
        requested_at=inquiry.requested_at,
    )
    answer_write(
        claim,
        facts,
        protocol=report.protocol,
        answered_at=timezone.now(),
        name=report.name[:120],
        band=score.band if score else "",
        default_probability=score.default_probability if score else None,
        report_sealed=vault.seal(report_codec.dump_json(report).decode(), inquiry.vault_context()),
    )


def _settle_failure(inquiry: Inquiry, claim: Claim[Inquiry], error: BureauError) -> None:
    now = timezone.now()
    age = now - inquiry.requested_at
    perhaps_asked = bool(inquiry.protocol) or claim.unanswered
    match error:
        case OutcomeUnknown() if age > GIVE_UP:
            _refuse(inquiry, claim, _gave_up(inquiry, charged=True), unsure=True)
        case OutcomeUnknown():
            _settle(claim, due_at=now + backoff(claim.attempts), problem=error.message)
        case TryLater() if age > (GIVE_UP if perhaps_asked else PATIENCE):
            _refuse(inquiry, claim, _gave_up(inquiry, charged=perhaps_asked), unsure=perhaps_asked)
        case TryLater():
            wait = backoff(claim.attempts)
            if error.retry_after is not None:
                wait = max(wait, timedelta(seconds=error.retry_after))
            _settle(claim, due_at=now + wait, unknown=claim.unanswered, problem=error.message)
        case _ if perhaps_asked:
            problem = f"{error.message} {_maybe_charged(inquiry)}"
            _refuse(inquiry, claim, problem, unsure=True)
        case _:
            _refuse(inquiry, claim, error.message, unsure=False)


def _refuse(inquiry: Inquiry, claim: Claim[Inquiry], problem: str, *, unsure: bool) -> None:
    with transaction.atomic():
        settled = _settle(
            claim,
            status=Inquiry.Status.REFUSED,
            protocol=inquiry.protocol,
            due_at=None,
            unknown=False,
            problem=problem,
            charge_unsure=unsure,
        )
        if settled and not unsure:
            give_back(inquiry.branch_id, inquiry.cost, requested_at=inquiry.requested_at)


def inquiries_give_up() -> None:
    """End the questions that never left and have waited longer than ``PATIENCE`` for a bureau that
    may not be called: their senders do not take them up."""
    waiting = Inquiry.objects.filter(
        throttle.held("integration"),
        status=Inquiry.Status.QUEUED,
        protocol="",
        unknown=False,
        due_at__isnull=False,
        requested_at__lt=timezone.now() - PATIENCE,
    )
    for inquiry in waiting.order_by("due_at")[:500]:
        _refuse(
            inquiry, Claim(inquiry, unanswered=False, last=False), _gave_up(inquiry), unsure=False
        )


def _gave_up(inquiry: Inquiry, *, charged: bool = False) -> str:
    if charged:
        return (
            "O birô não deu a resposta em 24 horas, e deixamos de perguntar. "
            f"{_maybe_charged(inquiry)}"
        )
    return (
        "O birô não atendeu em 10 minutos, e deixamos de tentar. "
        "Nada foi consultado nem cobrado. Consulte de novo mais tarde."
    )


def _maybe_charged(inquiry: Inquiry) -> str:
    which = f", protocolo {inquiry.protocol}," if inquiry.protocol else ""
    return f"A consulta{which} pode ter sido cobrada: confira com o birô antes de fazer outra."
