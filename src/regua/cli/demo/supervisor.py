"""Starting and stopping the demo's processes."""

from __future__ import annotations

import os
import time

from rich.console import Console
from rich.table import Table

from regua.cli.demo.processes import (
    Child,
    answers,
    environment_for_demo,
    free_port,
    stop_all,
    wait_until,
    works,
)
from regua.cli.serve import stop_on_sigterm
from regua.cli.setup import run_migrations
from regua.project.boot import booted
from regua.project.postgres import default_data_dir

console = Console(highlight=False)
SANDBOX_CLIENT = ("regua-demo", "segredo-demo", "webhook-demo")
DAY_SECONDS = "3"


def supervise(*, port: int) -> None:
    """Run web, worker and sandbox until Ctrl-C; leave no process behind."""
    stop_on_sigterm()
    home = default_data_dir() / "demo"
    web_port = free_port(port)
    base_url = f"http://127.0.0.1:{web_port}"
    smtp_port = free_port()
    environment_for_demo(
        home,
        REGUA_BASE_URL=base_url,
        REGUA_SMTP_URL=f"smtp://127.0.0.1:{smtp_port}",
        REGUA_MAIL_FROM="cobranca@demo.regua",
        REGUA_SYNC_INTERVAL="10",
        REGUA_SENDER_LEASE="45",
        REGUA_BUREAU_TIMEOUT="10",
        REGUA_ALLOW_PRIVATE_WEBHOOKS="true",  # so that they can be tried on this machine
    )
    children: list[Child] = []
    started = time.monotonic()
    with console.status("Iniciando o PostgreSQL…") as progress, booted():
        logs = home / "logs"
        logs.mkdir(exist_ok=True)
        try:
            progress.update("Atualizando as tabelas…")
            run_migrations()
            progress.update("Iniciando o birô de demonstração…")
            sandbox_url = start_sandbox(
                children,
                logs_dir=logs,
                port=free_port(web_port + 1),
                store=str(home / "sandbox.sqlite"),
                day_seconds=DAY_SECONDS,
                smtp_port=smtp_port,
            )
            progress.update("Preparando os dados de demonstração…")
            if prepare(sandbox_url, base_url):
                from regua.cli.demo.first_day import begin

                begin()
            progress.update("Iniciando as telas e o trabalho de fundo…")
            children.append(Child("worker", ["worker"], log=logs / "worker.log"))
            children.append(Child("web", ["web", "--port", str(web_port)], log=logs / "web.log"))
            wait_until(lambda: works(f"{base_url}/saude/pronto"), children=children)
            progress.stop()
            _welcome(base_url, sandbox_url, time.monotonic() - started)
            while True:
                for child in children:
                    child.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print("\nEncerrando…")
        finally:
            stop_all(children)
    console.print("Encerrado. Os dados ficam para a próxima vez.")


def start_sandbox(
    children: list[Child],
    *,
    logs_dir: os.PathLike[str],
    port: int,
    store: str,
    day_seconds: str,
    smtp_port: int | None = None,
) -> str:
    """Start the sandbox bureau and wait until it answers; its address."""
    from pathlib import Path

    url = f"http://127.0.0.1:{port}"
    arguments = ["sandbox", "--port", str(port), "--store", store, "--day-seconds", day_seconds]
    if smtp_port is not None:
        arguments += ["--smtp-port", str(smtp_port)]
    children.append(Child("sandbox", arguments, log=Path(logs_dir) / "sandbox.log"))
    wait_until(lambda: answers(url), children=children)
    return url


def prepare(sandbox_url: str, base_url: str) -> bool:
    """Fill the database and tell the sandbox where to send its webhooks; whether it was empty."""
    import json
    import urllib.request

    from regua.accounts.models import User
    from regua.cli.demo.data import PEOPLE, SandboxAccount, seed
    from regua.cli.demo.messages import messages_prepare
    from regua.integrations.models import Integration

    client_id, secret, webhook = SANDBOX_CLIENT
    branch, empty = seed(SandboxAccount(sandbox_url, client_id, secret, webhook))
    admin = User.objects.get(email=PEOPLE[0][0])
    messages_prepare(actor=admin, sandbox_url=sandbox_url, secret=secret)
    integration = Integration.objects.get(branch=branch, archived_at=None)
    request = urllib.request.Request(  # noqa: S310
        f"{sandbox_url}/_sandbox/contas/{client_id}/webhook",
        data=json.dumps({"url": f"{base_url}/webhooks/biro/{integration.webhook_id}"}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    return empty


def _welcome(base_url: str, sandbox_url: str, seconds: float) -> None:
    from regua.cli.demo.data import PASSWORD, PEOPLE

    console.print(f"\n[bold green]Régua pronta em {base_url}[/] ({seconds:.1f} s)")
    console.print(f"Birô de demonstração: {sandbox_url} (um dia do birô dura {DAY_SECONDS} s)")
    console.print(f"E-mails e SMS aos clientes chegam em {sandbox_url}/caixa-de-entrada\n")
    table = Table("E-mail", "Perfil", "Senha", box=None, pad_edge=False)
    for email, _, role, _ in PEOPLE:
        table.add_row(email, role.label, PASSWORD)
    console.print(table)
    console.print("\nCtrl-C encerra tudo.")
