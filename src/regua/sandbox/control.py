"""The controls: inspect both ledgers, script faults, move the clock. Loopback only."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from regua.sandbox.accounts import STANDINGS
from regua.sandbox.catalogue import PRODUCTS, REMOVAL_CODES, RESTRICTION_CODES
from regua.sandbox.dialects.credito_na_medida import answer
from regua.sandbox.engine import Bureau
from regua.sandbox.faults import Rule, RuleError
from regua.sandbox.listings import SITUATIONS
from regua.sandbox.people import BEHAVIOURS, example_documents
from regua.sandbox.refusals import not_found
from regua.sandbox.store import Row

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_local(request: web.Request) -> bool:
    """From this machine, and not from a page of some other site open in its browser."""
    try:
        if not ipaddress.ip_address(request.remote or "").is_loopback:
            return False
    except ValueError:
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


class Control:
    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    def routes(self) -> list[web.RouteDef]:
        found = [
            web.get("/_sandbox/contas", self.accounts),
            web.post("/_sandbox/contas", self.open_account),
            web.post("/_sandbox/contas/{client_id}/webhook", self.set_webhook),
            web.post("/_sandbox/contas/{client_id}/situacao", self.set_standing),
            web.post("/_sandbox/contas/{client_id}/revogar", self.revoke),
            web.get("/_sandbox/falhas", self.faults),
            web.post("/_sandbox/falhas", self.add_faults),
            web.delete("/_sandbox/falhas", self.clear_faults),
            web.delete("/_sandbox/falhas/{id:\\d+}", self.remove_fault),
            web.get("/_sandbox/livro", self.ledger),
            web.get("/_sandbox/cobrancas", self.charges),
            web.get("/_sandbox/entregas", self.deliveries),
            web.get("/_sandbox/chamadas", self.calls),
            web.delete("/_sandbox/chamadas", self.clear_calls),
            web.get("/_sandbox/relogio", self.clock),
            web.post("/_sandbox/relogio", self.advance),
            web.get("/_sandbox/catalogo", self.withdrawn),
            web.post("/_sandbox/catalogo", self.withdraw),
            web.post("/_sandbox/negativacoes/{protocolo}/situacao", self.force),
            web.get("/_sandbox/pessoas", self.people),
            web.post("/_sandbox/zerar", self.reset),
        ]
        return [
            web.RouteDef(route.method, route.path, _local_only(route.handler), route.kwargs)
            for route in found
        ]

    # Accounts

    async def accounts(self, _request: web.Request) -> web.Response:
        return answer(
            200,
            [
                {
                    "client_id": account["client_id"],
                    "nome": account["name"],
                    "webhook": account["webhook_url"],
                    "situacao": account["standing"],
                }
                for account in self._bureau.accounts.all()
            ],
        )

    async def open_account(self, request: web.Request) -> web.Response:
        body = await _object(request)
        client_id, secret = _string(body, "client_id"), _string(body, "client_secret")
        webhook_secret = str(body.get("webhook_secret") or f"webhook-{client_id}")
        self._bureau.accounts.open(client_id, secret, webhook_secret, str(body.get("nome") or ""))
        return answer(201, {"client_id": client_id})

    async def set_webhook(self, request: web.Request) -> web.Response:
        account = self._account(request.match_info["client_id"])
        body = await _object(request)
        url = body.get("url")
        if url is not None and not str(url).startswith(("http://", "https://")):
            raise _bad("url deve começar com http:// ou https://")
        secret = str(body["segredo"]) if body.get("segredo") else None
        self._bureau.accounts.set_webhook(account["client_id"], url, secret)
        return answer(200, {"client_id": account["client_id"], "webhook": url})

    async def set_standing(self, request: web.Request) -> web.Response:
        account = self._account(request.match_info["client_id"])
        standing = _string(await _object(request), "situacao")
        if standing not in STANDINGS:
            raise _bad(f"situacao deve ser uma de: {', '.join(STANDINGS)}")
        self._bureau.accounts.set_standing(account["client_id"], standing)
        return answer(200, {"client_id": account["client_id"], "situacao": standing})

    async def revoke(self, request: web.Request) -> web.Response:
        account = self._account(request.match_info["client_id"])
        return answer(200, {"revogados": self._bureau.accounts.revoke_all(account["client_id"])})

    # Faults

    async def faults(self, _request: web.Request) -> web.Response:
        return answer(200, self._bureau.faults.as_list())

    async def add_faults(self, request: web.Request) -> web.Response:
        given = await _json(request)
        rules = given if isinstance(given, list) else [given]
        try:
            parsed = [Rule.parse(rule) for rule in rules if isinstance(rule, dict)]
        except RuleError as error:
            raise _bad(str(error)) from None
        if len(parsed) != len(rules):
            raise _bad("cada regra deve ser um objeto")
        self._bureau.faults.add(parsed)
        return answer(201, self._bureau.faults.as_list())

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._bureau.faults.clear()
        return answer(200, [])

    async def remove_fault(self, request: web.Request) -> web.Response:
        if not self._bureau.faults.remove(int(request.match_info["id"])):
            raise not_found()
        return answer(200, self._bureau.faults.as_list())

    # Inspection

    async def ledger(self, request: web.Request) -> web.Response:
        account = self._account_of_query(request)
        return answer(200, self._bureau.listings.ledger(account["client_id"]))

    async def charges(self, request: web.Request) -> web.Response:
        account = self._account_of_query(request)
        return answer(200, self._bureau.inquiries.charges(account["client_id"]))

    async def deliveries(self, request: web.Request) -> web.Response:
        account = self._account_of_query(request)
        rows = self._bureau.store.rows(
            "SELECT * FROM deliveries WHERE client_id = ? ORDER BY id", account["client_id"]
        )
        return answer(
            200,
            [
                {
                    "evento_id": row["event_id"],
                    "protocolo": row["protocol"],
                    "versao": row["version"],
                    "situacao": row["state"],
                    "tentativas": row["attempts"],
                    "ultima_resposta": row["last_status"],
                }
                for row in rows
            ],
        )

    async def calls(self, _request: web.Request) -> web.Response:
        calls = self._bureau.calls
        return answer(
            200,
            {
                "chamadas": {route: sum(outcomes.values()) for route, outcomes in calls.items()},
                "respostas": calls,
            },
        )

    async def clear_calls(self, _request: web.Request) -> web.Response:
        self._bureau.calls.clear()
        return answer(200, {})

    async def people(self, _request: web.Request) -> web.Response:
        found = []
        for behaviour in BEHAVIOURS.values():
            cpf, cnpj, lettered = example_documents(behaviour.code)
            found.append(
                {
                    "codigo": behaviour.code,
                    "descricao": behaviour.description,
                    "cpf": cpf,
                    "cnpj": cnpj,
                    "cnpj_alfanumerico": lettered,
                }
            )
        return answer(200, found)

    # Time and force

    async def clock(self, _request: web.Request) -> web.Response:
        clock = self._bureau.clock
        return answer(
            200,
            {
                "hoje": clock.today().isoformat(),
                "agora": clock.now().isoformat(),
                "avanco_dias": clock.offset_days,
                "segundos_por_dia": clock.day_seconds,
            },
        )

    async def advance(self, request: web.Request) -> web.Response:
        days = (await _object(request)).get("avancar_dias")
        if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 36500:
            raise _bad("avancar_dias deve ser um inteiro de 0 a 36500")
        if self._bureau.clock.offset_days + days > 100_000:
            raise _bad("o relógio já avançou demais")
        self._bureau.advance(days)
        return await self.clock(request)

    async def force(self, request: web.Request) -> web.Response:
        body = await _object(request)
        situation = _string(body, "situacao")
        if situation not in SITUATIONS:
            raise _bad(f"situacao deve ser uma de: {', '.join(SITUATIONS)}")
        days = body.get("dias")
        if days is not None and not (isinstance(days, int | float) and 0 <= days <= 36500):
            raise _bad("dias inválido")
        removal_code = body.get("codigo_baixa")
        if situation in ("BAIXA_RECEBIDA", "BAIXADA") and removal_code not in REMOVAL_CODES:
            raise _bad("codigo_baixa deve ser um dos códigos de baixa")
        return answer(
            200,
            self._bureau.listings.force(
                request.match_info["protocolo"],
                situation,
                removal_code=removal_code,
                code=str(body.get("codigo") or "295"),
                message=str(body.get("mensagem") or "Recusada pelo birô."),
                days=days,
            ),
        )

    # Catalogue

    async def withdrawn(self, _request: web.Request) -> web.Response:
        return answer(200, {"retirados": sorted(self._bureau.withdrawn)})

    async def withdraw(self, request: web.Request) -> web.Response:
        codes = (await _object(request)).get("retirados")
        known = {*PRODUCTS, *RESTRICTION_CODES, *REMOVAL_CODES}
        if not isinstance(codes, list) or not all(
            isinstance(code, str) and code in known for code in codes
        ):
            raise _bad("retirados deve ser uma lista de códigos do birô")
        self._bureau.withdrawn = frozenset(codes)
        return await self.withdrawn(request)

    async def reset(self, _request: web.Request) -> web.Response:
        self._bureau.reset()
        return answer(200, {"zerado": True})

    def _account(self, client_id: str) -> Row:
        account = self._bureau.accounts.find(client_id)
        if account is None:
            raise web.HTTPNotFound(text="conta desconhecida")
        return account

    def _account_of_query(self, request: web.Request) -> Row:
        """The account named in the query string, the demo one when none is."""
        return self._account(request.query.get("client_id", self._bureau.config.client_id))


def _local_only(handler: Any) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not is_local(request):
            raise web.HTTPForbidden(text="só desta máquina")
        response: web.StreamResponse = await handler(request)
        return response

    return guarded


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError:
        raise _bad("o corpo não é JSON") from None


async def _object(request: web.Request) -> dict[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise _bad("o corpo deve ser um objeto JSON")
    return body


def _string(body: dict[str, Any], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise _bad(f"{field} é obrigatório")
    return value


def _bad(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=message)
