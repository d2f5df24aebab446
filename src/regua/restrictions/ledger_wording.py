"""The reconciliation page in words: its sections, its buttons, the runs and the syncs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from regua.restrictions.choices import MOVES
from regua.restrictions.ledger_choices import DifferenceKind, Remedy, RunState
from regua.restrictions.ledger_selectors import SyncStanding
from regua.restrictions.models import Reconciliation
from regua.web import formats
from regua.web.status import Icon, Tone


@dataclass(frozen=True, slots=True)
class Section:
    """Differences of one kind for which the same can be done."""

    key: str
    title: str
    text: str
    condition: Q
    remedies: tuple[Remedy, ...]


_LEGAL = Q(pk=None)
for _here, _moves in MOVES.items():
    _LEGAL |= Q(our_status=_here.value, their_status__in=[move.value for move in _moves])

SECTIONS = (
    Section(
        "so-no-biro",
        "Só no birô, com título aqui",
        "O birô tem estas dívidas negativadas e aqui ninguém as acompanha. Adotar cria a "
        "negativação aqui, com o protocolo do birô, para que possa ser baixada no prazo.",
        Q(kind=DifferenceKind.ONLY_THEIRS, receivable__isnull=False),
        (Remedy.ADOPT, Remedy.ADOPT_REMOVE),
    ),
    Section(
        "so-no-biro-sem-titulo",
        "Só no birô, sem título aqui",
        "Nenhum título desta filial tem o mesmo documento, contrato e vencimento. Pode ser dívida "
        "de outro sistema: confira com o birô. Marcada como conferida, não aparece de novo "
        "enquanto nada mudar.",
        Q(kind=DifferenceKind.ONLY_THEIRS, receivable=None),
        (Remedy.REVIEW,),
    ),
    Section(
        "so-aqui",
        "Só aqui",
        "Aqui estão em curso, mas o birô não as conhece: estas dívidas não estão negativadas.",
        Q(kind=DifferenceKind.ONLY_OURS),
        (Remedy.CLOSE, Remedy.RELIST),
    ),
    Section(
        "situacao",
        "Situação diferente",
        "O birô mostra outra situação. Aceitar traz a dele para cá.",
        Q(_LEGAL, kind=DifferenceKind.STATUS),
        (Remedy.ACCEPT,),
    ),
    Section(
        "situacao-parada",
        "Situação que não pode ser aceita",
        "O birô voltou atrás de um jeito que aqui não existe. Fale com o birô; depois, marque "
        "como conferida.",
        Q(~_LEGAL, kind=DifferenceKind.STATUS),
        (Remedy.REVIEW,),
    ),
    Section(
        "valor",
        "Valor diferente",
        "O cliente está negativado por outro valor. O birô não corrige: é preciso baixar e "
        "negativar de novo.",
        Q(kind=DifferenceKind.AMOUNT),
        (Remedy.CORRECT, Remedy.REVIEW),
    ),
    Section(
        "vencimento",
        "Vencimento diferente",
        "O birô tem outro vencimento, e dele depende o prazo de cinco anos. Para corrigir, é "
        "preciso baixar e negativar de novo.",
        Q(kind=DifferenceKind.DUE_DATE),
        (Remedy.CORRECT, Remedy.REVIEW),
    ),
)

ICONS = {
    Remedy.ADOPT: Icon("plus"),
    Remedy.ADOPT_REMOVE: Icon("eraser"),
    Remedy.CLOSE: Icon("circle-check"),
    Remedy.RELIST: Icon("ban"),
    Remedy.ACCEPT: Icon("check"),
    Remedy.CORRECT: Icon("arrows-exchange"),
    Remedy.REVIEW: Icon("eye"),
}
_QUESTIONS = {
    Remedy.ADOPT: "Cada uma vira uma negativação aqui, com o protocolo do birô. No birô nada muda.",
    Remedy.ADOPT_REMOVE: "Cada uma vira uma negativação aqui, e o birô recebe o pedido de tirar a "
    "dívida do nome do cliente.",
    Remedy.CLOSE: "Aqui cada uma passa a baixada. No birô nada muda: ele não as conhece.",
    Remedy.RELIST: "Aqui cada uma passa a baixada, e a dívida é negativada de novo, com novo custo "
    "e novo comunicado ao cliente. As regras de sempre valem.",
    Remedy.ACCEPT: "A situação que o birô mostra passa a ser a daqui. No birô nada muda.",
    Remedy.CORRECT: "O birô recebe o pedido de tirar a dívida do nome do cliente e, confirmada a "
    "baixa, ela é negativada de novo com o dado certo: novo custo, novo comunicado.",
    Remedy.REVIEW: "Nada muda, nem aqui nem no birô. Elas não aparecem de novo enquanto estiverem "
    "assim.",
}


def question(remedy: Remedy) -> str:
    return f"{_QUESTIONS[remedy]} O birô é consultado antes de cada uma."


def differences(number: int) -> str:
    return counted(number, "diferença", "diferenças")


def counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{formats.number(number)} {many}"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with its sign."""

    text: str
    icon: Icon
    tone: Tone
    busy: bool = False


def run_line(run: Reconciliation) -> Line:
    """How a run that is under way goes."""
    if run.problem:
        return Line(
            f"{run.problem} O que já foi lido está guardado; a leitura continua sozinha.",
            Icon("alert-triangle"),
            Tone.NOTICE,
            busy=True,
        )
    if run.state == RunState.QUEUED:
        return Line("A conciliação vai começar.", Icon("clock"), Tone.QUEUED, busy=True)
    read = counted(run.read, "linha lida", "linhas lidas")
    text = f"Lendo o livro do birô: {read}." if run.read else "Lendo o livro do birô."
    if run.read_out:
        text = f"Comparando os dois lados: {read}."
    return Line(text, Icon("loader"), Tone.SENT, busy=True)


def sync_line(standing: SyncStanding) -> Line:
    """The last sync, or the one under way, and when the next is."""
    state = standing.state
    if state is None or (state.started_at is None and not state.is_waiting):
        return Line(f"Ainda não sincronizada. {_next(standing)}", Icon("refresh"), Tone.MUTED)
    counts = (
        f"{counted(state.read, 'negativação lida', 'negativações lidas')}, "
        f"{counted(state.changed, 'mudança', 'mudanças')}, "
        + (
            "nenhuma desconhecida"
            if not state.alien
            else counted(state.alien, "desconhecida aqui", "desconhecidas aqui")
        )
    )
    if state.is_waiting:
        return Line("Sincronização na fila.", Icon("clock"), Tone.QUEUED, busy=True)
    if state.is_open:
        return Line(f"Sincronizando: {counts}.", Icon("loader"), Tone.SENT, busy=True)
    when = formats.ago(state.finished_at)
    if state.problem:
        return Line(
            f"A sincronização de {when} não chegou ao fim. {state.problem} O que já tinha sido "
            f"lido valeu. {_next(standing)}",
            Icon("alert-triangle"),
            Tone.NOTICE,
        )
    return Line(f"Sincronizada {when}: {counts}. {_next(standing)}", Icon("refresh"), Tone.DONE)


def _next(standing: SyncStanding) -> str:
    if standing.next_at is None:
        return "A integração não está vinculada à filial: nada é sincronizado."
    if standing.next_at <= timezone.now():
        return "A próxima começa em instantes."
    return f"A próxima é às {formats.local(standing.next_at):%H:%M}."


def outcome(run: Reconciliation, found: int) -> str:
    """How a finished run ended."""
    if run.state == RunState.FAILED:
        return f"Não chegou ao fim. {run.problem}"
    if run.is_open:
        return "Em andamento"
    return differences(found) if found else "Os dois lados conferem"


def sections_of(keys: Iterable[str]) -> list[Section]:
    wanted = set(keys)
    return [section for section in SECTIONS if section.key in wanted]
