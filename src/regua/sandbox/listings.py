"""Debts listed at the bureau and their life.

A listing carries the plan of its future: steps `{"at", "to", ...}` on the term clock, the next one
first. Whatever looks at a listing first applies the steps that are due.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from regua.sandbox.accounts import check_standing
from regua.sandbox.clock import Clock, from_microseconds, to_microseconds, years_before
from regua.sandbox.config import SandboxConfig
from regua.sandbox.documents import is_cpf
from regua.sandbox.outbox import Outbox
from regua.sandbox.people import behaviour_of
from regua.sandbox.refusals import Kind, Refusal, invalid, not_found
from regua.sandbox.store import GONE, Row, Store
from regua.sandbox.validation import LIFE_YEARS, listing_problems, removal_problems

SITUATIONS = (
    "RECEBIDA", "COMUNICADO_ENVIADO", "ATIVA", "BAIXA_RECEBIDA", "BAIXADA", "REJEITADA",
    "INDISPONIVEL",
)  # fmt: skip
BATCH = 500

Step = dict[str, Any]


class Listings:
    def __init__(self, store: Store, clock: Clock, config: SandboxConfig, outbox: Outbox) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._outbox = outbox
        self._chance = random.Random(config.seed)  # noqa: S311
        self._aged_on: date | None = None

    # What a creditor asks

    def receive(self, account: Row, body: Mapping[str, Any]) -> str:
        """Take a listing in and return its protocol; received is not accepted."""
        check_standing(account, inquiry=False)
        problems = listing_problems(body, self._clock.today())
        if problems:
            raise invalid(problems)
        debtor = body["devedor"]
        debt = {
            "document": debtor["documento"],
            "contract": body["contrato"],
            "our_number": body.get("nosso_numero") or "",
            "due_date": body["vencimento"],
        }
        existing = self._store.live_listing(account["client_id"], **debt)
        if existing is not None:
            existing = self._settle_one(existing)
            if existing["state"] not in GONE:
                raise Refusal(
                    Kind.CONFLICT, "059", "Esta dívida já está negativada.",
                    details={"protocolo": existing["protocol"]},
                )  # fmt: skip
        protocol = f"N{secrets.token_hex(7).upper()}"
        plan = self._plan(debt["document"])
        with self._store.transaction():
            self._store.insert(
                "listings",
                {
                    **debt,
                    "protocol": protocol,
                    "client_id": account["client_id"],
                    "reference": body["referencia"],
                    "reason_code": body["codigo_restricao"],
                    "amount": body["valor"],
                    "creditor": body["credor"]["documento"],
                    "debtor_name": debtor["nome"].strip(),
                    "co_debtor": (body.get("coobrigado") or {}).get("documento"),
                    "state": "RECEBIDA",
                    "version": 1,
                    "changed_us": self._next_change(),
                    "plan": json.dumps(plan),
                    "plan_at": plan[0]["at"],
                },
            )
        return protocol

    def find(self, account: Row, protocol: str) -> dict[str, Any]:
        return as_contract(self._settle_one(self._own(account, protocol)))

    def remove(self, account: Row, protocol: str, body: Mapping[str, Any]) -> str:
        """Ask for a removal; the situation it leaves the listing in."""
        listing = self._own(account, protocol)
        problems = removal_problems(body, self._clock.today())
        if problems:
            raise invalid(problems)
        listing = self._settle_one(listing)
        if listing["state"] in GONE:
            raise Refusal(
                Kind.CONFLICT, "022", "Não há o que baixar: a negativação já não existe.",
                details={"protocolo": protocol},
            )  # fmt: skip
        if listing["state"] != "BAIXA_RECEBIDA":
            code = body["codigo_baixa"]
            done = {"at": self._soon(), "to": "BAIXADA", "removal_code": code}
            self._change(listing, {"to": "BAIXA_RECEBIDA", "removal_code": code}, [done])
        return "BAIXA_RECEBIDA"

    def changes(
        self,
        account: Row,
        *,
        since_us: int,
        after: tuple[int, int],
        limit: int,
        document: str | None,
        contract: str | None,
    ) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
        """A page of the change feed and where the next one starts, None after the last.

        Now and then a page is shorter than asked for, or begins with the row before it.
        """
        self.settle()
        after_given = after
        if limit > 2 and after > (0, 0) and self._chance.random() < 0.125:
            after = (after[0], after[1] - 1)
        rows = self._store.listings_changed(
            account["client_id"],
            since_us=since_us,
            after=after,
            limit=limit + 1,
            document=document,
            contract=contract,
        )
        more = len(rows) > limit
        page = rows[:limit]
        if len(page) > 3 and self._chance.random() < 0.15:
            page, more = page[: (len(page) + 1) // 2], True
        if not page or not more:
            return [as_contract(row) for row in page], None
        last = (page[-1]["changed_us"], page[-1]["id"])
        return [as_contract(row) for row in page], max(last, after_given)

    # What happens by itself

    def settle(self, batches: int = 4) -> bool:
        """Apply what is due, in bounded bites; whether something may be left."""
        more = self._remove_the_aged()
        for _ in range(batches):
            due = self._store.listings_due(self._clock.term_now(), BATCH)
            with self._store.transaction():
                for listing in due:
                    self._settle_one(listing)
            if len(due) < BATCH:
                return more
        return True

    def _remove_the_aged(self) -> bool:
        """Five years after the due date, once a day; whether some are left."""
        today = self._clock.today()
        if self._aged_on == today:
            return False
        limit = years_before(today, LIFE_YEARS).isoformat()
        aged = self._store.listings_older_than(limit, BATCH)
        with self._store.transaction():
            for listing in aged:
                self._change(listing, {"to": "BAIXADA", "removal_code": "97"}, [])
        if len(aged) == BATCH:
            return True
        self._aged_on = today
        return False

    def _settle_one(self, listing: Row) -> Row:
        while listing["plan_at"] is not None and listing["plan_at"] <= self._clock.term_now():
            step, *rest = json.loads(listing["plan"])
            listing = self._change(listing, step, rest)
        return listing

    # What a person at the controls does

    def force(
        self,
        protocol: str,
        situation: str,
        *,
        removal_code: str | None,
        code: str,
        message: str,
        days: float,
    ) -> dict[str, Any]:
        """Move a listing as the bureau would, unasked; INDISPONIVEL ends after `days`."""
        listing = self._store.listing(protocol)
        if listing is None:
            raise not_found()
        listing = self._settle_one(listing)
        if listing["state"] in GONE:
            raise Refusal(Kind.CONFLICT, "022", "A negativação já não existe.")
        step: Step = {"to": situation, "removal_code": removal_code}
        if situation == "REJEITADA":
            step |= {"code": code, "message": message}
        return as_contract(self._change(listing, step, self._forced_plan(listing, situation, days)))

    def _forced_plan(self, listing: Row, situation: str, days: float) -> list[Step]:
        now = self._clock.term_now()
        if situation == "RECEBIDA":
            return self._plan(listing["document"])
        if situation == "COMUNICADO_ENVIADO":
            return [{"at": now + self._clock.days(self._config.term_days), "to": "ATIVA"}]
        if situation == "BAIXA_RECEBIDA":
            return [{"at": self._soon(), "to": "BAIXADA"}]
        if situation == "INDISPONIVEL":
            back = now + self._clock.days(days)
            rest = json.loads(listing["plan"])
            if listing["state"] != "INDISPONIVEL":
                rest.insert(0, {"at": back, "to": listing["state"]})
            return [{**step, "at": max(back, step["at"])} for step in rest]
        return []

    def ledger(self, client_id: str, limit: int = -1) -> list[dict[str, Any]]:
        """Everything the bureau has of one creditor, newest change first."""
        self.settle()
        return [
            {
                **as_contract(row),
                "nosso_numero": row["our_number"],
                "codigo_restricao": row["reason_code"],
                "credor": row["creditor"],
                "nome": row["debtor_name"],
                "coobrigado": row["co_debtor"],
            }
            for row in self._store.rows(
                "SELECT * FROM listings WHERE client_id = ?"
                " ORDER BY changed_us DESC, id DESC LIMIT ?",
                client_id, limit,
            )
        ]  # fmt: skip

    # How it is done

    def _own(self, account: Row, protocol: str) -> Row:
        listing = self._store.listing(protocol)
        if listing is None or listing["client_id"] != account["client_id"]:
            raise not_found()
        return listing

    def _soon(self) -> float:
        return self._clock.term_now() + self._config.moment

    def _plan(self, document: str) -> list[Step]:
        behaviour = behaviour_of(document, self._config.surprises).name
        days = self._clock.days
        sent, term = self._soon(), self._config.term_days
        if behaviour == "name_mismatch":
            message = "Nome não confere com o documento."
            code = "296" if is_cpf(document) else "295"
            return [{"at": sent, "to": "REJEITADA", "code": code, "message": message}]
        letter = {"at": sent, "to": "COMUNICADO_ENVIADO"}
        visible = {"at": sent + days(term), "to": "ATIVA"}
        if behaviour == "letter_returned":
            back = {"at": sent + days(term / 2), "to": "BAIXADA", "removal_code": "95"}
            return [letter, back]
        if behaviour in ("contested", "court_order"):
            code = "91" if behaviour == "contested" else "96"
            end = {"at": sent + days(term + 2), "to": "BAIXADA", "removal_code": code}
            return [letter, visible, end]
        if behaviour == "unavailable":
            lost = {"at": sent + days(term / 4), "to": "INDISPONIVEL"}
            back = {"at": sent + days(term / 2), "to": "COMUNICADO_ENVIADO"}
            return [letter, lost, back, visible]
        return [letter, visible]

    def _change(self, listing: Row, step: Step, plan: list[Step]) -> Row:
        today = self._clock.today()
        state = step["to"]
        changed: dict[str, Any] = {
            "state": state,
            "version": listing["version"] + self._chance.choice((1, 1, 1, 2, 3)),
            "changed_us": self._next_change(),
            "plan": json.dumps(plan),
            "plan_at": plan[0]["at"] if plan else None,
        }
        if state == "COMUNICADO_ENVIADO" and listing["notified_on"] is None:
            planned = today + timedelta(days=round(self._config.term_days))
            changed |= {"notified_on": today.isoformat(), "visible_on": planned.isoformat()}
        elif state == "ATIVA":
            since = listing["visible_on"] or today.isoformat()
            changed["visible_on"] = min(since, today.isoformat())
            changed["notified_on"] = listing["notified_on"] or today.isoformat()
        elif state in ("BAIXA_RECEBIDA", "BAIXADA"):
            changed["removal_code"] = step.get("removal_code") or listing["removal_code"]
            if state == "BAIXADA":
                changed["removed_on"] = today.isoformat()
            if listing["visible_on"] and listing["visible_on"] > today.isoformat():
                changed["visible_on"] = None  # it was only planned
        elif state == "REJEITADA":
            changed |= {"code": step["code"], "message": step["message"]}
        with self._store.transaction():
            self._store.update("listings", "id", listing["id"], changed)
            updated = self._store.listing(listing["protocol"])
            assert updated is not None  # noqa: S101
            self._outbox.add(updated["client_id"], as_contract(updated))
        return updated

    def _next_change(self) -> int:
        """A moment no other change has, so that the feed has one order."""
        last = self._store.setting("last_change_us")
        moment = max(to_microseconds(self._clock.now()), last + 1)
        self._store.keep_setting("last_change_us", moment)
        return moment


def as_contract(listing: Row) -> dict[str, Any]:
    """A listing as the wire contract writes it, here and there with a field it never mentions."""
    written = {
        "protocolo": listing["protocol"],
        "referencia": listing["reference"],
        "documento": listing["document"],
        "contrato": listing["contract"],
        "valor": listing["amount"],
        "vencimento": listing["due_date"],
        "situacao": listing["state"],
        "codigo": listing["code"],
        "mensagem": listing["message"],
        "comunicado_em": listing["notified_on"],
        "visivel_em": listing["visible_on"],
        "baixada_em": listing["removed_on"],
        "codigo_baixa": listing["removal_code"],
        "versao": listing["version"],
        "alterada_em": from_microseconds(listing["changed_us"]),
    }
    if listing["id"] % 3 == 0:
        written["canal"] = {"origem": "API", "lote": None}
    return written
