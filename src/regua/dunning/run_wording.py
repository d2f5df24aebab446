"""What the pages of runs say, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from regua.dunning.choices import RunState
from regua.dunning.models import DunningRun
from regua.dunning.run_sums import Plan
from regua.web import formats
from regua.web.status import Icon, Status, Tone

STATES: dict[str, Status] = {
    RunState.SIMULATING: Status("Simulando", Tone.SENT, Icon("loader")),
    RunState.SIMULATED: Status("Aguardando aprovação", Tone.NOTICE, Icon("hourglass-low")),
    RunState.RUNNING: Status("Executando", Tone.SENT, Icon("player-play")),
    RunState.PAUSED: Status("Pausada", Tone.NOTICE, Icon("player-pause")),
    RunState.DONE: Status("Concluída", Tone.DONE, Icon("circle-check")),
    RunState.CANCELLED: Status("Cancelada", Tone.MUTED, Icon("circle-minus")),
}
UNPRICED = "custo não informado"


def counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{formats.number(number)} {many}"


def time_left(seconds: float) -> str:
    """``menos de um minuto``, ``cerca de 4 minutos``, ``cerca de 2 horas``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "menos de um minuto"
    if minutes < 90:
        return f"cerca de {counted(minutes, 'minuto', 'minutos')}"
    return f"cerca de {counted(round(minutes / 60), 'hora', 'horas')}"


def per_real(cost: Decimal | None) -> str:
    """What a recovered real cost; ``—`` where nothing was recovered or the price is not known."""
    if cost is None:
        return formats.EMPTY
    if 0 < cost < Decimal("0.005"):
        return f"menos de {formats.brl(Decimal('0.01'))}"
    return formats.brl(cost)


def moved(number: int, *, back: bool) -> str:
    if not number:
        return "Nada mudou: já estava assim."
    debts = counted(number, "título", "títulos")
    if back:
        return f"{debts} de volta na simulação."
    return f"{debts} {'ficou' if number == 1 else 'ficaram'} de fora desta execução."


def bar(plan: Plan) -> list[str]:
    """What approving would do, a phrase for each thing."""
    said = []
    if plan.lists.count:
        cost = UNPRICED if plan.unpriced else f"custo {formats.brl(plan.lists.cost)}"
        said.append(
            f"Negativar {counted(plan.lists.count, 'título', 'títulos')} · "
            f"{formats.brl(plan.lists.amount)} · {cost}"
        )
    if plan.messages:
        cost = f" · custo {formats.brl(plan.message_cost)}" if plan.message_cost else ""
        said.append(f"Enviar {counted(plan.messages, 'mensagem', 'mensagens')}{cost}")
    rest = plan.stay.count - plan.lists.count - plan.messages
    if rest:
        said.append(f"Marcar a etapa de {counted(rest, 'título', 'títulos')}")
    return said


def _question(plan: Plan) -> str:
    said = []
    if plan.lists.count:
        said.append(f"negativa {counted(plan.lists.count, 'título', 'títulos')}")
    if plan.messages:
        said.append(f"envia {counted(plan.messages, 'mensagem', 'mensagens')}")
    rest = plan.stay.count - plan.lists.count - plan.messages
    if rest:
        said.append(f"marca a etapa de {counted(rest, 'título', 'títulos')}")
    return f"A execução {' e '.join(filter(None, [', '.join(said[:-1]), said[-1]]))}."


def confirmation(run: DunningRun, plan: Plan) -> dict[str, Any]:
    """The context of ``dunning/run_confirm.html``."""
    stay = plan.stay
    if plan.unpriced:
        cost = f"{formats.brl(stay.cost)} em mensagens; o preço da negativação não foi informado"
    else:
        cost = formats.brl(stay.cost)
    facts = [
        ("Filial", run.branch.name),
        ("Títulos", formats.number(stay.count)),
        ("Valor em aberto", formats.brl(stay.amount)),
    ]
    if plan.lists.count:
        facts += [
            ("Negativar", counted(plan.lists.count, "título", "títulos")),
            ("Valor a negativar", formats.brl(plan.lists.amount)),
        ]
    if plan.messages:
        facts.append(("Enviar", counted(plan.messages, "mensagem", "mensagens")))
    facts.append(("Custo", cost))
    if plan.out.count:
        facts.append(("Deixados de fora", counted(plan.out.count, "título", "títulos")))
    steps = counted(stay.count, "passo", "passos")
    return {
        "run": run,
        "plan": plan,
        "heading": f"Aprovar e executar: {steps}?" if stay.count else "Executar sem nenhum passo?",
        "question": _question(plan)
        if stay.count
        else "Nenhum passo será dado. Só o que foi pago, cancelado ou renegociado sai da cobrança.",
        "facts": facts,
        "confirm_label": f"Executar {steps}" if stay.count else "Executar",
        "cancel_url": reverse("dunning_run", args=[run.pk]),
        "tone": "danger" if plan.lists.count else "primary",
        "undoable": False,
    }
