"""The main job from end to end without screens: ``regua demo --once``.

Every step is done through the services, carried by a real worker process over real HTTP to the
sandbox bureau, and printed with our record beside the bureau's own ledger line.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from regua.cli.demo.processes import Child, environment_for_demo, free_port, stop_all
from regua.cli.demo.supervisor import prepare, start_sandbox
from regua.cli.serve import stop_on_sigterm
from regua.cli.setup import run_migrations
from regua.project.boot import booted

console = Console(highlight=False)
PATIENCE = 60.0
AGREE = {
    "sent": {"RECEBIDA", "COMUNICADO_ENVIADO", "ATIVA"},
    "notified": {"COMUNICADO_ENVIADO", "ATIVA"},
    "active": {"ATIVA"},
    "removal_sent": {"BAIXA_RECEBIDA", "BAIXADA"},
    "removed": {"BAIXADA"},
}
"""Our status → what the bureau's ledger may say at the same moment; it is never behind ours."""


class Disagreement(Exception):
    """The two ledgers do not say the same."""


def tell() -> bool:
    """Run the story in a folder of its own; True if both ledgers agreed at every step."""
    stop_on_sigterm()
    home = Path(tempfile.mkdtemp(prefix="regua-demo-"))
    if os.geteuid() == 0:
        home.chmod(0o711)  # the account that runs PostgreSQL passes through
    environment_for_demo(
        home,
        REGUA_SYNC_INTERVAL="1",
        REGUA_SENDER_LEASE="15",
        REGUA_BUREAU_TIMEOUT="5",
        REGUA_RETRY_BASE="1",
    )
    children: list[Child] = []
    try:
        with console.status("Iniciando o PostgreSQL…") as progress, booted():
            try:
                progress.update("Criando as tabelas…")
                run_migrations()
                progress.update("Iniciando o birô e os dados…")
                sandbox_url = start_sandbox(
                    children,
                    logs_dir=home,
                    port=free_port(),
                    store=str(home / "sandbox.sqlite"),
                    day_seconds="0.2",
                )
                prepare(sandbox_url, "http://127.0.0.1:9")  # no web server here: no webhooks
                children.append(Child("worker", ["worker"], log=home / "worker.log"))
                progress.stop()
                _main_job(sandbox_url)
            finally:
                stop_all(children)
    except Disagreement as error:
        console.print(str(error), style="bold red", markup=False)
        return False
    finally:
        shutil.rmtree(home, ignore_errors=True)
    console.print("\nOs dois lados dizem o mesmo, do começo ao fim.", style="bold green")
    return True


def _main_job(sandbox_url: str) -> None:
    from django.utils import timezone

    from regua.accounts.models import User
    from regua.inquiries.services import inquiry_request
    from regua.integrations.models import Integration
    from regua.receivables.models import Receivable
    from regua.receivables.services import payment_record
    from regua.restrictions.services import removal_request, restriction_request
    from regua.restrictions.sync import restrictions_sync
    from regua.sandbox import people

    actor = User.objects.get(email="gestor@demo.regua")
    integration = Integration.objects.get()
    overdue = Receivable.objects.filter(
        branch=integration.branch, status="open", due_date__lt=timezone.localdate()
    ).exclude(customer__mobile="")
    receivable = next(
        debt
        for debt in overdue.select_related("customer").order_by("due_date", "id")
        if people.behaviour_of(debt.customer.document) is people.ORDINARY
    )

    _step("1. Consultar o documento do cliente")
    inquiry = inquiry_request(
        actor=actor,
        branch=integration.branch,
        document=receivable.customer.document,
        customer=receivable.customer,
    )
    _wait(inquiry, lambda: inquiry.is_finished)
    if inquiry.status != "answered":
        raise Disagreement(f"A consulta não foi respondida: {inquiry.problem}")
    charges = [c for c in _ledger(sandbox_url, "cobrancas") if c["protocolo"] == inquiry.protocol]
    _beside(
        ("protocolo", inquiry.protocol, charges[0]["protocolo"] if charges else "—"),
        ("score", str(inquiry.score), "—"),
        ("custo", str(inquiry.cost), charges[0]["preco"] if charges else "—"),
    )
    if len(charges) != 1:
        raise Disagreement(f"O birô cobrou {len(charges)} consultas; devia ser uma.")

    _step("2. Negativar o título vencido")
    restriction = restriction_request(receivable=receivable, actor=actor)
    _wait(restriction, lambda: restriction.status != "queued")
    _compare(sandbox_url, restriction)

    _step("3. Sincronizar até ficar ativa")

    def sync() -> bool:
        restrictions_sync(integration=integration, actor=actor)
        restriction.refresh_from_db()
        return restriction.status in ("active", "refused")

    _wait(restriction, sync)
    if restriction.status != "active":
        raise Disagreement(f"A negativação não ficou ativa: {restriction.problem}")
    _compare(sandbox_url, restriction)

    _step("4. O cliente paga")
    payment_record(
        receivable=receivable,
        actor=actor,
        amount=receivable.open_amount,
        paid_on=timezone.localdate(),
    )
    restriction.refresh_from_db()
    _compare(sandbox_url, restriction)
    if restriction.status != "active":
        raise Disagreement("O pagamento sozinho não devia mudar a negativação.")

    _step("5. Pedir a baixa e sincronizar até sair")
    removal_request(restriction=restriction, actor=actor, reason="paid")

    def removed() -> bool:
        restrictions_sync(integration=integration, actor=actor)
        restriction.refresh_from_db()
        return restriction.status == "removed"

    _wait(restriction, removed)
    _compare(sandbox_url, restriction)
    if restriction.status != "removed":
        raise Disagreement("A baixa não se completou no tempo esperado.")


def _wait(row: Any, done: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    with console.status("…"):
        while not done() and time.monotonic() < deadline:
            time.sleep(0.1)
            row.refresh_from_db()


def _ledger(sandbox_url: str, part: str) -> list[dict[str, Any]]:
    """The bureau's own books, read past the API that the adapter uses."""
    url = f"{sandbox_url}/_sandbox/{part}"
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310
        rows: list[dict[str, Any]] = json.load(response)
    return rows


def _compare(sandbox_url: str, restriction: Any) -> None:
    """Print our record beside the bureau's line; raise where they differ."""
    restriction.refresh_from_db()
    reference = str(restriction.idempotency_key)
    lines = [r for r in _ledger(sandbox_url, "livro") if r["referencia"] == reference]
    if len(lines) != 1:
        raise Disagreement(f"O birô tem {len(lines)} registros desta negativação; devia ter um.")
    theirs = lines[0]
    _beside(
        ("protocolo", restriction.protocol, theirs["protocolo"]),
        ("valor", str(restriction.amount), theirs["valor"]),
        ("vencimento", str(restriction.due_date), theirs["vencimento"]),
        ("situação", restriction.get_status_display(), theirs["situacao"]),
        ("visível em", str(restriction.visible_on or "—"), theirs["visivel_em"] or "—"),
        ("baixada em", str(restriction.removed_on or "—"), theirs["baixada_em"] or "—"),
    )
    same = (
        restriction.protocol == theirs["protocolo"]
        and str(restriction.amount) == theirs["valor"]
        and theirs["situacao"] in AGREE.get(restriction.status, set())
    )
    if not same:
        raise Disagreement("Os dois lados não dizem o mesmo.")


def _step(title: str) -> None:
    console.print(f"\n{title}", style="bold", markup=False)


def _beside(*rows: tuple[str, str, str]) -> None:
    table = Table("", "Régua", "Birô", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console.print(table)
