"""The gate's answers as lines that a person can read and act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.models import EvidenceKind, RuleOverride
from regua.compliance.selectors import Finding, State
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.web import formats

_ATTACH = {
    EvidenceKind.DEBT_DOCUMENT: "Juntar o documento da dívida",
    EvidenceKind.OVERDUE_NOTICE: "Juntar o aviso de atraso",
    EvidenceKind.RESCISSION_PROOF: "Juntar o comprovante da rescisão",
}
_ORDER = (State.FAIL, State.MISSING, State.WARN, State.OVERRIDDEN, State.PASS)


@dataclass(frozen=True, slots=True)
class Remedy:
    label: str
    url: str = ""
    """Empty: this person cannot do it; the label says who can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule, as ``web/components/rule.html`` draws it."""

    state: str
    sentence: str
    citation: str
    note: str = ""
    """From when it holds by itself; who let it pass, when and why."""
    remedies: tuple[Remedy, ...] = ()


def findings_lines(
    findings: Sequence[Finding], receivable: Receivable, actor: User, proximo: str
) -> list[Line]:
    """``evaluate``'s answer for one receivable as lines, what stands in the way first.

    ``proximo`` is the address of the page that shows them: whoever mends something comes back to
    it. The customer's fields that are filled in make one line together. One query at most, for who
    overrode what.
    """
    lines = []
    overrides = _overrides(findings, receivable)
    filled = [f for f in findings if f.rule.field and f.passed]
    for finding in sorted(findings, key=lambda f: _ORDER.index(f.state)):
        if finding in filled:
            continue
        rule = finding.rule
        override = overrides.get(rule.code)
        lines.append(
            Line(
                state=finding.state,
                sentence=rule.title if finding.passed else rule.failure,
                citation=rule.citation,
                note=_note(finding, override),
                remedies=tuple(_remedies(finding, receivable, actor, proximo, override)),
            )
        )
    if filled:
        whole = len(filled) == sum(bool(f.rule.field) for f in findings)
        lines.append(
            Line(
                state=State.PASS,
                sentence="O cadastro do cliente tem todos os dados que o birô exige"
                if whole
                else "Os outros dados do cliente que o birô exige estão no cadastro",
                citation=filled[0].rule.citation,
            )
        )
    return lines


def _overrides(findings: Sequence[Finding], receivable: Receivable) -> dict[str, RuleOverride]:
    if not any(f.state is State.OVERRIDDEN for f in findings):
        return {}
    rows = RuleOverride.objects.filter(receivable=receivable, withdrawn_at=None)
    return {row.rule: row for row in rows.select_related("actor")}


def _note(finding: Finding, override: RuleOverride | None) -> str:
    if finding.passed:
        return ""
    if override is not None:
        return (
            f"Liberada por {override.actor.name} em {formats.instant(override.at)}: "
            f"{override.reason}"
        )
    if finding.opens_on is not None and finding.opens_on > timezone.localdate():
        return f"A partir de {formats.day(finding.opens_on)} ({formats.ago(finding.opens_on)})."
    return ""


def _remedies(
    finding: Finding,
    receivable: Receivable,
    actor: User,
    proximo: str,
    override: RuleOverride | None,
) -> list[Remedy]:
    """How this person can mend it, the plainest way first."""
    rule = finding.rule
    if finding.passed:
        return []
    if override is not None:
        if not actor.can(Permission.OVERRIDE_RULE):
            return []
        url = _address("rule_override_withdraw", override.pk, proximo=proximo)
        return [Remedy("Retirar a liberação", url)]
    found = []
    if rule.field:
        found.append(_fill_in(rule.field, receivable, actor, proximo))
    if rule.evidence:
        label = _ATTACH[rule.evidence]
        if actor.can(Permission.ADD_EVIDENCE):
            url = _address(
                "evidence_add",
                receivable.customer_id,
                titulo=receivable.pk,
                tipo=rule.evidence.value,
                proximo=proximo,
            )
            found.append(Remedy(label, url))
        else:
            found.append(Remedy(f"{label}: peça à cobrança."))
    if rule.contract_dates:
        if actor.can(Permission.EDIT_PARTIES):
            url = _address("contract_dates", receivable.contract_id, proximo=proximo)
            found.append(Remedy("Escrever as datas do contrato", url))
        else:
            found.append(Remedy("Escrever as datas do contrato: peça à cobrança."))
    if rule.overridable and finding.blocks and actor.can(Permission.OVERRIDE_RULE):
        url = _address("rule_override", receivable.pk, rule.code, proximo=proximo)
        found.append(Remedy("Liberar esta regra, com um motivo", url))
    return found


def _fill_in(field: str, receivable: Receivable, actor: User, proximo: str) -> Remedy:
    label = str(Customer._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    if not actor.can(Permission.EDIT_PARTIES):
        return Remedy(f"Preencher {label}: peça à cobrança.")
    url = _address("customer_edit", receivable.customer_id, proximo=proximo)
    return Remedy(f"Preencher {label}", f"{url}#id_{field}")


def _address(name: str, *args: int | str, **query: int | str) -> str:
    return f"{reverse(name, args=args)}?{urlencode(query)}"
