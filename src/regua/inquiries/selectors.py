"""Reading inquiries."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryReport
from regua.inquiries.models import Inquiry
from regua.inquiries.services import report_codec
from regua.integrations import vault


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
