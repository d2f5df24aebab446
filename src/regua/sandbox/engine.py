"""The bureau as a whole: its memory, clock, accounts, inquiries, listings and news."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regua.sandbox.accounts import Accounts
from regua.sandbox.clock import Clock
from regua.sandbox.config import SandboxConfig
from regua.sandbox.faults import Faults
from regua.sandbox.inquiries import Inquiries
from regua.sandbox.listings import Listings
from regua.sandbox.outbox import Outbox
from regua.sandbox.refusals import Kind, Refusal
from regua.sandbox.store import Store
from regua.sandbox.validation import Problem

Answer = tuple[int, Any]


class Bureau:
    """Everything one sandbox process holds; no HTTP in here."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self._temporary = None
        path = config.store
        if path is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="regua-sandbox-")
            path = Path(self._temporary.name) / "sandbox.sqlite3"
        self.store = Store(path)
        self.clock = Clock(config.day_seconds, self.store.setting("offset_days") - config.days_ago)
        self.faults = Faults(config.seed)
        self.accounts = Accounts(self.store, config.token_seconds)
        self.inquiries = Inquiries(self.store, self.clock, config)
        self.outbox = Outbox(self.store, self.faults)
        self.listings = Listings(self.store, self.clock, config, self.outbox)
        self.calls: dict[str, dict[str, int]] = {}
        self.withdrawn: frozenset[str] = frozenset()
        """Codes of products, restrictions and removals that the lists leave out."""
        self.accounts.open(
            config.client_id, config.client_secret, config.webhook_secret, "Provedor Exemplo"
        )
        if config.webhook_url is not None:
            self.accounts.set_webhook(config.client_id, config.webhook_url)

    def close(self) -> None:
        self.store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def once(
        self, client_id: str, key: str, request: Any, work: Callable[[], Answer]
    ) -> tuple[Answer, bool]:
        """Do the work unless this key did it before; the answer, and whether it is a repeated one.

        The answer is kept in the same transaction as the work. A refusal that `work` raises leaves
        nothing behind, so the same key may try again when the reason is gone.
        """
        text = json.dumps(request, sort_keys=True, ensure_ascii=False)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        with self.store.transaction():
            kept = self.store.row(
                "SELECT * FROM answers WHERE client_id = ? AND key = ?", client_id, key
            )
            if kept is not None:
                if kept["fingerprint"] != fingerprint:
                    message = "Idempotency-Key já usada com outro conteúdo."
                    problem = Problem("Idempotency-Key", "IDEMPOTENCIA", message)
                    raise Refusal(Kind.INVALID, "IDEMPOTENCIA", message, problems=[problem])
                return (kept["status"], json.loads(kept["body"])), True
            status, body = work()
            self.store.insert(
                "answers",
                {
                    "client_id": client_id,
                    "key": key,
                    "fingerprint": fingerprint,
                    "status": status,
                    "body": json.dumps(body, ensure_ascii=False),
                },
            )
        return (status, body), False

    def advance(self, days: int) -> None:
        """Move the calendar and the terms forward."""
        self.clock.offset_days += days
        self.store.keep_setting("offset_days", self.clock.offset_days + self.config.days_ago)
        while self.listings.settle():
            pass

    def reset(self) -> None:
        """As on the first day, except that accounts and their webhooks stay."""
        self.store.clear()
        self.faults.clear()
        self.calls.clear()
        self.withdrawn = frozenset()
        self.clock.offset_days = -self.config.days_ago
        for account in self.accounts.all():
            self.accounts.set_standing(account["client_id"], "ativa")

    def count_call(self, route: str, outcome: str) -> None:
        outcomes = self.calls.setdefault(route, {})
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
