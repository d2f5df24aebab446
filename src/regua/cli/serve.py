"""The long-running processes: web server, worker, sandbox bureau."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress

import typer
from rich.console import Console

from regua.project.boot import booted

console = Console(highlight=False)


def register(app: typer.Typer) -> None:
    app.command()(web)
    app.command()(worker)
    app.command(
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        add_help_option=False,
    )(sandbox)


def web(
    host: str = typer.Option("127.0.0.1", help="Endereço em que escuta."),
    port: int = typer.Option(8000, help="Porta."),
    threads: int = typer.Option(8, help="Pedidos atendidos ao mesmo tempo."),
) -> None:
    """Serve as telas."""
    with booted():
        from django.conf import settings
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels

        # The server's threads bound its database connections.
        Granian(
            "regua.project.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            blocking_threads=threads,
            backlog=256,
            log_access=False,
            log_level=LogLevels.warning,
            log_dictconfig={  # through the redactor, as all that Régua writes
                "formatters": settings.LOGGING["formatters"],
                "handlers": settings.LOGGING["handlers"],
                "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
            },
        ).serve()


def worker(
    concurrency: int = typer.Option(4, min=1, max=64, help="Tarefas ao mesmo tempo."),
) -> None:
    """Executa o trabalho de fundo: envia ao birô, sincroniza, cumpre prazos."""
    with booted():
        from django.db import connection
        from procrastinate.contrib.django import app as queue
        from procrastinate.exceptions import AlreadyEnqueued

        # The queue's own pool would try for half a minute before it says why it cannot.
        connection.ensure_connection()
        connection.close()
        connector = queue.connector.get_worker_connector()  # type: ignore[attr-defined]

        async def run() -> None:
            with queue.replace_connector(connector) as app:
                async with app.open_async():
                    with suppress(AlreadyEnqueued):  # by another worker, or by the last one
                        await app.configure_task(
                            "restrictions.deadlines", queueing_lock="restrictions.deadlines"
                        ).defer_async(timestamp=int(time.time()))
                    await app.run_worker_async(
                        concurrency=concurrency,
                        delete_jobs="successful",
                        fetch_job_polling_interval=1.0,
                        update_heartbeat_interval=5.0,
                        stalled_worker_timeout=15.0,
                        shutdown_graceful_timeout=20.0,
                    )

        asyncio.run(run())


def sandbox(context: typer.Context) -> None:
    """Serve o birô de demonstração. Opções: regua sandbox --help."""
    import logging

    from regua.sandbox.__main__ import parse
    from regua.sandbox.server import run

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    run(parse(context.args))


def stop_on_sigterm() -> None:
    """Let SIGTERM unwind the process as Ctrl-C does, also where a shell made us deaf to that."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
