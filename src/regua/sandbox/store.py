"""The bureau's memory: one SQLite file, one connection, one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GONE = ("BAIXADA", "REJEITADA")
_LIVE = "state NOT IN ('BAIXADA', 'REJEITADA')"

SCHEMA = f"""
-- AUTOINCREMENT: a delivery under way must not find its number on another one after a reset
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    client_id TEXT PRIMARY KEY, name TEXT NOT NULL, client_secret TEXT NOT NULL,
    webhook_secret TEXT NOT NULL, webhook_url TEXT, standing TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    digest TEXT PRIMARY KEY, client_id TEXT NOT NULL, expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS answers (
    client_id TEXT, key TEXT, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (client_id, key)
);
CREATE TABLE IF NOT EXISTS inquiries (
    protocol TEXT PRIMARY KEY, client_id TEXT NOT NULL, document TEXT NOT NULL,
    product TEXT NOT NULL, reference TEXT NOT NULL, ready_at REAL, report TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS charges (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL, protocol TEXT NOT NULL,
    product TEXT NOT NULL, price TEXT NOT NULL, charged_us INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS listings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, protocol TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    reference TEXT NOT NULL, reason_code TEXT NOT NULL, document TEXT NOT NULL,
    contract TEXT NOT NULL, our_number TEXT NOT NULL, amount TEXT NOT NULL,
    due_date TEXT NOT NULL, creditor TEXT NOT NULL, debtor_name TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT, message TEXT, notified_on TEXT, visible_on TEXT,
    removed_on TEXT, removal_code TEXT, version INTEGER NOT NULL, changed_us INTEGER NOT NULL,
    plan TEXT NOT NULL, plan_at REAL, co_debtor TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS one_live_listing ON listings
    (client_id, document, contract, our_number, due_date) WHERE {_LIVE};
CREATE INDEX IF NOT EXISTS listings_feed ON listings (client_id, changed_us, id);
CREATE INDEX IF NOT EXISTS listings_found ON listings (client_id, document, contract);
CREATE INDEX IF NOT EXISTS listings_plan ON listings (plan_at) WHERE plan_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS listings_age ON listings (due_date) WHERE {_LIVE};
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL, event_id TEXT NOT NULL,
    protocol TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'PENDENTE', last_status TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'PENDENTE';
CREATE INDEX IF NOT EXISTS deliveries_held ON deliveries (client_id) WHERE held = 1;
"""

Row = sqlite3.Row


class Store:
    """Rows in, rows out; it knows no rule of the business."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
        if not self.rows("SELECT 1 FROM pragma_table_info('listings') WHERE name = 'co_debtor'"):
            # a ledger from before there were co-debtors
            self._connection.execute("ALTER TABLE listings ADD COLUMN co_debtor TEXT")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another transaction it simply joins it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, statement: str, *values: Any) -> int:
        """Execute one statement; how many rows it touched."""
        return self._connection.execute(statement, values).rowcount

    def row(self, statement: str, *values: Any) -> Row | None:
        found: Row | None = self._connection.execute(statement, values).fetchone()
        return found

    def rows(self, statement: str, *values: Any) -> list[Row]:
        return self._connection.execute(statement, values).fetchall()

    def number(self, statement: str, *values: Any) -> int:
        row = self.row(statement, *values)
        return int(row[0]) if row and row[0] is not None else 0

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        self.run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *values.values())  # noqa: S608

    def update(self, table: str, key: str, identity: Any, values: Mapping[str, Any]) -> None:
        changes = ", ".join(f"{column} = ?" for column in values)
        self.run(f"UPDATE {table} SET {changes} WHERE {key} = ?", *values.values(), identity)  # noqa: S608

    def setting(self, name: str) -> int:
        return self.number("SELECT value FROM settings WHERE name = ?", name)

    def keep_setting(self, name: str, value: int) -> None:
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def listing(self, protocol: str) -> Row | None:
        return self.row("SELECT * FROM listings WHERE protocol = ?", protocol)

    def live_listing(
        self, client_id: str, document: str, contract: str, our_number: str, due_date: str
    ) -> Row | None:
        return self.row(
            "SELECT * FROM listings WHERE client_id = ? AND document = ? AND contract = ?"  # noqa: S608
            f" AND our_number = ? AND due_date = ? AND {_LIVE}",
            client_id, document, contract, our_number, due_date,
        )  # fmt: skip

    def listings_due(self, term_now: float, limit: int) -> list[Row]:
        return self.rows(
            "SELECT * FROM listings WHERE plan_at <= ? ORDER BY plan_at, id LIMIT ?",
            term_now, limit,
        )  # fmt: skip

    def listings_older_than(self, due_date: str, limit: int) -> list[Row]:
        """Live ones only."""
        return self.rows(
            f"SELECT * FROM listings WHERE due_date < ? AND {_LIVE} LIMIT ?",  # noqa: S608
            due_date, limit,
        )  # fmt: skip

    def listings_changed(
        self,
        client_id: str,
        *,
        since_us: int,
        after: tuple[int, int],
        limit: int,
        document: str | None,
        contract: str | None,
    ) -> list[Row]:
        """In the order of their last change, strictly after the (change, id) given."""
        # Left to itself SQLite walks the whole feed, in search of one debtor, too.
        by = "INDEXED BY listings_found" if document is not None else ""
        statement = (
            f"SELECT * FROM listings {by} WHERE client_id = ? AND changed_us >= ?"  # noqa: S608
            " AND (changed_us, id) > (?, ?)"
        )
        values: list[Any] = [client_id, since_us, *after]
        for column, value in (("document", document), ("contract", contract)):
            if value is not None:
                statement += f" AND {column} = ?"
                values.append(value)
        statement += " ORDER BY changed_us, id LIMIT ?"
        return self.rows(statement, *values, limit)

    def clear(self) -> None:
        """Forget everything but the accounts."""
        with self.transaction():
            for table in (
                "settings", "tokens", "answers", "inquiries", "charges", "listings", "deliveries",
            ):  # fmt: skip
                self.run(f"DELETE FROM {table}")  # noqa: S608
