"""Asking a bureau about a document, once and accountably."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
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
from regua.integrations.outbox import Claim, ask_for_sender, backoff, drain
from regua.integrations.selectors import NoIntegration, integration_in_use, products_for
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect

SENDER = "inquiries.send"
PURPOSE = "Avaliação de crédito para contratação"
PATIENCE = timedelta(minutes=10)
"""How long a question waits for a bureau that is down before the person is told to ask again."""
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
) -> Inquiry:
    """Write the intent to ask about ``document`` and ask for its sender, in one transaction.

    Without ``product_code`` the cheapest product for that kind of document is used. Raises
    ``ValidationError`` or ``NotAllowed``; nothing is written then.
    """
    require(actor, Permission.REQUEST_INQUIRY, branch_id=branch.pk)
    try:
        parsed = documents.parse(document)
    except documents.InvalidDocument as error:
        raise ValidationError({"document": str(error)}) from None
    try:
        integration = integration_in_use(branch.pk)
    except NoIntegration as error:
        raise ValidationError(str(error)) from None
    products = products_for(integration, parsed.value)
    product = (products.filter(code=product_code) if product_code else products).first()
    if product is None:
        raise ValidationError(
            {
                "product_code": "O birô não oferece este produto para este tipo de documento. "
                "Nada foi consultado nem cobrado. Atualize os códigos na integração "
                f"nº {integration.pk} ou escolha outro produto."
            }
        )
    with transaction.atomic():
        inquiry = Inquiry.objects.create(
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
        )
        ask_for_sender(SENDER, integration.pk)
    return inquiry


def inquiries_drain(integration_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Bring every due inquiry of an integration to its bureau; return how many."""
    return drain(Inquiry, integration_id, inquiry_send, should_stop=should_stop)


def inquiry_send(claim: Claim) -> None:
    """Ask, or ask after the answer. Repeating is safe: the key makes the bureau charge once."""
    inquiry = Inquiry.objects.select_related("integration", "requested_by").get(pk=claim.pk)
    key = str(inquiry.idempotency_key)
    try:
        with gateway.line(
            inquiry.integration,
            purpose="inquiry",
            subject=f"inquiry:{inquiry.pk}",
            actor=inquiry.requested_by,
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
    if isinstance(answer, InquiryPending):
        _settle(
            claim,
            status=Inquiry.Status.SENT,
            protocol=answer.protocol,
            due_at=timezone.now() + min(_POLL * claim.attempts, timedelta(seconds=30)),
            unknown=False,
            problem="",
        )
    else:
        _settle_report(inquiry, claim, answer)


def _settle(claim: Claim, **changes: object) -> None:
    """Record an outcome unless another sender has taken the row since."""
    Inquiry.objects.filter(
        pk=claim.pk,
        attempts=claim.attempts,
        status__in=[Inquiry.Status.QUEUED, Inquiry.Status.SENT],
    ).update(**changes)


def _settle_report(inquiry: Inquiry, claim: Claim, report: InquiryReport) -> None:
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


def _settle_failure(inquiry: Inquiry, claim: Claim, error: BureauError) -> None:
    now = timezone.now()
    impatient = now - inquiry.requested_at > PATIENCE
    match error:
        case OutcomeUnknown():
            _settle(claim, due_at=now + backoff(claim.attempts), problem=error.message)
        case TryLater() if not impatient or inquiry.protocol:
            wait = backoff(claim.attempts)
            if error.retry_after is not None:
                wait = max(wait, timedelta(seconds=error.retry_after))
            _settle(claim, due_at=now + wait, unknown=False, problem=error.message)
        case _:
            _settle(
                claim,
                status=Inquiry.Status.REFUSED,
                due_at=None,
                unknown=False,
                problem=error.message,
            )
