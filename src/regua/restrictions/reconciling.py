"""Reading the bureau's whole ledger and comparing it with ours (*Conciliação*).

The ledger is staged page by page, the reading's cursor in the same transaction, so that a killed
run goes on where it was and memory does not grow. Then the database compares (``comparison``) and
the staged lines, which name people, are gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import BureauClient, ListingPage, ListingRecord
from regua.bureaus.errors import BureauError, Misconfigured, NotFound, Refused
from regua.integrations import gateway
from regua.integrations.exclusive import only_one
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender
from regua.restrictions.comparison import lines_compare
from regua.restrictions.inbox import reference_of
from regua.restrictions.ledger_choices import OPEN_RUNS, RunState
from regua.restrictions.models import Reconciliation
from regua.restrictions.sync import restrictions_sync

logger = logging.getLogger(__name__)

RECONCILE = "restrictions.reconcile"
RECONCILE_LOCK = 0x434F4E43  # "CONC"
PAGE = 200
SILENCE = timedelta(minutes=1)
"""After this long without a sign of life a run is taken up again."""
PATIENCE = 10
"""Failures in a row after which a run is given up; one a ``SILENCE`` at most."""
INTERVAL = timedelta(days=7)


def why_no_reconciliation(integration: Integration) -> str:
    """Why the ledgers cannot be compared; empty where they can."""
    if integration.linked_at is None or integration.archived_at is not None:
        return (
            f"A integração nº {integration.pk} não está vinculada à filial. Vincule em "
            "Configurações > Empresa > Filiais > aba Integrações."
        )
    if not provider_of(integration).capabilities.change_feed:
        return "Este birô não deixa ler o livro inteiro, e sem ele não há o que comparar."
    return ""


def reconciliation_ask(*, integration: Integration, actor: User | None = None) -> Reconciliation:
    """Ask for a comparison, or return the one that is under way; without ``actor`` a routine asks.

    Raises ``NotAllowed``, or ``ValidationError`` where the ledgers cannot be compared.
    """
    if actor is not None:
        require(actor, Permission.RECONCILE, branch_id=integration.branch_id)
    if reason := why_no_reconciliation(integration):
        raise ValidationError(f"{reason} Nada foi lido.")
    with transaction.atomic():
        Reconciliation.objects.bulk_create(
            [Reconciliation(integration=integration, asked_by=actor)], ignore_conflicts=True
        )
        ask_for_sender(RECONCILE, integration.pk)
    return Reconciliation.objects.filter(integration=integration).order_by("-pk")[0]


def reconciliation_run(
    integration_id: int, *, should_stop: Callable[[], bool] = lambda: False
) -> Reconciliation | None:
    """Carry the integration's open run through, from wherever it was; return it.

    None where there is none or another worker has it. Trouble with the bureau is kept on the run:
    it is taken up again later, or given up with a sentence.
    """
    with only_one(RECONCILE_LOCK, integration_id) as alone:
        run = (
            Reconciliation.objects.select_related("integration__branch")
            .filter(integration_id=integration_id, state__in=OPEN_RUNS)
            .first()
        )
        if run is None or not alone:
            return None
        if run.started_at is None:
            Reconciliation.objects.filter(pk=run.pk).update(
                state=RunState.READING, started_at=Now(), touched_at=Now()
            )
            run.refresh_from_db()
        try:
            if not run.read_out and not _read_out(run, should_stop):
                return run
            # What changed while we read is news, not a difference.
            restrictions_sync(integration=run.integration)
        except BureauError as error:
            _note_failure(run, error)
            return run
        _finish(run)
        return run


def _read_out(run: Reconciliation, should_stop: Callable[[], bool]) -> bool:
    """Stage every page that is left; False where we were told to stop before the last."""
    with gateway.line(
        run.integration,
        purpose="reconcile",
        subject=f"integration:{run.integration_id}",
        actor_id=run.asked_by_id,
    ) as client:
        while not run.read_out:
            if should_stop():
                return False
            page = _page(client, run)
            with transaction.atomic():
                _stage(run, page.items)
                run.cursor, run.read_out = page.next_cursor or "", page.next_cursor is None
                run.read += len(page.items)
                run.failures, run.problem = 0, ""
                run.touched_at = timezone.now()
                run.save()
    return True


def _page(client: BureauClient, run: Reconciliation) -> ListingPage:
    try:
        return client.changes(since=None, cursor=run.cursor or None, limit=PAGE)
    except NotFound:
        raise
    except Refused:
        if not run.cursor:
            raise
        # A cursor may not live as long as a run that was interrupted: begin anew. What is staged
        # is written over, line by line.
        run.cursor, run.read = "", 0
        return client.changes(since=None, cursor=None, limit=PAGE)


def _stage(run: Reconciliation, records: Iterable[ListingRecord]) -> None:
    newest: dict[str, ListingRecord] = {}
    for record in records:
        known = newest.get(record.protocol)
        if known is None or record.version > known.version:
            newest[record.protocol] = record
    lines = list(newest.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _STAGE,
            {
                "run": run.pk,
                "protocol": [line.protocol[:60] for line in lines],
                "reference": [reference_of(line) for line in lines],
                "document": [line.document[:20] for line in lines],
                "contract": [line.contract for line in lines],
                "amount": [line.amount for line in lines],
                "due_date": [line.due_date for line in lines],
                "status": [line.status.value for line in lines],
                "version": [line.version for line in lines],
            },
        )


# A line may come again, later in the feed for having changed meanwhile: the newer one stays.
_STAGE = """
INSERT INTO restrictions_ledgerline AS staged
    (run_id, protocol, reference, document, contract, amount, due_date, status, version)
SELECT %(run)s, * FROM unnest(
    %(protocol)s::text[], %(reference)s::uuid[], %(document)s::text[], %(contract)s::text[],
    %(amount)s::numeric[], %(due_date)s::date[], %(status)s::text[], %(version)s::bigint[]
)
ON CONFLICT (run_id, protocol) DO UPDATE
SET reference = excluded.reference, document = excluded.document, contract = excluded.contract,
    amount = excluded.amount, due_date = excluded.due_date, status = excluded.status,
    version = excluded.version
WHERE excluded.version > staged.version
"""


def _finish(run: Reconciliation) -> None:
    with transaction.atomic():
        lines_compare(run)
        _forget_lines(run)
        run.state, run.problem, run.cursor = RunState.DONE, "", ""
        run.finished_at = run.touched_at = timezone.now()
        run.save()


def _note_failure(run: Reconciliation, error: BureauError) -> None:
    run.failures += 1
    run.problem = error.message
    run.touched_at = timezone.now()
    with transaction.atomic():
        if isinstance(error, Misconfigured | Refused) or run.failures >= PATIENCE:
            run.state, run.finished_at, run.cursor = RunState.FAILED, run.touched_at, ""
            _forget_lines(run)
        run.save()
    logger.warning("reconciliation %s: %s", run.pk, error.message)


def _forget_lines(run: Reconciliation) -> None:
    # In one statement: Django would first ask what hangs on each of them.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM restrictions_ledgerline WHERE run_id = %s", [run.pk])
