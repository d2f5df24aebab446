"""Creditors with an account at the bureau, their tokens and whether they may ask."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from regua.sandbox.refusals import Kind, Refusal
from regua.sandbox.store import Row, Store

STANDINGS = {
    "ativa": "tudo funciona",
    "sem_saldo": "consultas e negativações respondem 402",
    "contrato_pendente": "consultas e negativações respondem 402",
    "sem_produto": "consultas respondem 403",
}


class Accounts:
    def __init__(self, store: Store, token_seconds: float) -> None:
        self._store = store
        self._token_seconds = token_seconds

    def open(self, client_id: str, client_secret: str, webhook_secret: str, name: str = "") -> None:
        """Create an account or change its secrets."""
        self._store.run(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, NULL, 'ativa')"
            " ON CONFLICT (client_id) DO UPDATE SET name = excluded.name,"
            " client_secret = excluded.client_secret, webhook_secret = excluded.webhook_secret",
            client_id, name or client_id, client_secret, webhook_secret,
        )  # fmt: skip

    def find(self, client_id: str) -> Row | None:
        return self._store.row("SELECT * FROM accounts WHERE client_id = ?", client_id)

    def all(self) -> list[Row]:
        return self._store.rows("SELECT * FROM accounts ORDER BY client_id")

    def set_webhook(self, client_id: str, url: str | None, secret: str | None = None) -> None:
        self._store.update("accounts", "client_id", client_id, {"webhook_url": url})
        if secret is not None:
            self._store.update("accounts", "client_id", client_id, {"webhook_secret": secret})

    def set_standing(self, client_id: str, standing: str) -> None:
        self._store.update("accounts", "client_id", client_id, {"standing": standing})

    def issue_token(self, client_id: str, client_secret: str) -> str:
        account = self.find(client_id)
        expected = account["client_secret"] if account else secrets.token_hex()
        if not hmac.compare_digest(expected.encode(), client_secret.encode()):
            raise Refusal(Kind.UNKNOWN_CALLER, "AUTH", "Credenciais inválidas.")
        token = secrets.token_urlsafe(32)
        with self._store.transaction():
            self._store.run("DELETE FROM tokens WHERE expires_at < ?", time.time())
            self._store.insert(
                "tokens",
                {
                    "digest": _digest(token),
                    "client_id": client_id,
                    "expires_at": time.time() + self._token_seconds,
                },
            )
        return token

    def of_token(self, token: str) -> Row:
        account = self._store.row(
            "SELECT accounts.* FROM tokens JOIN accounts USING (client_id)"
            " WHERE digest = ? AND expires_at > ?",
            _digest(token), time.time(),
        )  # fmt: skip
        if account is None:
            raise Refusal(Kind.UNKNOWN_CALLER, "AUTH", "Token inválido, vencido ou revogado.")
        return account

    def revoke_token(self, token: str) -> None:
        self._store.run("DELETE FROM tokens WHERE digest = ?", _digest(token))

    def revoke_all(self, client_id: str) -> int:
        """How many tokens the account lost."""
        return self._store.run("DELETE FROM tokens WHERE client_id = ?", client_id)


def check_standing(account: Row, *, inquiry: bool) -> None:
    standing = account["standing"]
    if standing == "sem_saldo":
        raise Refusal(Kind.NO_BALANCE, "402", "Saldo insuficiente.")
    if standing == "contrato_pendente":
        raise Refusal(Kind.NO_BALANCE, "402", "Contrato com pendência; fale com o birô.")
    if standing == "sem_produto" and inquiry:
        raise Refusal(Kind.NOT_CONTRACTED, "403", "Produto não contratado.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
