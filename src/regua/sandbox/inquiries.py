"""Paid questions about a document: every one that is taken up is charged."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from regua.sandbox.accounts import check_standing
from regua.sandbox.catalogue import PRODUCTS
from regua.sandbox.clock import Clock, from_microseconds, to_microseconds
from regua.sandbox.config import SandboxConfig
from regua.sandbox.documents import person_type
from regua.sandbox.people import behaviour_of, report_of
from regua.sandbox.refusals import Kind, Refusal, invalid, not_found
from regua.sandbox.store import Row, Store
from regua.sandbox.validation import Problems


class Inquiries:
    def __init__(self, store: Store, clock: Clock, config: SandboxConfig) -> None:
        self._store = store
        self._clock = clock
        self._config = config

    def ask(self, account: Row, body: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
        """The protocol and the report, or None when it is still being prepared."""
        document, product, reference = (
            str(body.get(field) or "") for field in ("documento", "produto", "referencia")
        )
        check_standing(account, inquiry=True)
        self._check(document, product, reference)
        behaviour = behaviour_of(document).name
        if behaviour == "no_balance":
            raise Refusal(Kind.NO_BALANCE, "402", "Saldo insuficiente.")
        if behaviour == "not_contracted":
            raise Refusal(Kind.NOT_CONTRACTED, "403", "Produto não contratado.")
        ready_at: float | None = 0.0
        if behaviour == "slow_inquiry":
            ready_at = self._clock.term_now() + self._config.moment
        elif behaviour == "never_ready":
            ready_at = None
        protocol = f"C{secrets.token_hex(7).upper()}"
        report = self._report(account["client_id"], protocol, document, product)
        with self._store.transaction():
            self._store.insert(
                "inquiries",
                {
                    "protocol": protocol,
                    "client_id": account["client_id"],
                    "document": document,
                    "product": product,
                    "reference": reference,
                    "ready_at": ready_at,
                    "report": json.dumps(report),
                },
            )
            self._store.insert(
                "charges",
                {
                    "client_id": account["client_id"],
                    "protocol": protocol,
                    "product": product,
                    "price": PRODUCTS[product].price,
                    "charged_us": to_microseconds(self._clock.now()),
                },
            )
        return protocol, report if ready_at == 0.0 else None

    def report(self, account: Row, protocol: str) -> dict[str, Any] | None:
        """The report of an earlier question, or None while it is being prepared."""
        inquiry = self._store.row(
            "SELECT * FROM inquiries WHERE protocol = ? AND client_id = ?",
            protocol, account["client_id"],
        )  # fmt: skip
        if inquiry is None:
            raise not_found()
        ready_at = inquiry["ready_at"]
        if ready_at is None or ready_at > self._clock.term_now():
            return None
        report: dict[str, Any] = json.loads(inquiry["report"])
        return report

    def charges(self, client_id: str) -> list[dict[str, Any]]:
        return [
            {
                "protocolo": charge["protocol"],
                "produto": charge["product"],
                "preco": charge["price"],
                "cobrada_em": from_microseconds(charge["charged_us"]),
            }
            for charge in self._store.rows(
                "SELECT * FROM charges WHERE client_id = ? ORDER BY id", client_id
            )
        ]

    def _check(self, document: str, product: str, reference: str) -> None:
        problems = Problems()
        person = person_type(document)
        if person is None:
            problems.add("documento", "029", "CPF ou CNPJ inválido.")
        if not reference:
            problems.add("referencia", "008", "Referência não informada.")
        if not product:
            problems.add("produto", "008", "Produto não informado.")
        elif product not in PRODUCTS:
            raise Refusal(Kind.NOT_CONTRACTED, "403", "Produto não contratado.")
        elif person is not None and PRODUCTS[product].person not in ("A", person):
            problems.add("produto", "008", "Produto não atende a este tipo de documento.")
        if problems:
            raise invalid(problems)

    def _report(self, client_id: str, protocol: str, document: str, product: str) -> dict[str, Any]:
        found = report_of(document, self._clock.today())
        pending = found["pendencias"] + self._own_visible_listings(client_id, document)
        cents = sum(int(item["valor"].replace(".", "")) for item in pending)
        return {
            "protocolo": protocol,
            "produto": product,
            **found,
            "pendencias": pending,
            "valor_total_pendencias": f"{cents // 100}.{cents % 100:02d}",
            "gerado_em": from_microseconds(to_microseconds(self._clock.now())),
        }

    def _own_visible_listings(self, client_id: str, document: str) -> list[dict[str, Any]]:
        """What the same creditor listed shows up while it is visible."""
        return [
            {
                "tipo": "PENDENCIA",
                "credor": listing["name"],
                "valor": listing["amount"],
                "data": listing["due_date"],
                "contrato": listing["contract"],
                "origem": "Crédito na Medida",
            }
            for listing in self._store.rows(
                "SELECT listings.*, accounts.name FROM listings JOIN accounts USING (client_id)"
                " WHERE client_id = ? AND document = ? AND state = 'ATIVA' ORDER BY listings.id",
                client_id, document,
            )
        ]  # fmt: skip
