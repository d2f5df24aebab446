"""News waiting to be told to the creditors that asked for it."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from regua.sandbox.faults import Faults
from regua.sandbox.store import Store

HELD_SECONDS = 2.0
"""How long disordered news waits for later news to overtake it."""


class Outbox:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def add(self, client_id: str, listing: dict[str, Any]) -> None:
        """Remember to tell; written in the same transaction as the change itself."""
        account = self._store.row("SELECT webhook_url FROM accounts WHERE client_id = ?", client_id)
        if account is None or account["webhook_url"] is None:
            return
        body = json.dumps(
            {
                "evento_id": str(uuid.uuid4()),
                "tipo": "negativacao.alterada",
                "ocorrido_em": listing["alterada_em"],
                "negativacao": listing,
            },
            ensure_ascii=False,
        )
        now = time.time()
        late = self._faults.webhook("webhook_delay")
        disordered = self._faults.webhook("webhook_disorder")
        due_at = now + (late.seconds or 1.0 if late else 0.0)
        if disordered:
            due_at = now + (disordered.seconds or HELD_SECONDS)
        else:
            self._store.run(
                "UPDATE deliveries SET held = 0, due_at = ? WHERE client_id = ? AND held = 1",
                due_at + 0.001, client_id,
            )  # fmt: skip
        copies = 2 if self._faults.webhook("webhook_duplicate") else 1
        for _ in range(copies):
            self._store.insert(
                "deliveries",
                {
                    "client_id": client_id,
                    "event_id": json.loads(body)["evento_id"],
                    "protocol": listing["protocolo"],
                    "version": listing["versao"],
                    "body": body,
                    "due_at": due_at,
                    "held": int(disordered is not None),
                },
            )
