"""Where a restriction stands, in a sentence, and its history as a timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from regua.compliance.models import RuleOverride
from regua.compliance.rules import BY_CODE
from regua.compliance.wording import Line
from regua.integrations.selectors import automatic_obstacles
from regua.integrations.throttle import Hold
from regua.restrictions.choices import AT_BUREAU, LIVE, RemovalReason, Source, Status
from regua.restrictions.deadlines import Deadline
from regua.restrictions.midlife_menu import amount_is_wrong
from regua.restrictions.models import Restriction, RestrictionEvent
from regua.web import formats
from regua.web.status import STATUSES, Icon, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds now (``title``) and what comes next (``text``)."""

    title: str
    text: str = ""
    tone: str
    icon: str
    remarks: tuple[str, ...] = ()
    """What else a person should know, each a whole sentence."""


def standing(restriction: Restriction, hold: Hold | None = None) -> Standing:
    """``hold``: why the bureau is not called now (``throttle.hold_of``)."""
    title, text = _sentences(restriction, hold)
    shown = STATUSES[restriction.shown_status]
    return Standing(
        title=title,
        text=text,
        tone=str(shown.tone),
        icon=shown.icon,
        remarks=tuple(_remarks(restriction)),
    )


_AFTERWARDS = {
    RemovalReason.CONTESTED: " Ele contestou a dívida no birô: decida a contestação, abaixo.",
    RemovalReason.COURT_ORDER: " Foi ordem judicial: este título não pode ser negativado enquanto "
    "ela valer.",
    RemovalReason.LETTER_RETURNED: " A carta voltou: corrija o endereço antes de negativar de "
    "novo.",
    RemovalReason.FIVE_YEARS: " Passou dos cinco anos: não pode mais ser negativado.",
}
"""What follows from the bureau's own reason to take a listing off."""


def _sentences(r: Restriction, hold: Hold | None) -> tuple[str, str]:
    match Status(r.status):
        case Status.DRAFT if not r.awaits_approval:
            return (
                f"Espera a baixa da nº {r.replaces_id}.",
                "Assim que o birô tirar aquela, esta é pedida sozinha, com os dados certos.",
            )
        case Status.DRAFT:
            return (
                "Espera a aprovação de outra pessoa.",
                f"{r.approval_reason} Nada foi ao birô ainda.".strip(),
            )
        case Status.QUEUED:
            return _on_its_way(
                r,
                hold,
                waiting="Na fila para sair ao birô.",
                sending="Saindo para o birô agora.",
                doubtful="O birô não confirmou se recebeu.",
            )
        case Status.SENT:
            return (
                f"O birô recebeu em {formats.instant(r.sent_at)}.",
                "O próximo passo é o comunicado ao cliente, que o birô envia pelo correio.",
            )
        case Status.NOTIFIED:
            when = f" em {formats.day(r.notified_on)}" if r.notified_on else ""
            if r.visible_on is None:
                return f"Comunicado enviado{when}.", "Fica visível no fim do prazo da carta."
            return (
                f"Comunicado enviado{when}.",
                f"Fica visível em {formats.day(r.visible_on)} se não houver pagamento.",
            )
        case Status.ACTIVE:
            since = f" desde {formats.day(r.visible_on)}" if r.visible_on else ""
            return f"Visível no birô{since}.", "Só sai quando a baixa for pedida."
        case Status.REMOVAL_QUEUED:
            return _on_its_way(
                r,
                hold,
                waiting="A baixa está na fila para sair ao birô.",
                sending="O pedido de baixa está saindo para o birô agora.",
                doubtful="O birô não confirmou se recebeu o pedido de baixa.",
            )
        case Status.REMOVAL_SENT:
            asked = formats.instant(r.removal_requested_at)
            if r.removal_requested_at is None:
                return "O birô está baixando esta negativação.", "Falta ele confirmar."
            return f"Baixa pedida em {asked}.", "Falta o birô confirmar que tirou."
        case Status.REMOVED:
            own = not r.removal_requested_at
            day = formats.day(r.removed_on)
            return (
                f"Baixada pelo birô em {day}, sem pedido nosso." if own else f"Baixada em {day}.",
                "O cliente não está mais negativado por este título."
                + (
                    _AFTERWARDS.get(RemovalReason(r.removal_reason), "")
                    if own and r.removal_reason
                    else ""
                ),
            )
        case Status.REFUSED:
            return "O birô recusou.", r.problem
        case Status.CANCELLED:
            title = "Correção cancelada." if r.replaces_id else "Pedido cancelado antes de sair."
            return title, f"{r.problem} O birô não soube dela.".strip()


def _on_its_way(
    r: Restriction, hold: Hold | None, *, waiting: str, sending: str, doubtful: str
) -> tuple[str, str]:
    if r.is_unsettled and hold:
        return doubtful, f"Nada será enviado em dobro: conferimos primeiro. {hold.sentence}"
    if r.is_unsettled:
        return (
            doubtful,
            f"Estamos conferindo; nada será enviado em dobro.{_next_try(r.due_at, 'Conferimos')}",
        )
    if r.unknown:
        return sending, "Esta página se atualiza sozinha."
    if hold:
        return (
            f"{waiting[:-1]}, esperando.",
            f"{hold.sentence} Nada foi enviado; o pedido espera na fila e sai sozinho.",
        )
    if r.problem:
        return f"{waiting[:-1]}, esperando.", f"{r.problem}{_next_try(r.due_at, 'Tentamos')}"
    return waiting, "Costuma levar alguns segundos. Esta página se atualiza sozinha."


def _next_try(at: datetime | None, verb: str) -> str:
    if at is None:
        return ""
    if at <= timezone.now():
        return f" {verb} de novo a qualquer momento."
    local = formats.local(at)
    day = "" if local.date() == timezone.localdate() else f"de {formats.day(at)}, "
    return f" {verb} de novo às {day}{local:%H:%M:%S}."


def _remarks(r: Restriction) -> Iterable[str]:
    if r.unavailable and not r.is_final:
        yield "O birô não sabe informar a situação agora; vale a última conhecida."
    if r.status in AT_BUREAU and r.problem:
        yield r.problem  # a removal that the bureau refused
    if r.integration.problem and not r.is_final and r.integration.problem != r.problem:
        yield f"A integração nº {r.integration_id} está com um problema: {r.integration.problem}"


def debt_hint(restriction: Restriction, deadline: Deadline | None = None) -> str:
    """What to do about a live listing that must come off or whose amount is no longer the debt's,
    and by when; empty where all is well."""
    until = f" {deadline.sentence}" if deadline else ""
    under_way = f"{deadline.duty.get_cause_display()}.{until}" if deadline else ""
    if amount_is_wrong(restriction):
        by = f" até {formats.day(deadline.duty.due_on)} ({deadline.words})" if deadline else ""
        return (
            f"Faltam {formats.brl(restriction.receivable.open_amount)}, e o birô mostra "
            f"{formats.brl(restriction.principal)}. Corrija o valor{by}."
        )
    if restriction.status not in LIVE:
        return ""
    if restriction.receivable.is_owed:
        if deadline is None or restriction.status not in AT_BUREAU:
            return under_way
        cause = deadline.duty.get_cause_display().lower()
        return f"Esta negativação precisa sair: {cause}.{until}"
    paid = restriction.receivable.status == "received"
    became = "pago" if paid else "cancelado"
    if restriction.status in AT_BUREAU:
        ask = (
            "A negativação não sai sozinha: peça a baixa."
            if automatic_obstacles(restriction.integration, removing=True)
            else "A baixa é pedida sozinha, com o dinheiro disponível; se não puder esperar, peça."
        )
        return f"Este título foi {became}. {ask}{until}"
    if restriction.status == Status.QUEUED and not restriction.unknown:
        return f"Este título foi {became} e o pedido ainda não saiu: ele não será enviado."
    if restriction.status == Status.QUEUED:
        return (
            f"Este título foi {became}. A negativação não sai sozinha: peça a baixa assim que o "
            f"birô responder.{until}"
        )
    return under_way


def correction_hint(correction: Restriction, old: Restriction, deadline: Deadline | None) -> str:
    """What runs while the correction of ``old`` waits for somebody's approval: shown with both."""
    until = f" {deadline.sentence}" if deadline else ""
    return (
        f"Até a correção nº {correction.pk} ser aprovada, a nº {old.pk} continua no birô com o "
        f"dado errado, e o prazo da lei corre.{until}"
    )


def timeline(restriction: Restriction, events: Iterable[RestrictionEvent]) -> list[dict[str, Any]]:
    """The history, newest first, above it what comes next."""
    entries = [_entry(event) for event in events]
    entries.reverse()
    if (
        restriction.status == Status.NOTIFIED
        and restriction.visible_on
        and restriction.visible_on >= timezone.localdate()
    ):
        entries.insert(
            0,
            {
                "title": "Fica visível se não houver pagamento",
                "at": restriction.visible_on,
                "tone": Tone.MUTED,
                "icon": Icon("eye"),
                "future": True,
            },
        )
    return entries


def _entry(event: RestrictionEvent) -> dict[str, Any]:
    shown = STATUSES[event.status]
    long = len(event.text) > 90
    return {
        "title": f"{shown.label} pelo birô"
        if long and event.status == "refused"
        else shown.label
        if long
        else event.text.removesuffix("."),
        "text": event.text if long else "",
        "at": event.at,
        "tone": shown.tone,
        "icon": shown.icon,
        "source": _source(event),
    }


def _source(event: RestrictionEvent) -> str:
    if event.source == Source.PERSON and event.actor:
        return event.actor.name
    if event.actor:
        return f"{event.get_source_display()}, por {event.actor.name}"
    return event.get_source_display()


def gate_lines(r: Restriction) -> list[Line]:
    """What the legal gate answered when it was asked for (or approved), what needed care first.

    The customer's fields make one line. Empty where no answer was kept.
    """
    kept = [(BY_CODE.get(code), code, state) for code, state in r.gate or ()]
    overrides = _overrides_then(r) if any(state == "overridden" for *_, state in kept) else {}
    lines = [
        Line(
            state=state,
            sentence=(rule.title if state == "pass" else rule.failure) if rule else code,
            citation=rule.citation if rule else "",
            note=overrides.get(code, "") if state == "overridden" else "",
        )
        for rule, code, state in kept
        if not (rule and rule.field)
    ]
    fields = [rule for rule, _, state in kept if rule and rule.field and state == "pass"]
    if fields:
        lines.append(
            Line(
                state="pass",
                sentence="O cadastro do cliente tinha todos os dados que o birô exige",
                citation=fields[0].citation,
            )
        )
    return sorted(lines, key=lambda line: line.state == "pass")


def _overrides_then(r: Restriction) -> dict[str, str]:
    """Rule → who let it pass and why, as it stood when the gate was asked."""
    asked = r.approved_at or r.requested_at
    rows = (
        RuleOverride.objects.filter(receivable=r.receivable_id, at__lte=asked)
        .exclude(withdrawn_at__lte=asked)
        .select_related("actor")
    )
    return {
        row.rule: f"Liberada por {row.actor.name} em {formats.instant(row.at)}: {row.reason}"
        for row in rows
    }
