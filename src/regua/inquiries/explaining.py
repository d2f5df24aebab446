"""What the consumer is told about a decision: the data, the rule, the outcome, the way to a person.

LGPD (Lei 13.709/2018) arts. 18 and 20; CDC art. 43; Súmula 550 and Tema 710 of the STJ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.choices import AccessKind, Outcome
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.models import Terms
from regua.inquiries.policy.wording import rule_sentence, terms_sentence
from regua.inquiries.reading import creditor_name, percent
from regua.inquiries.services import access_record
from regua.inquiries.verdicts import Standing
from regua.web import formats

PURPOSE = "Explicação da decisão ao consumidor (LGPD, art. 20)"
NOT_TOLD = "O birô não informou"
_OUTCOMES: dict[str, str] = {
    Outcome.APPROVE: "aprovar a contratação",
    Outcome.CONDITIONS: "aprovar a contratação com condições",
    Outcome.REVIEW: "deixar a decisão para uma pessoa",
    Outcome.DENY: "não aprovar a contratação",
}


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()


def explanation_issue(*, inquiry: Inquiry, actor: User) -> None:
    """Keep that the explanation was handed out, by whom and when (LGPD, art. 37)."""
    require(actor, Permission.VIEW_INQUIRIES, branch_id=inquiry.branch_id)
    access_record(inquiry=inquiry, actor=actor, kind=AccessKind.EXPLAINED, purpose=PURPOSE)


def explanation_of(inquiry: Inquiry, standing: Standing, bureau: str) -> list[Part]:
    """The whole text for the consumer, in the order it is read."""
    parts = [_origin(inquiry, bureau), _data(inquiry, standing), _decided(standing)]
    if standing.overrides:
        parts.append(_reviewed(standing))
    parts.append(_rights(inquiry, standing, bureau))
    return parts


def _origin(inquiry: Inquiry, bureau: str) -> Part:
    branch = inquiry.branch
    return Part(
        "De onde vieram os dados",
        (
            f"{creditor_name(branch)} (CNPJ {formats.document(branch.document)}) consultou o birô "
            f"de crédito {bureau} sobre {inquiry.name or 'você'}, "
            f"{'CNPJ' if inquiry.is_company else 'CPF'} "
            f"{formats.document_masked(inquiry.document)}. "
            "A lei permite essa consulta para a proteção do crédito (LGPD, art. 7º, X).",
        ),
        (
            ("Pedida em", formats.instant(inquiry.requested_at)),
            ("Respondida em", formats.instant(inquiry.answered_at)),
            ("Protocolo no birô", inquiry.protocol),
            ("Finalidade", inquiry.purpose),
        ),
    )


def _data(inquiry: Inquiry, standing: Standing) -> Part:
    """What rules ask about, as it was when they did; else the columns of the inquiry."""
    facts = standing.decision.facts if standing.decision else {}
    company = inquiry.is_company
    shown = [
        ("Score (de 0 a 1.000)", _score(inquiry, facts)),
        ("Pendências encontradas", _pendings(inquiry, facts)),
        ("Pendência mais nova", _newest(inquiry, facts)),
        (
            "Situação do documento na Receita Federal",
            inquiry.document_status.capitalize() or NOT_TOLD,
        ),
        (
            "Abertura da empresa" if company else "Nascimento",
            formats.day(inquiry.born_or_opened_on) if inquiry.born_or_opened_on else NOT_TOLD,
        ),
    ]
    if not standing.decision:
        opening = "O birô informou estes dados. Nenhum deles foi avaliado de forma automática."
    else:
        opening = (
            "A decisão olhou só para estes dados, como o birô os informou. "
            "Nenhum outro dado seu foi usado."
        )
    return Part("Quais dados foram usados", (opening,), tuple(shown))


def _score(inquiry: Inquiry, facts: Mapping[str, Any]) -> str:
    score = facts.get("score", inquiry.score)
    if score is None:
        return "O birô não calculou"
    if facts:  # rules ask about the number alone
        return str(score)
    more = [f"faixa {inquiry.band}"] if inquiry.band else []
    if inquiry.default_probability is not None:
        more.append(f"probabilidade de inadimplência de {percent(inquiry.default_probability)}")
    return f"{score} ({'; '.join(more)})" if more else str(score)


def _pendings(inquiry: Inquiry, facts: Mapping[str, Any]) -> str:
    count = facts.get("pendings_count", inquiry.pendings_count)
    if not count:
        return "Nenhuma"
    total = Decimal(str(facts.get("pendings_total", inquiry.pendings_total) or 0))
    return f"{formats.number(count)}, que somam {formats.brl(total)}"


def _newest(inquiry: Inquiry, facts: Mapping[str, Any]) -> str:
    if not inquiry.newest_pending_on:
        return "Nenhuma" if not inquiry.pendings_count else NOT_TOLD
    months = facts.get("newest_months")
    age = f" ({_months(months)} antes da consulta)" if months else ""
    return formats.day(inquiry.newest_pending_on) + age


def _months(months: int) -> str:
    return "1 mês" if months == 1 else f"{months} meses"


def _decided(standing: Standing) -> Part:
    title = "Como foi decidido"
    decision = standing.decision
    if decision is None:
        return Part(
            title,
            (
                "Nenhuma decisão automática foi tomada: não havia política de crédito em vigor "
                "nesta filial. O relatório do birô só foi lido por uma pessoa.",
            ),
        )
    policy = decision.policy
    since = f", em vigor desde {formats.day(policy.activated_at)}" if policy.activated_at else ""
    first = (
        f"A consulta foi avaliada de forma automática em {formats.instant(decision.decided_at)} "
        f"pela política de crédito, {policy}{since}. "
        "A política é uma lista de regras em ordem, e decide a primeira que se aplica."
    )
    if decision.rule is None:
        return Part(
            title, (first, "Nenhuma regra se aplicou: o resultado foi deixar para uma pessoa.")
        )
    return Part(
        title,
        (
            first,
            f"A que se aplicou foi a regra {decision.rule.position}: "
            f"{rule_sentence(decision.rule).rstrip('.')}.",
            f"Motivo: {decision.rule.reason}",
            _result(decision.outcome, decision.rule),
        ),
    )


def _result(outcome: str, terms: Terms) -> str:
    terms_said = terms_sentence(terms) if outcome == Outcome.CONDITIONS else ""
    said = f"aprovar a contratação {terms_said}" if terms_said else ""
    return f"Resultado: {said or _OUTCOMES[outcome]}."


def _reviewed(standing: Standing) -> Part:
    newest = standing.overrides[0]
    return Part(
        "Revisão por uma pessoa",
        (
            f"Em {formats.instant(newest.at)} uma pessoa da nossa equipe analisou o caso, e vale o "
            "que ela decidiu.",
            _result(newest.outcome, newest),
            f"Motivo: {newest.reason}",
        ),
    )


def _rights(inquiry: Inquiry, standing: Standing, bureau: str) -> Part:
    branch = inquiry.branch
    review = (
        "Você pode pedir que uma pessoa reveja esta decisão (LGPD, art. 20)."
        if not standing.overrides
        else "Você pode pedir uma nova revisão e apresentar documentos (LGPD, art. 20)."
    )
    if not standing.decided:
        review = "Você pode pedir que uma pessoa explique o que foi decidido sobre a contratação."
    return Part(
        "Seus direitos",
        (
            f"{review} Fale com {creditor_name(branch)}, CNPJ "
            f"{formats.document(branch.document)}, e informe a consulta "
            f"nº {inquiry.pk}. O pedido não custa nada.",
            f"Se algum dado estiver errado, peça a correção ao birô {bureau}, que o mantém, e "
            f"informe o protocolo {inquiry.protocol}: a lei dá a ele cinco dias úteis para "
            "corrigir (CDC, art. 43, § 3º; LGPD, art. 18, III). Corrigido o dado, peça uma nova "
            "análise.",
            "Você pode perguntar ao birô quais dados e fontes entraram no score (Súmula 550 e Tema "
            "710 do STJ).",
        ),
    )
