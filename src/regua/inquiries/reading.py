"""What an inquiry and its report say, in words and colours. Pure: nothing is fetched here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from regua.bureaus.contract import EarlierInquiry, InquiryReport, Pending, PendingKind
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.policy.matching import REGULAR
from regua.integrations.throttle import Hold
from regua.organization.models import Branch
from regua.parties.models import search_key
from regua.web import formats
from regua.web.status import Icon, Status, Tone

KINDS: dict[str, str] = {
    PendingKind.DEBT: "Dívidas",
    PendingKind.PROTEST: "Protestos",
    PendingKind.CHEQUE: "Cheques sem fundo",
    PendingKind.LAWSUIT: "Ações judiciais",
    PendingKind.BANKRUPTCY: "Falências",
    PendingKind.OTHER: "Outras",
}
_LEVELS = {"A": "high", "B": "high", "C": "medium", "D": "low", "E": "low"}
_LEVEL_WORDS = {"high": "Score alto", "medium": "Score médio", "low": "Score baixo"}
_LEVEL_TONES = {"high": Tone.DONE, "medium": Tone.NOTICE, "low": Tone.ACTIVE}

QUEUED = Status("Na fila", Tone.QUEUED, Icon("clock"))
ASKED = Status("No birô", Tone.SENT, Icon("send"))
WAITING = Status("Esperando o birô", Tone.NOTICE, Icon("hourglass-low"))
ANSWERED = Status("Respondida", Tone.DONE, Icon("circle-check"))
REFUSED = Status("Recusada", Tone.REFUSED, Icon("circle-x"))


def status_of(inquiry: Inquiry) -> Status:
    if inquiry.status == Inquiry.Status.ANSWERED:
        return ANSWERED
    if inquiry.status == Inquiry.Status.REFUSED:
        return REFUSED
    if inquiry.problem:
        return WAITING
    return ASKED if inquiry.status == Inquiry.Status.SENT else QUEUED


def level_of(score: int | None, band: str) -> str:
    """``high``, ``medium`` or ``low`` by the bureau's band, else by the number; '' without one."""
    if score is None:
        return ""
    if band.upper() in _LEVELS:
        return _LEVELS[band.upper()]
    return "high" if score >= 600 else "medium" if score >= 400 else "low"


def score_tone(score: int | None, band: str) -> Tone:
    return _LEVEL_TONES.get(level_of(score, band), Tone.QUEUED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first thing to read. Not a credit policy: it only sums the report up."""

    title: str
    reasons: tuple[str, ...]
    tone: Tone
    icon: str


def verdict_of(inquiry: Inquiry) -> Verdict:
    level = level_of(inquiry.score, inquiry.band)
    count, total = inquiry.pendings_count or 0, inquiry.pendings_total or Decimal(0)
    regular = inquiry.document_status.strip().casefold() in REGULAR
    title = f"{_LEVEL_WORDS.get(level, 'Sem score')}, {_pendings(count)}"
    reasons = []
    if not regular:
        said = inquiry.document_status.strip().lower() or "não informada"
        reasons.append(f"A situação do documento na Receita é “{said}”.")
    if count:
        reasons.append(f"As pendências somam {formats.brl(total)}.")
    if inquiry.default_probability is not None:
        reasons.append(f"Probabilidade de inadimplência de {percent(inquiry.default_probability)}.")
    if inquiry.score is None:
        reasons.append("O birô não calculou score para este documento.")
    if not regular or level == "low":
        return Verdict(title, tuple(reasons), Tone.ACTIVE, Icon("alert-circle"))
    if count or level == "medium":
        return Verdict(title, tuple(reasons), Tone.NOTICE, Icon("alert-triangle"))
    if not level:
        return Verdict(title, tuple(reasons), Tone.QUEUED, Icon("help-circle"))
    return Verdict(title, tuple(reasons), Tone.DONE, Icon("circle-check"))


def facts_of(inquiry: Inquiry) -> list[str]:
    """The one or two sentences with the figures behind a decision."""
    score = "Sem score" if inquiry.score is None else f"Score {inquiry.score}"
    band = f", faixa {inquiry.band}" if inquiry.band else ""
    count = inquiry.pendings_count or 0
    verb = "soma" if count == 1 else "somam"
    total = f" que {verb} {formats.brl(inquiry.pendings_total)}" if count else ""
    said = inquiry.document_status.strip().lower()
    facts = [f"{score}{band}; {_pendings(count)}{total}."]
    if said not in REGULAR:
        facts.append(f"A situação do documento na Receita é “{said or 'não informada'}”.")
    return facts


def _pendings(count: int) -> str:
    if not count:
        return "sem pendências"
    return "1 pendência" if count == 1 else f"{formats.number(count)} pendências"


def percent(share: Decimal) -> str:
    """``Decimal("0.085")`` → ``8,5%``."""
    number = (share * 100).normalize()
    text = f"{number:f}"
    return f"{text.replace('.', ',')}%"


@dataclass(frozen=True, slots=True)
class Group:
    """The pendings of one kind."""

    label: str
    items: tuple[Pending, ...]
    total: Decimal

    @property
    def span(self) -> str:
        """From the oldest to the newest: ``02/03/2024 a 10/10/2025``; '' without dates."""
        days = sorted({item.occurred_on for item in self.items if item.occurred_on})
        return " a ".join(formats.day(day) for day in (days[:1] + days[1:][-1:]))


def groups_of(pendings: Iterable[Pending]) -> list[Group]:
    found: dict[str, list[Pending]] = {}
    for pending in pendings:
        found.setdefault(pending.kind, []).append(pending)
    return [
        Group(label, tuple(found[kind]), sum((p.amount for p in found[kind]), Decimal(0)))
        for kind, label in KINDS.items()
        if kind in found
    ]


def earlier_of(report: InquiryReport) -> list[EarlierInquiry]:
    """Newest first; a bureau sends them in any order."""
    return sorted(report.earlier_inquiries, key=lambda item: item.occurred_on, reverse=True)


def pendings_summary(inquiry: Inquiry) -> str:
    """The pendings by their columns alone, for when the report is no longer there."""
    count = inquiry.pendings_count or 0
    if not count:
        return "Nenhuma pendência encontrada."
    newest = inquiry.newest_pending_on
    since = f" A mais nova é de {formats.day(newest)}." if newest else ""
    total = formats.brl(inquiry.pendings_total)
    return f"{_pendings(count)[:1].upper()}{_pendings(count)[1:]}, somando {total}.{since}"


def erased_sentence(inquiry: Inquiry) -> str:
    return (
        f"O relatório do birô foi apagado em {formats.day(inquiry.report_erased_at)}, ao fim do "
        "prazo de guarda. O resumo, a decisão e o registro da consulta ficam."
    )


def score_label(inquiry: Inquiry) -> str:
    return f"Faixa {inquiry.band}" if inquiry.band else "Score"


def probability_sentence(inquiry: Inquiry) -> str:
    if inquiry.default_probability is not None:
        return f"Probabilidade de inadimplência: {percent(inquiry.default_probability)}"
    return "O birô não calculou score." if inquiry.score is None else ""


def identity_of(inquiry: Inquiry) -> list[tuple[str, str]]:
    company = inquiry.is_company
    born = inquiry.born_or_opened_on
    return [
        ("Razão social" if company else "Nome", inquiry.name),
        ("CNPJ" if company else "CPF", formats.document_masked(inquiry.document)),
        ("Situação na Receita", inquiry.document_status.capitalize()),
        ("Abertura" if company else "Nascimento", formats.day(born) if born else ""),
    ]


def creditor_name(branch: Branch) -> str:
    """``Ipê Telecom, filial Centro``: the name that a consumer knows it by."""
    company = branch.company.name
    return company if company == branch.name else f"{company}, filial {branch.name}"


def record_of(inquiry: Inquiry, bureau: str) -> list[tuple[str, str]]:
    """Who asked, when, for what, at what cost (LGPD, art. 37)."""
    if inquiry.was_free:
        cost = "Nada foi cobrado"
    else:
        unsure = ", a conferir com o birô" if inquiry.charge_unsure else ""
        cost = f"{formats.brl(inquiry.cost)}{unsure}"
    facts = [
        ("Pedida por", inquiry.requested_by.name),
        ("Pedida em", formats.instant(inquiry.requested_at)),
        ("Intermediador", bureau),
        ("Produto", inquiry.product_name),
        ("Custo", cost),
        ("Protocolo", inquiry.protocol),
        ("Finalidade", inquiry.purpose),
        ("Base legal", inquiry.get_legal_basis_display()),
    ]
    if inquiry.answered_at:
        facts.insert(2, ("Respondida em", formats.instant(inquiry.answered_at)))
    if inquiry.repeats_id:
        facts.append((f"Repete a consulta nº {inquiry.repeats_id}", inquiry.repeat_reason))
    return facts


def access_sentence(access: InquiryAccess) -> str:
    what = access.get_kind_display()
    return (
        f"{formats.instant(access.at)}, {access.actor.name}: {what[:1].lower()}{what[1:]}. "
        f"Finalidade: {access.purpose}."
    )


def progress_of(inquiry: Inquiry, now: datetime, hold: Hold | None) -> dict[str, str]:
    """What to say while the answer is not there, and how often to look again.

    ``hold``: why the bureau is not called now (``throttle.hold_of``).
    """
    age = (now - inquiry.requested_at).total_seconds()
    every = "1s" if age < 60 else "3s" if age < 600 else "15s"
    if hold:
        said = hold.sentence
        if not inquiry.protocol and not inquiry.unknown:
            said += " Nada foi cobrado."
        return {"phase": "held", "again": said, "every": every}
    phase = "problem" if inquiry.problem else "slow" if age > 15 else "asking"
    again = ""
    if phase == "problem" and inquiry.due_at:
        again = (
            f"Tentaremos de novo às {formats.local(inquiry.due_at):%H:%M:%S}."
            if inquiry.due_at > now
            else "Tentando de novo agora…"
        )
    return {
        "phase": phase,
        "again": again,
        "every": every,
    }


def same_name(ours: str, theirs: str) -> bool:
    """Whether two names are the same but for case, accents and punctuation."""
    return re.findall(r"\w+", search_key(ours)) == re.findall(r"\w+", search_key(theirs))
