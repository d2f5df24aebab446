"""The HTTP server of the sandbox bureau."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from regua.sandbox.config import SandboxConfig
from regua.sandbox.control import Control
from regua.sandbox.dialects.credito_na_medida import Dialect, answer, refusal_answer
from regua.sandbox.engine import Bureau
from regua.sandbox.faults import Rule
from regua.sandbox.inbox import Inbox
from regua.sandbox.page import Page
from regua.sandbox.refusals import Refusal
from regua.sandbox.webhooks import deliver_due

access_log = logging.getLogger("regua.sandbox.access")
log = logging.getLogger("regua.sandbox")

FAULT_MESSAGES = {
    401: ("AUTH", "Token revogado."),
    402: ("402", "Saldo insuficiente."),
    403: ("403", "Produto não contratado."),
    422: ("008", "Operação recusada pelo birô."),
    429: ("LIMITE", "Muitas chamadas; aguarde."),
}
ABORTED = "cortada"


def make_app(config: SandboxConfig) -> web.Application:
    """The whole bureau as one aiohttp application, its ticker included."""
    bureau = Bureau(config)
    stopping = asyncio.Event()
    app = web.Application(
        middlewares=[_logged(bureau), _refusals_told, _faulty(bureau, stopping)],
        client_max_size=256 * 1024,
    )
    app.add_routes(Dialect(bureau).routes())
    app.router.add_get("/", Page(bureau).show)
    inbox = Inbox(config)
    app.add_routes(inbox.routes())
    if config.control:
        app.add_routes(Control(bureau).routes())

    async def alive(_app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work(bureau)) for work in (_tick, _deliver)]
        mail = None if config.smtp_port is None else await inbox.serve_smtp(config.smtp_port)
        yield
        if mail is not None:
            mail.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        bureau.close()

    async def stop(_app: web.Application) -> None:
        stopping.set()

    app.cleanup_ctx.append(alive)
    app.on_shutdown.append(stop)
    return app


async def _tick(bureau: Bureau) -> None:
    """Let time pass also when nobody looks."""
    while True:
        more = False
        try:
            more = bureau.listings.settle(batches=1)
        except Exception:
            log.exception("o relógio do birô tropeçou")
        await asyncio.sleep(0 if more else bureau.config.tick_seconds)


async def _deliver(bureau: Bureau) -> None:
    """Send the news as it comes due."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                await deliver_due(bureau, session)
            except Exception:
                log.exception("a entrega de avisos tropeçou")
            await asyncio.sleep(bureau.config.tick_seconds)


def _route_of(request: web.Request) -> str:
    """The template, never the path: paths carry protocols."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "(desconhecida)"
    return f"{request.method} {path}"


def _logged(bureau: Bureau) -> Middleware:
    @web.middleware
    async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, outcome = time.perf_counter(), ABORTED
        try:
            response = await handler(request)
            if request.transport is not None and not request.transport.is_closing():
                outcome = str(response.status)
            return response
        finally:
            route = _route_of(request)
            if not request.path.startswith("/_sandbox/"):
                bureau.count_call(route, outcome)
            spent = (time.perf_counter() - started) * 1000
            access_log.info("%s %s %.1f ms", route, outcome, spent)

    return logged


@web.middleware
async def _refusals_told(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal_answer(refusal)
    except web.HTTPException as error:
        body = {"codigo": str(error.status), "mensagem": error.text or error.reason}
        return answer(error.status, body)
    except Exception:
        log.exception("erro do próprio birô de testes em %s", _route_of(request))
        return answer(500, {"codigo": "500", "mensagem": "Erro do próprio birô de testes."})


def _faulty(bureau: Bureau, stopping: asyncio.Event) -> Middleware:
    @web.middleware
    async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(("/v1/", "/oauth/")):
            return await handler(request)
        await request.read()
        latency, rule = bureau.faults.call(request.method, request.path)
        if latency:
            await _wait(request, stopping, latency)
        if rule is None:
            return await handler(request)
        if rule.done or rule.kind in ("lost_answer", "garbled"):
            with contextlib.suppress(Refusal, web.HTTPException):
                await handler(request)
        if rule.kind == "timeout":
            await _wait(request, stopping, rule.seconds)
        if rule.kind in ("lost_answer", "drop", "timeout"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        if rule.kind == "garbled":
            text = "<html><body><h1>Bem-vindo</h1></body></html>"
            return web.Response(text=text, content_type="text/html")
        return _fault_answer(bureau, request, rule)

    return faulty


def _fault_answer(bureau: Bureau, request: web.Request, rule: Rule) -> web.Response:
    code, message = FAULT_MESSAGES.get(rule.status, ("INDISPONIVEL", "Birô fora do ar."))
    body: dict[str, Any] = {"codigo": rule.code or code, "mensagem": message}
    if rule.status == 401:
        bureau.accounts.revoke_token(request.headers.get("Authorization", "").partition(" ")[2])
    if rule.status == 422:
        body["campos"] = []
    response = answer(rule.status, body)
    wait = rule.retry_after
    if wait is None and rule.status == 429:
        wait = 1
    if wait is not None:
        response.headers["Retry-After"] = f"{wait:g}"
    return response


async def _wait(request: web.Request, stopping: asyncio.Event, seconds: float | None) -> None:
    """Until the time is over, the client is gone, or the server stops."""
    deadline = float("inf") if seconds is None else time.monotonic() + seconds
    while not stopping.is_set():
        left = deadline - time.monotonic()
        if left <= 0 or request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(min(left, 0.1))


async def serve(config: SandboxConfig) -> None:
    """Serve until SIGTERM, SIGINT or cancellation."""
    runner = web.AppRunner(make_app(config), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, config.host, config.port).start()
        port = runner.addresses[0][1]
        host = f"[{config.host}]" if ":" in config.host else config.host
        sys.stdout.write(f"sandbox pronto em http://{host}:{port}\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            # Not on Windows, nor outside the main thread
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(name, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def run(config: SandboxConfig) -> None:
    """Serve and return when told to stop; for a command line."""
    try:
        asyncio.run(serve(config))
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise SystemExit(f"O sandbox não abriu {config.host}:{config.port}: {error}") from None
