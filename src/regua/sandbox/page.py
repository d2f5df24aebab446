"""The sandbox's own page: what it is, whom it knows, what it holds."""

from __future__ import annotations

import json
from datetime import date
from html import escape
from typing import Any

from aiohttp import web

from regua.sandbox.control import is_local
from regua.sandbox.engine import Bureau
from regua.sandbox.people import BEHAVIOURS, example_documents

LEDGER_ROWS = 100
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
STYLE = """
:root { color-scheme: light dark; --ink: #1d2730; --soft: #5b6873; --line: #d9dfe4;
  --paper: #fbfbf9; --card: #fff; --accent: #0b6b57; --warn: #fff4d6; --warn-ink: #5c4300 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebef; --soft: #9aa7b2; --line: #323d47;
  --paper: #12181d; --card: #1a2229; --accent: #5fd0b3; --warn: #3a2f10; --warn-ink: #ffe3a1 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .25rem 0 } .soft { color: var(--soft) }
.notice { background: var(--warn); color: var(--warn-ink); border-radius: .5rem;
  padding: .75rem 1rem; margin: 1rem 0 }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .75rem; border-bottom: 1px solid var(--line);
  white-space: nowrap }
tr:last-child td { border-bottom: 0 } td.wide { white-space: normal; min-width: 16rem }
th { color: var(--soft); font-weight: 600; font-size: .85rem }
code { font-family: ui-monospace, monospace; font-size: .9em }
td.money { text-align: right; font-variant-numeric: tabular-nums }
.state { color: var(--accent); font-weight: 600 }
.letter { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; margin: 1rem 0 } .letter h2 { margin: .25rem 0 }
.letter pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0 0 }
a { color: var(--accent) }
"""


def document(title: str, body: str) -> web.Response:
    """A page of the sandbox, drawn anew every few seconds."""
    text = (
        '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="refresh" content="5">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
    return web.Response(text=text, content_type="text/html", headers=HEADERS)


class Page:
    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    async def show(self, request: web.Request) -> web.Response:
        inspected = self._bureau.config.control and is_local(request)
        parts = [_introduction(self._bureau), _people()]
        if inspected:
            inbox = (
                "<p><a href='/caixa-de-entrada'>Caixa de entrada</a> das mensagens aos clientes</p>"
            )
            parts = [parts[0], inbox, _faults(self._bureau), _ledgers(self._bureau), parts[1]]
        return document("Crédito na Medida · birô de testes", "".join(parts))


def _introduction(bureau: Bureau) -> str:
    clock, config = bureau.clock, bureau.config
    ahead = f" ({clock.offset_days} dias à frente)" if clock.offset_days > 0 else ""
    return (
        "<h1>Crédito na Medida <span class='soft'>birô de testes</span></h1>"
        f"<p class='soft'>Hoje é {clock.today():%d/%m/%Y}{ahead}. Um dia de prazo dura "
        f"{_number(config.day_seconds)} s; a carta corre por {_number(config.term_days)} dias.</p>"
        "<div class='notice'><strong>Contrato inventado.</strong> O Crédito na Medida não publica "
        "a documentação da sua API. Tudo aqui, endereços, campos, códigos e preços, foi imaginado "
        "pela Régua e <strong>não foi conferido com o serviço real</strong>. As pessoas, "
        "empresas e dívidas são inventadas, e nada chega a um birô de verdade.</div>"
    )


def _number(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _people() -> str:
    rows = []
    for behaviour in BEHAVIOURS.values():
        examples = [f"<code>{document}</code>" for document in example_documents(behaviour.code)]
        description = escape(behaviour.description)
        rows.append([behaviour.code, f"<td class='wide'>{description}</td>", *examples])
    return (
        "<h2>Documentos de exemplo</h2><p class='soft'>Decidem o 7º ao 9º dígito do CPF ou o 6º ao "
        "8º caractere do CNPJ. Os demais documentos são pessoas comuns, sempre as mesmas.</p>"
        + _table(["Código", "O que faz", "CPF", "CNPJ", "CNPJ alfanumérico"], rows)
    )


def _faults(bureau: Bureau) -> str:
    rules = bureau.faults.as_list()
    if not rules:
        return "<h2>Falhas em vigor</h2><p class='soft'>Nenhuma.</p>"
    rows = [
        [
            str(rule["id"]),
            f"<code>{escape(rule['kind'])}</code>",
            f"<code>{escape((rule['method'] or 'todos') + ' ' + rule['path'])}</code>",
            f"<code>{escape(_details(rule))}</code>",
            str(rule["hits"]) + ("" if rule["times"] is None else f" de {rule['times']}"),
        ]
        for rule in rules
    ]
    return "<h2>Falhas em vigor</h2>" + _table(
        ["Regra", "Tipo", "Chamadas", "Detalhes", "Disparos"], rows
    )


def _details(rule: dict[str, Any]) -> str:
    shown = ["seconds", "retry_after", "done", "skip"]
    shown += ["status"] if rule["kind"] == "status" else []
    shown += ["probability"] if rule["probability"] < 1 else []
    return ", ".join(f"{name}={json.dumps(rule[name])}" for name in shown if rule[name])


def _ledgers(bureau: Bureau) -> str:
    parts = []
    for account in bureau.accounts.all():
        listings = bureau.listings.ledger(account["client_id"], LEDGER_ROWS)
        charged = bureau.store.number(
            "SELECT count(*) FROM charges WHERE client_id = ?", account["client_id"]
        )
        parts.append(
            f"<h2>Livro de {escape(account['name'])} <code>{escape(account['client_id'])}</code>"
            f"</h2><p class='soft'>consultas cobradas: {charged} · webhook: "
            f"{escape(account['webhook_url'] or 'nenhum')} · conta {escape(account['standing'])}"
            f" · as {LEDGER_ROWS} negativações mudadas por último</p>"
        )
        rows = [
            [
                f"<code>{item['protocolo']}</code>",
                f"<code>{escape(item['documento'])}</code>",
                escape(item["nome"]),
                escape(item["contrato"]),
                f"<td class='money'>{_money(item['valor'])}</td>",
                f"<span class='state'>{item['situacao']}</span> {escape(_why(item))}",
                _day(item["visivel_em"]),
                str(item["versao"]),
            ]
            for item in listings
        ]
        head = ["Protocolo", "Documento", "Nome", "Contrato", "Valor", "Situação", "Visível em"]
        parts.append(_table([*head, "Versão"], rows) if rows else "<p>Nada negativado.</p>")
    return "".join(parts)


def _money(amount: str) -> str:
    return f"{float(amount):,.2f}".translate(str.maketrans(",.", ".,"))


def _day(day: str | None) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}" if day else ""


def _why(item: dict[str, Any]) -> str:
    return str(item["codigo_baixa"] or item["codigo"] or "")


def _table(head: list[str], rows: list[list[str]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(
        "<tr>"
        + "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<div class='scroll'><table><tr>{titles}</tr>{body}</table></div>"
