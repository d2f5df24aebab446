"""What people do with runs: simulate, take out, approve, pause, resume, cancel."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import ENDED, WORKING, RunState
from regua.dunning.models import DunningRun
from regua.dunning.selectors import reached_until
from regua.integrations.services import constraint_of
from regua.organization.models import Branch
from regua.web.named import statement

RUN_TASK = "dunning.run"
SLICE = 100_000
"""Debts that a worker takes in one transaction: some seconds of work."""
SHARES = 4
"""How many workers are asked to share a run; on a machine with fewer the others wait their turn."""


def run_start(
    *,
    branch: Branch,
    actor: User | None,
    day: date | None = None,
    needs_approval: bool = True,
    scheduled: bool = False,
) -> DunningRun:
    """Begin a run of a branch's debts with its simulation.

    ``actor`` is None for the daily one. Raises ``NotAllowed``, or ``ValidationError`` where one is
    open already or no policy holds for the branch.
    """
    if actor is not None:
        require(actor, Permission.RUN_DUNNING, branch_id=branch.pk)
    day = day or timezone.localdate()
    until = reached_until(branch, day)
    if until is None:
        raise ValidationError(
            f"Nenhuma régua ativa vale para a filial {branch.name}. Nada foi simulado. "
            "Crie uma em Configurações > Parâmetros de cobrança."
        )
    try:
        with transaction.atomic():
            run = DunningRun.objects.create(
                branch=branch,
                day=day,
                scheduled=scheduled,
                state=RunState.SIMULATING,
                needs_approval=needs_approval,
                requested_by=actor,
            )
            with connection.cursor() as cursor:
                cursor.execute(
                    statement("dunning", "slices"),
                    {
                        "run": run.pk,
                        "branch": branch.pk,
                        "size": SLICE,
                        "until": until,
                    },
                )
            run_ask(run)
    except IntegrityError as error:
        if constraint_of(error) not in ("dunning_run_one_open", "dunning_run_daily"):
            raise
        raise ValidationError(
            f"A filial {branch.name} já tem uma execução em andamento. Nada de novo foi começado. "
            "Termine ou cancele aquela em Cobrança > Execuções."
        ) from None
    return run


def run_approve(*, run: DunningRun, actor: User) -> None:
    """Have a simulated run executed, but for what was taken out of it."""
    _change(run, actor, Permission.APPROVE_DUNNING, (RunState.SIMULATED,), RunState.RUNNING)


def run_pause(*, run: DunningRun, actor: User) -> None:
    """Stop after the slices under way; what is done stays done."""
    _change(run, actor, Permission.RUN_DUNNING, (RunState.RUNNING,), RunState.PAUSED)


def run_resume(*, run: DunningRun, actor: User) -> None:
    _change(run, actor, Permission.RUN_DUNNING, (RunState.PAUSED,), RunState.RUNNING)


def run_cancel(*, run: DunningRun, actor: User) -> None:
    """End a run where it stands; the steps already taken stay taken."""
    states = tuple(state for state in RunState if state not in ENDED)
    _change(run, actor, Permission.RUN_DUNNING, states, RunState.CANCELLED)


def items_leave_out(
    *, run: DunningRun, actor: User, step_ids: list[int] | None = None, ids: list[int] | None = None
) -> int:
    """Take steps, or single debts (``DunningItem`` ids), out of a simulated run; how many."""
    return _mark(run, actor, left_out=True, step_ids=step_ids, ids=ids)


def items_take_back(
    *, run: DunningRun, actor: User, step_ids: list[int] | None = None, ids: list[int] | None = None
) -> int:
    """Put what was taken out back in; how many."""
    return _mark(run, actor, left_out=False, step_ids=step_ids, ids=ids)


def run_ask(run: DunningRun) -> None:
    """Ask workers to share a run; inside or outside a transaction, as often as one likes."""
    for share in range(SHARES):
        try:
            with transaction.atomic():
                app.configure_task(
                    RUN_TASK, queue="dunning", queueing_lock=f"{RUN_TASK}:{run.pk}:{share}"
                ).defer(run_id=run.pk)
        except AlreadyEnqueued:
            continue


def _mark(
    run: DunningRun,
    actor: User,
    *,
    left_out: bool,
    step_ids: list[int] | None,
    ids: list[int] | None,
) -> int:
    require(actor, Permission.APPROVE_DUNNING, branch_id=run.branch_id)
    with transaction.atomic():
        locked = _locked(run, (RunState.SIMULATED,))
        rows = locked.items.filter(left_out=not left_out)
        if step_ids is not None:
            rows = rows.filter(step__in=step_ids)
        if ids is not None:
            rows = rows.filter(pk__in=ids)
        return rows.update(left_out=left_out)


def _change(
    run: DunningRun,
    actor: User,
    permission: Permission,
    states: tuple[RunState, ...],
    state: RunState,
) -> None:
    require(actor, permission, branch_id=run.branch_id)
    with transaction.atomic():
        locked = _locked(run, states)
        locked.state = state
        if permission is Permission.APPROVE_DUNNING:
            locked.approved_by, locked.approved_at = actor, timezone.now()
        if state in ENDED:
            locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "approved_by", "approved_at", "finished_at"])
        if state in WORKING:
            run_ask(locked)
    run.refresh_from_db()


def _locked(run: DunningRun, states: tuple[RunState, ...]) -> DunningRun:
    locked = DunningRun.objects.select_for_update().get(pk=run.pk)
    if locked.state not in states:
        raise ValidationError(
            f"A execução nº {run.pk} já mudou: está {locked.get_state_display().lower()}. "
            "Nada foi feito agora. Atualize a página."
        )
    return locked
