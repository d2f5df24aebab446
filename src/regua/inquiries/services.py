"""Asking a bureau about a document, once and accountably."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import TypeAdapter

from regua import documents
from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryPending, InquiryReport, InquiryRequest
from regua.bureaus.errors import BureauError, OutcomeUnknown, TryLater
from regua.inquiries.models import Inquiry
from regua.integrations import gateway, vault
from regua.integrations.outbox import Claim, ask_again_in, ask_for_sender, backoff, drain, settle
from regua.integrations.selectors import NoIntegration, offer_in_use
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.selectors import customer_with_document

SENDER = "inquiries.send"
PURPOSE = "Avaliação de crédito para contratação"
PATIENCE = timedelta(minutes=10)
"""How long a question waits for a bureau that is down before the person is told to ask again."""
GIVE_UP = timedelta(hours=24)
"""How long an answer is waited for once the bureau has, or may have, taken the question up."""
_POLL = timedelta(seconds=1)

report_codec: TypeAdapter[InquiryReport] = TypeAdapter(InquiryReport)


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
) -> Inquiry:
    """Write the intent to ask about ``document`` and ask for its sender, in one transaction.

    Without ``product_code`` the cheapest product for that kind of document is used; without a
    party, the branch's customer with that document, if any, is. ``key`` names the form that asked:
    the same question sent twice from it is one inquiry, paid once. Raises ``ValidationError`` or
    ``NotAllowed``; nothing is written then.
    """
    require(actor, Permission.REQUEST_INQUIRY, branch_id=branch.pk)
    try:
        parsed = documents.parse(document)
    except documents.InvalidDocument as error:
        raise ValidationError({"document": str(error)}) from None
    try:
        integration, product = offer_in_use(branch.pk, parsed.value, product_code)
    except NoIntegration as error:
        raise ValidationError(str(error)) from None
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
    if customer is None and lead is None and prospect is None:
        customer_id = customer_with_document(branch.pk, parsed.value)
    else:
        customer_id = customer.pk if customer else None
    question = Inquiry(
        idempotency_key=key or uuid4(),
        integration=integration,
        branch=branch,
        document=parsed.value,
        customer_id=customer_id,
        lead=lead,
        prospect=prospect,
        product_code=product.code,
        product_name=product.name,
        cost=product.price,
        purpose=purpose,
        requested_by=actor,
    )
    try:
        with transaction.atomic():
            question.save()
            ask_for_sender(SENDER, integration.pk)
    except IntegrityError:
        asked = Inquiry.objects.filter(idempotency_key=key).first() if key else None
        if asked is None:
            raise
        return _same_or_refuse(asked, question)
    return question


def _same_or_refuse(asked: Inquiry, question: Inquiry) -> Inquiry:
    """The inquiry that this form has made already, if it asked the same."""
    same = ("branch_id", "document", "product_code", "requested_by_id")
    if all(getattr(asked, name) == getattr(question, name) for name in same):
        return asked
    raise ValidationError(
        "Esta página já fez uma consulta. Nada novo foi consultado. "
        "Abra a Central de consultas outra vez para fazer outra."
    )


def inquiries_drain(integration_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Bring every due inquiry of an integration to its bureau; return how many."""
    return drain(Inquiry, integration_id, inquiry_send, should_stop=should_stop)


def inquiry_send(claim: Claim[Inquiry]) -> None:
    """Ask, or ask after the answer. Repeating is safe: the key makes the bureau charge once."""
    inquiry = claim.row
    key = str(inquiry.idempotency_key)
    try:
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
        ask_again_in(SENDER, inquiry.integration_id, wait)


def _settle(claim: Claim[Inquiry], **changes: object) -> None:
    """Record an outcome unless another sender has taken the row since."""
    settle(claim, (Inquiry.Status.QUEUED, Inquiry.Status.SENT), **changes)


def _settle_report(inquiry: Inquiry, claim: Claim[Inquiry], report: InquiryReport) -> None:
    score = report.score
    _settle(
        claim,
        status=Inquiry.Status.ANSWERED,
        protocol=report.protocol,
        answered_at=timezone.now(),
        due_at=None,
        unknown=False,
        problem="",
        name=report.name[:120],
        document_status=report.document_status[:60],
        score=score.value if score else None,
        band=score.band if score else "",
        default_probability=score.default_probability if score else None,
        pendings_count=len(report.pendings),
        pendings_total=report.pendings_total,
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
    _settle(
        claim,
        status=Inquiry.Status.REFUSED,
        protocol=inquiry.protocol,
        due_at=None,
        unknown=False,
        problem=problem,
        charge_unsure=unsure,
    )


def _gave_up(inquiry: Inquiry, *, charged: bool) -> str:
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
