"""Delivery of the outbox: signed, at least once, with a few attempts."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time

import aiohttp

from regua.sandbox.engine import Bureau
from regua.sandbox.store import Row

SIGNATURE_HEADER = "X-CNM-Assinatura"
PATIENCE = aiohttp.ClientTimeout(total=5)
BATCH = 200
log = logging.getLogger("regua.sandbox.webhooks")


def signature(secret: str, body: bytes, moment: int) -> str:
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def deliver_due(bureau: Bureau, session: aiohttp.ClientSession) -> None:
    """Send what is due: in order within an account, accounts side by side."""
    due = bureau.store.rows(
        "SELECT deliveries.*, webhook_url, webhook_secret FROM deliveries"
        " JOIN accounts USING (client_id) WHERE state = 'PENDENTE' AND due_at <= ?"
        " ORDER BY due_at, id LIMIT ?",
        time.time(), BATCH,
    )  # fmt: skip
    by_account: dict[str, list[Row]] = {}
    for delivery in due:
        by_account.setdefault(delivery["client_id"], []).append(delivery)
    await asyncio.gather(*(_in_order(bureau, session, rows) for rows in by_account.values()))


async def _in_order(bureau: Bureau, session: aiohttp.ClientSession, rows: list[Row]) -> None:
    for delivery in rows:
        outcome = await _send(session, delivery)
        attempts = delivery["attempts"] + 1
        changed: dict[str, object] = {"attempts": attempts, "last_status": outcome}
        if outcome.startswith("2"):
            changed["state"] = "ENTREGUE"
        elif attempts >= bureau.config.webhook_attempts or outcome == "sem endereço":
            changed["state"] = "DESISTIU"
        else:
            wait = bureau.config.webhook_retry_seconds * 2 ** (attempts - 1)
            changed["due_at"] = time.time() + wait
        bureau.store.update("deliveries", "id", delivery["id"], changed)


async def _send(session: aiohttp.ClientSession, delivery: Row) -> str:
    """The status answered, or in a word why there was none."""
    if delivery["webhook_url"] is None:
        return "sem endereço"
    body = delivery["body"].encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        SIGNATURE_HEADER: signature(delivery["webhook_secret"], body, int(time.time())),
    }
    try:
        async with session.post(
            delivery["webhook_url"],
            data=body,
            headers=headers,
            timeout=PATIENCE,
            allow_redirects=False,
        ) as response:
            return str(response.status)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        log.info("webhook sem resposta: %s", type(error).__name__)
        return type(error).__name__
