"""The decision in force over an inquiry, ready to be read in five seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regua.inquiries.choices import Outcome
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.models import Decision, DecisionOverride, PolicyRule, Terms
from regua.inquiries.policy.selectors import decision_of, overrides_of
from regua.inquiries.policy.wording import rule_sentence, terms_sentence
from regua.inquiries.reading import Verdict, facts_of, verdict_of
from regua.web import formats
from regua.web.status import Icon, Tone

UNDECIDED = "É um resumo do relatório: sem política de crédito em vigor, nada foi decidido."
NO_RULE = "Nenhuma regra da política se aplica a este caso: uma pessoa precisa decidir."
_LOOKS: dict[str, tuple[Tone, Icon]] = {
    Outcome.APPROVE: (Tone.DONE, Icon("circle-check")),
    Outcome.CONDITIONS: (Tone.SENT, Icon("checklist")),
    Outcome.REVIEW: (Tone.NOTICE, Icon("user-search")),
    Outcome.DENY: (Tone.ACTIVE, Icon("circle-x")),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What was decided about an answered inquiry, by whom, and what holds."""

    decision: Decision | None
    overrides: list[DecisionOverride]
    """The newest, which holds, first."""
    verdict: Verdict
    by: str
    """Who or what decided, or that nobody has."""

    @property
    def decided(self) -> bool:
        return bool(self.decision or self.overrides)

    @property
    def history(self) -> list[dict[str, object]]:
        """Entries of the timeline, the newest first; empty until a person has decided."""
        if not self.overrides:
            return []
        entries = [
            _entry(
                title_of(past.outcome, past), past.outcome, past.at, past.reason, past.actor.name
            )
            for past in self.overrides
        ]
        if self.decision:
            first = self.decision
            entries.append(
                _entry(
                    title_of(first.outcome, first.rule),
                    first.outcome,
                    first.decided_at,
                    _why(first.rule),
                    f"Política de crédito, {first.policy}",
                )
            )
        return entries


def _entry(title: str, outcome: str, at: datetime, text: str, source: str) -> dict[str, object]:
    tone, icon = _LOOKS[outcome]
    return {"title": title, "tone": tone, "icon": icon, "at": at, "text": text, "source": source}


def _why(rule: PolicyRule | None) -> str:
    if rule is None:
        return NO_RULE
    return f"{_closed(rule.reason)} Regra {rule.position}: {_closed(rule_sentence(rule))}"


def standing_of(inquiry: Inquiry) -> Standing:
    """The verdict that holds; without policy and person, only what sums the report up."""
    decision, overrides = decision_of(inquiry), overrides_of(inquiry)
    if overrides:
        newest = overrides[0]
        verdict = _verdict(newest.outcome, newest, newest.reason, *facts_of(inquiry))
        by = f"Decidido por {newest.actor.name} em {formats.instant(newest.at)}."
        if decision:
            said = title_of(decision.outcome, decision.rule)
            by += f" A política, {decision.policy}, dizia “{said}”."
    elif decision:
        rule = decision.rule
        reason = rule.reason if rule else NO_RULE
        verdict = _verdict(decision.outcome, rule, reason, *facts_of(inquiry))
        which = f"regra {rule.position}" if rule else "nenhuma regra se aplica"
        by = (
            f"Pela política de crédito, {decision.policy}, {which}, "
            f"em {formats.instant(decision.decided_at)}."
        )
    else:
        verdict, by = verdict_of(inquiry), UNDECIDED
    return Standing(decision, overrides, verdict, by)


def _verdict(outcome: str, terms: Terms | None, *reasons: str) -> Verdict:
    tone, icon = _LOOKS[outcome]
    return Verdict(title_of(outcome, terms), tuple(map(_closed, reasons)), tone, icon)


def title_of(outcome: str, terms: Terms | None) -> str:
    """``Aprovar com adesão antecipada``: the outcome with the conditions in its words."""
    if outcome == Outcome.CONDITIONS and terms is not None and (said := terms_sentence(terms)):
        return f"Aprovar {said}"
    return Outcome(outcome).label


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
