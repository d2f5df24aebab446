"""Evidence kept and withdrawn; rules that somebody decides to let pass."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance import files
from regua.compliance.models import (
    DATED,
    OF_A_CONTRACT,
    Evidence,
    EvidenceContent,
    EvidenceKind,
    NoticeTerm,
    RuleOverride,
)
from regua.compliance.rules import BY_CODE
from regua.compliance.selectors import TERM_CHANGE, State, evaluate
from regua.organization.models import ParameterChange
from regua.parties.models import Customer
from regua.receivables.models import Contract, Impediment, Receivable

REASON_LENGTH = 10
"""Characters: the shortest reason that says anything."""
EARLIEST = date(1990, 9, 11)
"""The CDC's own day: nothing that is proved here can be older."""


def evidence_add(
    *,
    customer: Customer,
    actor: User,
    kind: EvidenceKind,
    data: bytes,
    filename: str,
    dated_on: date | None = None,
    contract: Contract | None = None,
    receivable: Receivable | None = None,
    impediment: Impediment | None = None,
) -> Evidence:
    """Keep a file that proves something; the same bytes are stored once, however often attached.

    ``dated_on`` is the day of the fact: when the notice was received, the contract rescinded.
    With ``impediment``, the receivable is its own; with ``receivable``, the contract. Raises
    ``ValidationError`` with a sentence per field; nothing is kept then.
    """
    require(actor, Permission.ADD_EVIDENCE, branch_id=customer.branch_id)
    if impediment is not None:
        receivable = impediment.receivable
    if receivable is not None:
        contract = receivable.contract
    for part in (contract, receivable):
        if part is not None and part.customer_id != customer.pk:
            raise ValidationError("Isto é de outro cliente. Nada foi guardado.")
    problems: dict[str, str] = {}
    file_type = files.type_of(data) if 0 < len(data) <= files.MAX_BYTES else None
    if not data:
        problems["file"] = "O arquivo está vazio."
    elif len(data) > files.MAX_BYTES:
        problems["file"] = "O arquivo passa de 10 MB. Reduza-o ou envie só as páginas que provam."
    elif file_type is None:
        problems["file"] = (
            "O arquivo não é, ou não está inteiro, um PDF, PNG, JPEG, WebP, e-mail (.eml) ou texto."
        )
    if kind in OF_A_CONTRACT and contract is None:
        problems["subject"] = "Diga de qual contrato ou título é este documento."
    if problem := _date_problem(kind, dated_on, receivable):
        problems["dated_on"] = problem
    if problems:
        raise ValidationError(problems)
    assert file_type is not None  # noqa: S101  (mypy: it is a problem above)
    return _write(
        data,
        file_type,
        filename,
        kind=kind,
        customer=customer,
        contract=contract,
        receivable=receivable,
        impediment=impediment,
        dated_on=dated_on,
        uploaded_by=actor,
    )


def notice_keep(*, receivable: Receivable, data: bytes, filename: str, dated_on: date) -> Evidence:
    """Keep, as proof of the overdue notice, the message by which the system itself gave it.

    ``data`` is the message as it left (``.eml`` or text), ``dated_on`` the day it was accepted.
    Raises ``ValidationError`` where it proves nothing: before the debt was overdue, for one.
    """
    file_type = files.type_of(data)
    if file_type not in (files.EMAIL, files.TEXT):
        raise ValidationError("A mensagem não pôde ser guardada como prova: não é texto.")
    if problem := _date_problem(EvidenceKind.OVERDUE_NOTICE, dated_on, receivable):
        raise ValidationError(problem)
    return _write(
        data,
        file_type,
        filename,
        kind=EvidenceKind.OVERDUE_NOTICE,
        customer=receivable.customer,
        contract=receivable.contract,
        receivable=receivable,
        dated_on=dated_on,
    )


def _write(data: bytes, file_type: files.FileType, filename: str, **fields: Any) -> Evidence:
    digest = sha256(data).hexdigest()
    with transaction.atomic():
        EvidenceContent.objects.bulk_create(
            [EvidenceContent(sha256=digest, data=data)], ignore_conflicts=True
        )
        return Evidence.objects.create(
            content_id=digest,
            filename=files.clean_name(filename, file_type),
            content_type=file_type.content_type,
            size=len(data),
            **fields,
        )


def _date_problem(
    kind: EvidenceKind, dated_on: date | None, receivable: Receivable | None
) -> str | None:
    if dated_on is None:
        return DATED.get(kind)
    if dated_on > timezone.localdate():
        return "A data está no futuro."
    if dated_on < EARLIEST:
        return "Confira o ano."
    late = kind == EvidenceKind.OVERDUE_NOTICE and receivable is not None
    if late and receivable and dated_on <= receivable.due_date:
        return (
            f"O título {receivable.number} venceu em {receivable.due_date:%d/%m/%Y}: "
            "um aviso de atraso vem depois."
        )
    return None


def evidence_withdraw(*, evidence: Evidence, actor: User) -> Evidence:
    """Let a file prove nothing any more; it stays on file, with who withdrew it and when.

    One that is withdrawn already stays as it is.
    """
    require(actor, Permission.ADD_EVIDENCE, branch_id=evidence.customer.branch_id)
    Evidence.objects.filter(pk=evidence.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=actor
    )
    evidence.refresh_from_db()
    return evidence


def override_add(*, receivable: Receivable, rule: str, actor: User, reason: str) -> RuleOverride:
    """Decide to list one debt in spite of one rule that fails now. Raises ``ValidationError``.

    ``rule`` is a code of ``RULES``.
    """
    require(actor, Permission.OVERRIDE_RULE, branch_id=receivable.branch_id)
    reason = reason.strip()
    if len(reason) < REASON_LENGTH:
        raise ValidationError(
            {"reason": f"Explique com pelo menos {REASON_LENGTH} letras por que liberar."}
        )
    with transaction.atomic():
        # Two people at once: the second waits, and then finds it let pass already.
        Receivable.objects.select_for_update().get(pk=receivable.pk)
        if why_not := why_no_override(receivable, rule):
            raise ValidationError(why_not)
        return RuleOverride.objects.create(
            receivable=receivable, rule=rule, actor=actor, reason=reason
        )


def why_no_override(receivable: Receivable, code: str) -> str:
    """Why this rule cannot be let pass for this debt now; empty where it can."""
    rule = BY_CODE.get(code)
    if rule is None or not rule.overridable:
        return "Esta regra não admite liberação: a lei ou o birô não deixam escolha. Nada mudou."
    found = {f.rule.code: f for f in evaluate([receivable.pk])[receivable.pk]}.get(code)
    if found is None:
        return "Esta regra não se aplica a este título. Nada mudou."
    if found.state is State.OVERRIDDEN:
        return "Esta regra já está liberada para este título. Nada mudou."
    if not found.blocks:
        return "Esta regra não impede negativar este título: não há o que liberar. Nada mudou."
    return ""


def override_withdraw(*, override: RuleOverride, actor: User) -> RuleOverride:
    """Let the rule stand in the way again; who let it pass, who withdrew that and when are kept."""
    require(actor, Permission.OVERRIDE_RULE, branch_id=override.receivable.branch_id)
    RuleOverride.objects.filter(pk=override.pk, withdrawn_at=None).update(
        withdrawn_at=timezone.now(), withdrawn_by=actor
    )
    override.refresh_from_db()
    return override


def notice_term_set(*, actor: User, state: str, days: int, source: str) -> NoticeTerm:
    """Write a state's term down, or change it. Raises ``ValidationError``."""
    require(actor, Permission.MANAGE_PARAMETERS)
    if not 1 <= days <= 120:
        raise ValidationError({"days": "Escreva de 1 a 120 dias."})
    with transaction.atomic():
        term = NoticeTerm.objects.select_for_update().filter(state=state).first()
        term = term or NoticeTerm(state=state)
        before = term.said if term.pk else None
        term.days, term.source = days, source.strip()
        term.full_clean()
        term.save()
        _keep(actor, state, before, term.said)
    return term


def notice_term_remove(*, term: NoticeTerm, actor: User) -> None:
    """Go back to the usual term in that state."""
    require(actor, Permission.MANAGE_PARAMETERS)
    with transaction.atomic():
        if NoticeTerm.objects.filter(pk=term.pk).delete()[0]:
            _keep(actor, term.state, term.said, None)


def _keep(
    actor: User, state: str, before: dict[str, int | str] | None, after: dict[str, int | str] | None
) -> None:
    if before != after:
        ParameterChange.objects.create(
            name=f"{TERM_CHANGE}{state}", before=before, after=after, actor=actor
        )
