"""A server that speaks the listing call of IXC Provedor, with faults; a process of its own.

``python -m tests.connectors.stub`` prints its address and serves until it is ended. It knows no
code of the connector: what it does is read from public examples of the API (see the connector's
README). Controlled under ``/_stub``: ``rows``, ``faults``, ``calls``.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "7:0123456789abcdef0123456789abcdef"
READY = "stub pronto em "
TABLES = ("cliente", "cliente_contrato", "fn_areceber", "contato", "cidade", "uf")
_PREFIX = "/webservice/v1/"
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "L": lambda a, b: str(b) in str(a),
}


class Refused(Exception):
    """What IXC answers with code 200, ``type: error`` and as HTML."""


class Stub:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.rows: dict[str, dict[int, dict[str, str]]] = {name: {} for name in TABLES}
        self.faults: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []

    def change(self, wanted: dict[str, Any]) -> None:
        for table, rows in wanted.get("put", {}).items():
            for row in rows:
                found = self.rows[table].setdefault(int(row["id"]), {})
                found.update({name: str(value) for name, value in row.items()})
        for table, ids in wanted.get("delete", {}).items():
            for number in ids:
                self.rows[table].pop(int(number), None)

    def take_fault(self, resource: str) -> dict[str, Any]:
        """The next fault that is due for ``resource``; ``skip`` calls pass unharmed before it."""
        for fault in self.faults:
            if fault.get("resource", resource) != resource:
                continue
            if fault.get("skip", 0):
                fault["skip"] -= 1
                continue
            fault["times"] = fault.get("times", 1) - 1
            if not fault["times"]:
                self.faults.remove(fault)
            return fault
        return {}

    def list(self, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        table = "cliente" if resource == "crm_canditados" else resource
        if table not in self.rows:
            raise Refused(f"Recurso {resource} não está disponível!")
        conditions = [(body["qtype"], body["oper"], body["query"])]
        conditions += [(c["TB"], c["OP"], c["P"]) for c in json.loads(body.get("grid_param", "[]"))]
        rows = [
            row
            for row in self.rows[table].values()
            if (resource != "crm_canditados" or row.get("crm") == "S")
            and all(self._holds(table, row, *condition) for condition in conditions)
        ]
        name = self._column(table, body["sortname"])
        rows.sort(
            key=lambda row: _comparable(row.get(name, "")), reverse=body["sortorder"] == "desc"
        )
        page, size = int(body["page"]), int(body["rp"])
        answer: dict[str, Any] = {"page": str(page), "total": str(len(rows))}
        if rows:
            answer["registros"] = rows[(page - 1) * size : page * size]
        return answer

    def _holds(self, table: str, row: dict[str, str], column: str, oper: str, value: str) -> bool:
        if oper not in _OPERATORS:
            raise Refused("Operador inválido")
        name = self._column(table, column)
        return _OPERATORS[oper](_comparable(row.get(name, "")), _comparable(value))

    @staticmethod
    def _column(table: str, column: str) -> str:
        prefix, _, name = column.partition(".")
        if prefix != table or not name:
            raise Refused("Ocorreu um erro ao processar. Por favor, contate o suporte")
        return name


def _comparable(value: str) -> Any:
    return (0, int(value), "") if value.isdigit() else (1, 0, value)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def log_message(self, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        with self.stub.lock:
            self._answer(200, self.stub.calls)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length) or b"{}")
        with self.stub.lock:
            if self.path.startswith("/_stub/"):
                self._control(self.path.removeprefix("/_stub/"), body)
                return
            resource = self.path.removeprefix(_PREFIX)
            self.stub.calls.append({"resource": resource, "body": body})
            fault = self.stub.take_fault(resource)
        wanted = "Basic " + base64.b64encode(TOKEN.encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self._answer(401, "<html>401 Authorization Required</html>", kind="text/html")
        elif self.headers.get("ixcsoft") != "listar" or not self.path.startswith(_PREFIX):
            self._answer(404, "<html>404</html>", kind="text/html")
        else:
            self._list(resource, body, fault)

    def _control(self, what: str, body: Any) -> None:
        if what == "reset":
            self.stub.reset()
        elif what == "rows":
            self.stub.change(body)
        elif what == "faults":
            self.stub.faults = list(body)
        self._answer(200, {})

    def _list(self, resource: str, body: dict[str, Any], fault: dict[str, Any]) -> None:
        if "status" in fault:
            headers = {"Retry-After": str(fault["wait"])} if "wait" in fault else {}
            self._answer(fault["status"], "erro", kind="text/html", **headers)
            return
        if "seconds" in fault:
            time.sleep(fault["seconds"])
        with self.stub.lock:
            self.stub.change(fault)
            try:
                answer = self.stub.list(resource, body)
            except (Refused, KeyError, ValueError) as error:
                # So it does: the code is 200 and the type HTML.
                self._answer(200, {"type": "error", "message": str(error)}, kind="text/html")
                return
        if "message" in fault:
            answer = {"type": "error", "message": fault["message"]}
        if fault.get("unordered"):
            answer["registros"].reverse()
        if fault.get("html"):
            self._answer(200, "<div>Ocorreu um erro</div>", kind="text/html")
        else:
            self._answer(200, answer, cut=fault.get("cut", 0), lie=fault.get("hang_up", False))

    def _answer(
        self,
        status: int,
        body: Any,
        *,
        kind: str = "text/x-json",
        cut: int = 0,
        lie: bool = False,
        **headers: str,
    ) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if cut:
            content = content[:-cut]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) + (50 if lie else 0)))
        for name, value in headers.items():
            self.send_header(name, value)
        if lie:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    Handler.stub = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{READY}http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
