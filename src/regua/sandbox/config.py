"""What a sandbox bureau may be told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SandboxConfig:
    """Every option has a value that suits a demo on one machine."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 lets the system choose a free port."""
    smtp_port: int | None = None
    """Where the customers' mail server listens; None: there is none."""
    store: Path | None = None
    """SQLite file; None keeps everything in a temporary one that goes away at the end."""
    day_seconds: float = 86400.0
    """How long one day of a term lasts."""
    days_ago: int = 0
    """How many days before the real today a new store's calendar begins."""
    term_days: float = 10.0
    """Days between the letter and the listing becoming visible."""
    moment_seconds: float | None = None
    """How long "moments later" takes; None is two seconds, or half an accelerated day if less."""
    token_seconds: float = 900.0
    surprises: float = 0.0
    """Share (0 to 1) of ordinary documents whose listing goes wrong by itself."""
    seed: int = 0
    """Of every random choice: page sizes, version jumps, fault probabilities."""
    control: bool = True
    """Whether the control API and the ledger on the page exist at all."""
    client_id: str = "regua-demo"
    client_secret: str = "segredo-demo"  # noqa: S105
    webhook_secret: str = "webhook-demo"  # noqa: S105
    webhook_url: str | None = None
    webhook_retry_seconds: float = 1.0
    """Wait before a webhook is tried again; it doubles at each attempt."""
    webhook_attempts: int = 5
    tick_seconds: float = 0.25
    """How often the background ticker looks for what is due."""

    @property
    def moment(self) -> float:
        if self.moment_seconds is not None:
            return self.moment_seconds
        return min(2.0, self.day_seconds / 2)
