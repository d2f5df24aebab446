"""The bureau's own PDF of an inquiry: fetched once, when somebody first asks, and kept sealed."""

from __future__ import annotations

import base64

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.errors import BureauError, TryLater
from regua.inquiries.models import BureauPdf, Inquiry
from regua.integrations import gateway, vault

LARGEST = 10 * 1024 * 1024
"""Bytes; a bigger one is not kept."""
_OURS = "O PDF da Régua continua disponível."


class NoBureauPdf(Exception):
    """There is none to show now; the text is a sentence for the person."""


def bureau_pdf_offered(inquiry: Inquiry) -> bool:
    """Whether there may be one to open: the bureau prints, and the term of retention runs."""
    if inquiry.status != Inquiry.Status.ANSWERED or inquiry.report_erased_at:
        return False
    try:
        return gateway.provider_of(inquiry.integration).capabilities.inquiry_pdf
    except LookupError:
        return False


def bureau_pdf(*, inquiry: Inquiry, actor: User) -> bytes:
    """The bureau's PDF, from our keeping or else from the bureau. Raises ``NoBureauPdf``."""
    require(actor, Permission.VIEW_INQUIRIES, branch_id=inquiry.branch_id)
    if inquiry.report_erased_at:
        raise NoBureauPdf(
            "O PDF do birô foi apagado junto com o relatório, ao fim do prazo de guarda. " + _OURS
        )
    if not bureau_pdf_offered(inquiry):
        raise NoBureauPdf("Este birô não oferece PDF para esta consulta. " + _OURS)
    kept = BureauPdf.objects.filter(inquiry=inquiry).first()
    try:
        if kept:
            return base64.b64decode(vault.unseal(kept.sealed, kept.vault_context()))
        content = _fetch(inquiry, actor)
        new = BureauPdf(inquiry=inquiry)
        new.sealed = vault.seal(base64.b64encode(content).decode(), new.vault_context())
    except vault.VaultError as error:
        raise NoBureauPdf(f"O PDF do birô não pôde ser aberto. {error}") from error
    # Somebody may have fetched it at the same moment: the bureau gives the same to both.
    BureauPdf.objects.bulk_create([new], ignore_conflicts=True)
    return content


def _fetch(inquiry: Inquiry, actor: User) -> bytes:
    try:
        with gateway.line(
            inquiry.integration,
            purpose="inquiry_pdf",
            subject=f"inquiry:{inquiry.pk}",
            actor=actor,
        ) as client:
            content = client.inquiry_pdf(inquiry.protocol)
    except TryLater as error:
        raise NoBureauPdf(
            "O birô não entregou o PDF agora. Nada mudou e nada foi cobrado. "
            f"Tente de novo em alguns minutos. {_OURS}"
        ) from error
    except BureauError as error:
        raise NoBureauPdf(f"O PDF do birô não veio: {error.message} {_OURS}") from error
    if not content.startswith(b"%PDF") or len(content) > LARGEST:
        raise NoBureauPdf(
            "O que o birô entregou não é um PDF que se possa guardar. Nada mudou. "
            f"Avise o suporte do birô, com o protocolo {inquiry.protocol}. {_OURS}"
        )
    return content
