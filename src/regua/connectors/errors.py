"""What can go wrong between us and a billing system; nothing is ever changed there.

The texts are sentences for a person, in Portuguese, without documents and secrets.
"""

from __future__ import annotations


class SourceError(Exception):
    """Base of every failure of a connector."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        """Seconds for which the system asked not to be called; None where it said nothing."""


class Misconfigured(SourceError):
    """Address, token or permissions are wrong: every call would fail alike until mended."""


class TryLater(SourceError):
    """The system is away, overloaded or answered nonsense; the same call may succeed later."""
