"""The main job from a terminal: query, list, remove, synchronise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from django.utils.text import slugify
from rich.console import Console
from rich.table import Table
from rich.text import Text

from regua.project.boot import booted
from regua.restrictions.choices import RemovalReason

if TYPE_CHECKING:
    from regua.accounts.models import User
    from regua.organization.models import Branch

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
PATIENCE = 60.0  # seconds that a command waits for the bureau before leaving it to the worker

_SHORT = {
    RemovalReason.PAID: "pagamento",
    RemovalReason.DEBT_CANCELLED: "cancelamento",
    RemovalReason.CONTESTED: "contestacao",
    RemovalReason.DATA_CORRECTION: "correcao",
    RemovalReason.OWNERSHIP_CHANGE: "titularidade",
}
REASONS = {_SHORT.get(reason, slugify(reason.label)): reason for reason in RemovalReason}
"""The word that is typed for each reason."""

USER = typer.Option(..., "--usuario", envvar="REGUA_USUARIO", help="E-mail de quem age.")
TITLES = typer.Argument(..., help="Nosso número de cada título vencido.")
BRANCH = typer.Option("", "--filial", help="CNPJ ou nome da filial, se houver mais de uma.")


class NotThere(Exception):
    """What the command names does not exist for this person; the text says so."""


def register(app: typer.Typer) -> None:
    app.command()(consultar)
    app.command()(negativar)
    app.command()(baixar)
    app.command()(sincronizar)


def consultar(
    documento: str = typer.Argument(help="CPF ou CNPJ, com ou sem pontuação."),
    usuario: str = USER,
    filial: str = BRANCH,
    produto: str = typer.Option("", help="Código do produto; sem ele, o mais barato."),
    finalidade: str = typer.Option("", help="Para quê; sem ela, a contratação."),
    motivo: str = typer.Option("", help="Por que repetir uma consulta dentro do intervalo."),
) -> None:
    """Consulta um CPF ou CNPJ no birô."""
    with acting(usuario) as actor:
        from regua.accounts.access import require
        from regua.accounts.permissions import Permission
        from regua.inquiries.models import Inquiry
        from regua.inquiries.selectors import inquiry_report
        from regua.inquiries.services import (
            PURPOSE,
            WithinInterval,
            inquiries_drain,
            inquiry_request,
        )

        require(actor, Permission.REQUEST_INQUIRY)
        try:
            inquiry = inquiry_request(
                actor=actor,
                branch=branch_named(actor, filial),
                document=documento,
                product_code=produto,
                purpose=finalidade or PURPOSE,
                repeat_reason=motivo,
            )
        except WithinInterval as error:
            errors.print(error.message, style="red", markup=False, soft_wrap=True)
            _show_earlier(error.earlier, repeats=actor.can(Permission.REPEAT_INQUIRY))
        console.print(
            f"Consulta nº {inquiry.pk}: {inquiry.product_name}, {_brl(inquiry.cost)}.",
            markup=False,
        )
        if inquiry.requested_by_id != actor.pk:
            console.print(
                f"{inquiry.requested_by.name} já a estava fazendo: nada é cobrado outra vez.",
                markup=False,
            )
        _work_until(
            inquiry,
            lambda: inquiry.is_finished,
            drain=inquiries_drain,
            label="Esperando a resposta do birô…",
        )
        if inquiry.status == Inquiry.Status.REFUSED:
            errors.print(inquiry.problem, style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1)
        report = inquiry_report(inquiry)
        if report is None:
            _still_waiting(inquiry.problem)
        score = f"{report.score.value} (faixa {report.score.band})" if report.score else "sem score"
        console.print(f"{report.name} · documento {report.document_status.lower()}", markup=False)
        if inquiry.outcome:
            decision = f"Decisão: {inquiry.get_outcome_display()}"
            console.print(decision, style="bold", markup=False)
        console.print(f"Score: {score}", style="bold", markup=False)
        console.print(f"Pendências: {len(report.pendings)}, {_brl(report.pendings_total)}")
        if report.pendings:
            table = Table("Tipo", "Credor", "Data")
            table.add_column("Valor", justify="right")
            for item in report.pendings:
                on = f"{item.occurred_on:%d/%m/%Y}" if item.occurred_on else "-"
                table.add_row(item.kind.value, Text(item.creditor), on, _brl(item.amount))
            console.print(table)
        console.print(f"Protocolo {inquiry.protocol}", markup=False)


def negativar(
    titulos: list[str] = TITLES,
    usuario: str = USER,
    filial: str = BRANCH,
    codigo: str = typer.Option("", help="Código de restrição; sem ele, o padrão da integração."),
) -> None:
    """Negativa títulos vencidos: todos, ou nenhum."""
    with acting(usuario) as actor:
        from regua.accounts.access import require
        from regua.accounts.permissions import Permission
        from regua.receivables.selectors import receivables_visible
        from regua.restrictions.sender import restrictions_drain
        from regua.restrictions.services import restrictions_request

        require(actor, Permission.REQUEST_RESTRICTION)
        visible = receivables_visible(actor)
        if filial:
            visible = visible.filter(branch=branch_named(actor, filial))
        receivables = []
        for titulo in dict.fromkeys(titulos):
            found = list(visible.filter(our_number=titulo)[:2])
            if len(found) > 1:
                raise NotThere(
                    f"Há mais de um título com o nosso número {titulo}. Diga qual com --filial."
                )
            if not found:
                raise NotThere(f"Não há título com o nosso número {titulo}. Nada foi enviado.")
            receivables += found
        restrictions = restrictions_request(
            receivables=receivables, actor=actor, restriction_code=codigo
        )
        for restriction in restrictions:
            if restriction.awaits_approval:
                continue
            _work_until(
                restriction,
                lambda row=restriction: row.status != "queued",  # type: ignore[misc]
                drain=restrictions_drain,
                label="Enviando ao birô…",
            )
        _show(*restrictions)


def baixar(
    negativacao: int = typer.Argument(help="Número da negativação."),
    motivo: str = typer.Option("pagamento", help=f"Um de: {', '.join(REASONS)}."),
    usuario: str = USER,
) -> None:
    """Pede a baixa de uma negativação."""
    if motivo not in REASONS:
        raise typer.BadParameter(f"Esse motivo não existe. Use um de: {', '.join(REASONS)}.")
    with acting(usuario) as actor:
        from regua.accounts.access import require
        from regua.accounts.permissions import Permission
        from regua.restrictions.selectors import restrictions_visible
        from regua.restrictions.sender import restrictions_drain
        from regua.restrictions.services import removal_request

        require(actor, Permission.REQUEST_REMOVAL)
        restriction = restrictions_visible(actor).filter(pk=negativacao).first()
        if restriction is None:
            raise NotThere(f"Não há negativação nº {negativacao}. Nada foi enviado.")
        removal_request(restriction=restriction, actor=actor, reason=REASONS[motivo])
        _work_until(
            restriction,
            lambda: restriction.status != "removal_queued",
            drain=restrictions_drain,
            label="Enviando ao birô…",
        )
        _show(restriction)


def sincronizar(usuario: str = USER, filial: str = BRANCH) -> None:
    """Traz do birô a situação das negativações."""
    with acting(usuario) as actor:
        from regua.accounts.access import require
        from regua.accounts.permissions import Permission
        from regua.bureaus.errors import BureauError
        from regua.integrations.selectors import integrations_in_use
        from regua.restrictions.sync import restrictions_sync

        require(actor, Permission.SYNCHRONISE)
        integrations = integrations_in_use(actor)
        if filial:
            integrations = integrations.filter(branch=branch_named(actor, filial))
        if not integrations:
            raise NotThere("Nenhuma integração vinculada. Nada foi sincronizado.")
        failed = False
        for integration in integrations:
            try:
                with console.status(f"Lendo as mudanças de {integration.branch}…"):
                    result = restrictions_sync(integration=integration, actor=actor)
            except BureauError as error:  # one branch's trouble does not hold up the others
                said = f"{integration.branch}: {error.message}"
                errors.print(said, style="red", markup=False, soft_wrap=True)
                failed = True
                continue
            read = _count(result.read, "negativação lida", "negativações lidas")
            console.print(
                f"{integration.branch}: {read}, "
                f"{_count(result.changed, 'mudança', 'mudanças')}, "
                f"{result.alien} que só o birô conhece.",
                markup=False,
            )
        if failed:
            raise typer.Exit(1)


@contextmanager
def acting(email: str) -> Iterator[User]:
    """Boot the product and yield the person in whose name the command acts."""
    with booted():
        from regua.accounts.models import User

        actor = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if actor is None:
            raise NotThere(f"Não há pessoa ativa com o e-mail {email}. Nada foi feito.")
        yield actor


def branch_named(actor: User, text: str) -> Branch:
    import re

    from regua.accounts.selectors import branches_visible

    branches = branches_visible(actor)
    if text:
        bare = re.sub(r"[.\-/\s]", "", text).upper()
        branches = branches.filter(document=bare) | branches.filter(name__iexact=text.strip())
    found = list(branches[:2])
    if not found:
        raise NotThere("Nenhuma filial sua corresponde ao pedido. Nada foi feito.")
    if len(found) > 1:
        raise NotThere("Você tem acesso a mais de uma filial. Diga qual com --filial.")
    return found[0]


def _work_until(
    row: Any, done: Callable[[], bool], *, drain: Callable[..., int], label: str
) -> None:
    """Do the sender's work here until ``row`` is done; a running worker may do it just as well.

    Only what is due before it is done too. A row that waits for the bureau or for somebody to mend
    the integration is left waiting; an answer that was lost is looked up here.
    """
    deadline = time.monotonic() + PATIENCE

    def enough() -> bool:
        row.refresh_from_db()
        waits = bool(row.problem) and not row.unknown
        return done() or waits or time.monotonic() > deadline

    with console.status(label):
        while True:
            drain(row.integration_id, should_stop=enough)
            if enough():
                return
            time.sleep(0.2)


def _show_earlier(inquiry: Any, *, repeats: bool) -> NoReturn:
    """What the answer within the interval says, and how to go on."""
    if inquiry.status == "answered":
        said = [inquiry.get_outcome_display()] if inquiry.outcome else []
        said.append("sem score" if inquiry.score is None else f"score {inquiry.score}")
        said.append(f"{inquiry.pendings_count} pendência(s), {_brl(inquiry.pendings_total)}")
        console.print(f"Consulta nº {inquiry.pk}: {', '.join(said)}.", markup=False)
    errors.print(
        f"Para usá-la, abra a consulta nº {inquiry.pk} na Central de consultas. "
        + (
            "Para repetir, diga por quê com --motivo."
            if repeats
            else "Seu perfil não permite repetir: peça ao gestor financeiro."
        ),
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(1)


def _still_waiting(problem: str) -> NoReturn:
    said = problem or "O birô ainda não respondeu."
    errors.print(said, style="yellow", markup=False, soft_wrap=True)
    errors.print("Nada se perdeu: o trabalho de fundo (regua worker) continua daqui.")
    raise typer.Exit(3)


def _show(*restrictions: Any) -> None:
    """Where each stands; ends with 3 where one still waits for the bureau, 1 where one failed."""
    waiting, failed = [], False
    for restriction in restrictions:
        restriction.refresh_from_db()
        console.print(
            f"Negativação nº {restriction.pk}: {restriction.get_status_display().lower()}."
            f"{' Protocolo ' + restriction.protocol + '.' if restriction.protocol else ''}",
            markup=False,
            soft_wrap=True,
        )
        if restriction.awaits_approval:
            said = f"Outra pessoa precisa aprovar; nada saiu. {restriction.approval_reason}"
            console.print(said, markup=False, soft_wrap=True)
        elif restriction.status in ("queued", "removal_queued"):
            waiting.append(restriction.problem)
        elif restriction.problem:
            errors.print(restriction.problem, style="yellow", markup=False, soft_wrap=True)
            failed = True
    if failed:
        raise typer.Exit(1)
    if waiting:
        _still_waiting(next(filter(None, waiting), ""))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _brl(amount: Any) -> str:
    from regua.web.formats import brl

    return brl(amount)
