"""Reading inquiries."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Length

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryReport
from regua.inquiries.models import Inquiry
from regua.inquiries.services import report_codec
from regua.integrations import vault
from regua.organization.models import Branch
from regua.parties.models import Customer


def inquiries_visible(actor: User) -> QuerySet[Inquiry]:
    return visible(
        Inquiry.objects.select_related("requested_by", "customer", "lead", "prospect", "branch"),
        actor=actor,
        permission=Permission.VIEW_INQUIRIES,
    )


def inquiry_report(inquiry: Inquiry) -> InquiryReport | None:
    """The bureau's report, opened; None until it has answered."""
    if not inquiry.report_sealed:
        return None
    return report_codec.validate_json(vault.unseal(inquiry.report_sealed, inquiry.vault_context()))


def earlier_inquiry(document: str, *, actor: User) -> Inquiry | None:
    """The newest inquiry about ``document`` that was not refused, for not paying twice."""
    return (
        inquiries_visible(actor)
        .filter(document=document)
        .exclude(status=Inquiry.Status.REFUSED)
        .order_by("-requested_at", "-id")
        .first()
    )


def usual_product(actor: User, branch: Branch, document: str) -> str:
    """What this person asked last in the branch about this kind of document, or ''."""
    return (
        Inquiry.objects.annotate(length=Length("document"))
        .filter(requested_by=actor, branch=branch, length=len(document))
        .order_by("-id")
        .values_list("product_code", flat=True)
        .first()
        or ""
    )


def inquirers(actor: User) -> QuerySet[User]:
    """Those who made an inquiry that ``actor`` may see."""
    theirs = inquiries_visible(actor).select_related(None).filter(requested_by=OuterRef("pk"))
    return User.objects.filter(Exists(theirs.order_by()))


def customer_inquiries(customer: Customer, *, actor: User) -> QuerySet[Inquiry]:
    return inquiries_visible(actor).filter(customer=customer)


def last_answer(customer: Customer, *, actor: User) -> Inquiry | None:
    """The customer's newest answered inquiry."""
    return (
        customer_inquiries(customer, actor=actor)
        .filter(status=Inquiry.Status.ANSWERED)
        .order_by("-requested_at", "-id")
        .first()
    )


def counts_by(field: str, ids: Iterable[int], *, actor: User) -> dict[int, int]:
    """Party → how many inquiries; ``field`` is ``customer_id``, ``lead_id`` or ``prospect_id``."""
    rows = (
        inquiries_visible(actor)
        .select_related(None)
        .filter(**{f"{field}__in": list(ids)})
        .order_by()
        .values_list(field)
        .annotate(Count("pk"))
    )
    return dict(rows)
