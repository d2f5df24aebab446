"""In-memory stand-ins for what the application lends an adapter; for tests only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from regua.bureaus.connection import CallEnd, CallStart, Token


class MemoryTokenStore:
    """A ``TokenStore`` for the threads of one process."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self.saved: list[Token] = []
        self._lock = threading.Lock()

    def get(self) -> Token | None:
        return self.token

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._lock:
            yield

    def save(self, token: Token) -> None:
        self.token = token
        self.saved.append(token)

    def invalidate(self, token: Token) -> None:
        if self.token == token:
            self.token = None


@dataclass
class JournalEntry:
    start: CallStart
    end: CallEnd | None = None


class MemoryJournal:
    """A ``CallJournal`` that remembers everything it was told."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []

    def begin(self, call: CallStart) -> JournalEntry:
        entry = JournalEntry(call)
        self.entries.append(entry)
        return entry

    def end(self, handle: JournalEntry, outcome: CallEnd) -> None:
        if handle.end is not None:
            raise AssertionError("a call ended twice")
        handle.end = outcome
