"""The long-running processes: web server, worker, sandbox bureau."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from contextlib import suppress

import typer
from rich.console import Console

from regua.project.boot import booted

console = Console(highlight=False)
logger = logging.getLogger(__name__)


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

        # The queue's own pool would try for half a minute before it says why it cannot.
        connection.ensure_connection()
        connection.close()
        asyncio.run(_work(concurrency))


async def _work(concurrency: int) -> None:
    """Work until told to stop. The queue gives up when PostgreSQL restarts: then begin again."""
    from procrastinate.contrib.django import app as queue
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
    from psycopg import OperationalError

    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        told.set()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)  # the second time is for the impatient

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    connector = queue.connector.get_worker_connector()  # type: ignore[attr-defined]
    with queue.replace_connector(connector) as app:
        while not told.is_set():
            try:
                async with app.open_async():
                    with suppress(AlreadyEnqueued):  # by another worker, or by the last one
                        await app.configure_task(
                            "restrictions.deadlines", queueing_lock="restrictions.deadlines"
                        ).defer_async(timestamp=int(time.time()))
                    worker = asyncio.create_task(
                        app.run_worker_async(
                            concurrency=concurrency,
                            delete_jobs="successful",
                            fetch_job_polling_interval=1.0,
                            update_heartbeat_interval=5.0,
                            stalled_worker_timeout=15.0,
                            shutdown_graceful_timeout=20.0,
                            install_signal_handlers=False,
                        )
                    )
                    await _first_of(worker, told)
            except ConnectorException as error:
                if not isinstance(error.__cause__, OperationalError):
                    raise
            except OperationalError:
                pass
            if not told.is_set():
                logger.warning("the queue lost PostgreSQL and begins again")
                await asyncio.sleep(1)


async def _first_of(worker: asyncio.Task[None], told: asyncio.Event) -> None:
    """Wait for the worker's end, and bring it about gently when told to."""
    telling = asyncio.create_task(told.wait())
    await asyncio.wait([worker, telling], return_when=asyncio.FIRST_COMPLETED)
    telling.cancel()
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker


def sandbox(context: typer.Context) -> None:
    """Serve o birô de demonstração. Opções: regua sandbox --help."""
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
