"""Rules, conditions and outcomes as sentences in Portuguese. Pure: nothing is fetched here."""

from __future__ import annotations

from decimal import Decimal

from regua.inquiries.choices import DocumentStanding, Outcome
from regua.inquiries.policy.models import PolicyRule, Terms
from regua.integrations.choices import PersonKind
from regua.web import formats
from regua.web.status import Icon, Status, Tone

UNDECIDED = Status("Sem decisão", Tone.MUTED, Icon("circle-dashed"))
_STATUSES = {
    Outcome.APPROVE: Status(Outcome.APPROVE.label, Tone.DONE, Icon("circle-check")),
    Outcome.CONDITIONS: Status(Outcome.CONDITIONS.label, Tone.SENT, Icon("checklist")),
    Outcome.REVIEW: Status(Outcome.REVIEW.label, Tone.NOTICE, Icon("user-search")),
    Outcome.DENY: Status(Outcome.DENY.label, Tone.ACTIVE, Icon("circle-x")),
}
_WHO = {
    PersonKind.PERSON: "Pessoa física",
    PersonKind.COMPANY: "Pessoa jurídica",
    PersonKind.ANY: "Pessoa física ou jurídica",
}
_AGE = {
    PersonKind.PERSON: "idade",
    PersonKind.COMPANY: "tempo de abertura",
    PersonKind.ANY: "idade ou tempo de abertura",
}


def outcome_status(outcome: str) -> Status:
    """Word, colour and icon of an ``Outcome``; of '' that there is no decision."""
    return _STATUSES[Outcome(outcome)] if outcome else UNDECIDED


def terms_sentence(terms: Terms) -> str:
    """``com adesão antecipada, caução de R$ 100,00``; '' where there are no conditions."""
    said = []
    if terms.advance_payment:
        said.append("adesão antecipada")
    if terms.deposit is not None:
        said.append(f"caução de {formats.brl(terms.deposit)}")
    if terms.fidelity_months:
        said.append(f"fidelidade de {_months(terms.fidelity_months)}")
    if terms.plan_limit is not None:
        said.append(f"plano de até {formats.brl(terms.plan_limit)}")
    return f"com {', '.join(said)}" if said else ""


def outcome_sentence(outcome: str, terms: Terms | None = None) -> str:
    """``Aprovar com adesão antecipada``: the outcome and on what conditions."""
    conditions = terms_sentence(terms) if terms and outcome == Outcome.CONDITIONS else ""
    return f"Aprovar {conditions}" if conditions else outcome_status(outcome).label


def rule_sentence(rule: PolicyRule) -> str:
    """``Pessoa física com score de 600 a 1.000 e nenhuma pendência → Aprovar``."""
    return f"{who_sentence(rule)} → {outcome_sentence(rule.outcome, rule)}"


def who_sentence(rule: PolicyRule) -> str:
    """Whom the rule fits: ``rule_sentence`` without the outcome."""
    asked = list(filter(None, (_document(rule), *_spans(rule))))
    who = _WHO[PersonKind(rule.person_kind)] + (" sem score" if rule.without_score else "")
    return f"{who}{' e' if rule.without_score else ''} com {_joined(asked)}" if asked else who


def _document(rule: PolicyRule) -> str:
    match rule.document_standing:
        case DocumentStanding.REGULAR:
            return "documento regular"
        case DocumentStanding.IRREGULAR:
            return "documento irregular ou de situação não informada"
        case _:
            return ""


def _spans(rule: PolicyRule) -> list[str]:
    age = _AGE[PersonKind(rule.person_kind)]
    return [
        _span("score ", rule.score_from, rule.score_to),
        _pendings(rule.pendings_from, rule.pendings_to),
        _amount(rule.amount_from, rule.amount_to),
        _span("a pendência mais nova ", rule.newest_from, rule.newest_to, months=True),
        _span(f"{age} ", rule.age_from, rule.age_to, months=True),
    ]


def _span(what: str, low: int | None, high: int | None, *, months: bool = False) -> str:
    """``score de 600 a 1.000``, ``idade de 18 anos ou mais``, ``score de até 399``."""
    say = _months if months else formats.number
    match low, high:
        case None, None:
            return ""
        case None, int():
            return f"{what}de até {say(high)}"
        case int(), None:
            # A whole number of years is a clear beginning; "up to 18 years" is not a clear end.
            years = low // 12 if months and low and low % 12 == 0 else 0
            return f"{what}de {_count(years, 'ano', 'anos') if years else say(low)} ou mais"
        case _ if low == high:
            return f"{what}de {say(low or 0)}"
        case _:
            return f"{what}de {formats.number(low or 0)} a {say(high or 0)}"


def _pendings(low: int | None, high: int | None) -> str:
    match low, high:
        case None, None:
            return ""
        case _, 0:
            return "nenhuma pendência"
        case None | 0, int():
            return f"até {_count(high, 'pendência', 'pendências')}"
        case int(), None:
            return f"{_count(low, 'pendência', 'pendências')} ou mais"
        case _ if low == high:
            return f"exatamente {_count(low or 0, 'pendência', 'pendências')}"
        case _:
            return f"de {formats.number(low or 0)} a {_count(high or 0, 'pendência', 'pendências')}"


def _amount(low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"pendências que somam {formats.brl(low)} ou mais"
    if low is None or low == 0:
        return f"pendências que somam até {formats.brl(high)}"
    if low == high:
        return f"pendências que somam {formats.brl(low)}"
    return f"pendências que somam de {formats.brl(low)} a {formats.brl(high)}"


def _months(number: int) -> str:
    return _count(number, "mês", "meses")


def _count(number: int, one: str, many: str) -> str:
    return f"{formats.number(number)} {one if number == 1 else many}"


def _joined(parts: list[str]) -> str:
    return " e ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
