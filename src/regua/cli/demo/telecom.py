"""Telecommunications contracts at every stage of the way to a lawful listing.

One customer has all that Anatel's rules ask for; each of the others lacks one thing, so that what
the gate says of it can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from regua.accounts.models import User
from regua.compliance.models import EvidenceKind
from regua.compliance.services import evidence_add
from regua.parties.models import Customer
from regua.receivables.models import Contract, Receivable


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Days from the oldest debt's due date to the notice, from there to the suspension, from there
    to the rescission; None where it has not happened."""

    notice: int | None = 10
    suspension: int | None = 15
    rescission: int | None = 60
    proof: bool = True
    document: bool = True


STAGES = {
    34: Stage(),
    54: Stage(notice=None),
    59: Stage(document=False),
    74: Stage(suspension=8, rescission=67),
    79: Stage(rescission=45),
    94: Stage(rescission=None, proof=False),
    99: Stage(notice=40, suspension=15, rescission=None, proof=False),
    114: Stage(proof=False),
}
"""By the customer's number in the demo: people and companies three months behind."""


def travel(number: int, contract: Contract, oldest: Receivable, actor: User, today: date) -> None:
    """Bring a contract to its stage, with the files that prove it."""
    stage = STAGES[number]
    customer = contract.customer
    notified = oldest.due_date + timedelta(days=stage.notice or 10)
    suspended = notified + timedelta(days=stage.suspension or 0)
    contract.suspended_on = suspended if suspended <= today else None
    if stage.rescission is not None:
        contract.ended_on = suspended + timedelta(days=stage.rescission)
    contract.save()
    if stage.document:
        _attach(EvidenceKind.DEBT_DOCUMENT, customer, actor, contract, contract.started_on)
    if stage.notice is not None:
        _attach(EvidenceKind.OVERDUE_NOTICE, customer, actor, contract, notified)
    if stage.proof:
        _attach(EvidenceKind.RESCISSION_PROOF, customer, actor, contract, contract.ended_on)


_TEXTS = {
    EvidenceKind.DEBT_DOCUMENT: (
        "Contrato de prestação de serviço de comunicação multimídia",
        "O assinante contrata o serviço de internet e se obriga a pagar a mensalidade.",
    ),
    EvidenceKind.OVERDUE_NOTICE: (
        "Aviso de atraso",
        "A sua mensalidade está vencida. Sem pagamento, o serviço pode ser suspenso em 15 dias,",
        "o contrato rescindido 60 dias depois da suspensão, e a dívida negativada depois disso.",
    ),
    EvidenceKind.RESCISSION_PROOF: (
        "Comprovante da rescisão",
        "O contrato foi rescindido por falta de pagamento. A dívida continua em aberto.",
    ),
}
_NAMES = {
    EvidenceKind.DEBT_DOCUMENT: "contrato",
    EvidenceKind.OVERDUE_NOTICE: "aviso-de-atraso",
    EvidenceKind.RESCISSION_PROOF: "rescisao",
}


def _attach(
    kind: EvidenceKind, customer: Customer, actor: User, contract: Contract, day: date | None
) -> None:
    evidence_add(
        customer=customer,
        actor=actor,
        kind=kind,
        contract=contract,
        dated_on=day,
        filename=f"{_NAMES[kind]}-{contract.number}.pdf",
        data=_pdf(*_TEXTS[kind], f"Contrato {contract.number}, {day:%d/%m/%Y}"),
    )


def _pdf(*lines: str) -> bytes:
    out = BytesIO()
    page = Canvas(out, pagesize=A4, invariant=1)
    page.setTitle(lines[0])
    for place, line in enumerate(lines):
        page.drawString(60, 770 - 24 * place, line)
    page.drawString(60, 60, "Documento inventado para demonstração.")
    page.save()
    return out.getvalue()
