"""What every benchmark gives back and how it is shown."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Item = TypeVar("Item")
Size = Literal["small", "full"]
"""``small`` ends within 50 seconds."""


@dataclass(slots=True)
class Outcome:
    """The measurements of one benchmark."""

    ours: float
    limit: float
    """The most this computer gives, in the same unit as ``ours``."""
    limit_name: str
    lower_is_better: bool = False
    rows: list[tuple[str, str]] = field(default_factory=list)
    """The table: what was measured, the value with its unit."""
    facts: dict[str, str] = field(default_factory=dict)
    """What else the last line says, as ``key=value``."""
    shortfalls: list[str] = field(default_factory=list)
    """Each bound that was not kept, in a sentence."""

    @property
    def ratio(self) -> float:
        """How close to the limit we are: 1 is the limit itself, either way the unit goes."""
        return self.limit / self.ours if self.lower_is_better else self.ours / self.limit

    def require(self, kept: bool, sentence: str) -> None:
        """State a bound; ``sentence`` is shown where it is not kept."""
        if not kept:
            self.shortfalls.append(sentence)

    def table(self) -> str:
        widths = [max(len(row[column]) for row in self.rows) for column in (0, 1)]
        return "\n".join(
            f"  {label:<{widths[0]}}  {value:>{widths[1]}}" for label, value in self.rows
        )

    def summary(self, name: str) -> str:
        """The last line, for people and programs."""
        facts = {
            "ratio": f"{self.ratio:.3g}",
            "limit": f"{self.limit:.0f}" if self.limit >= 1000 else f"{self.limit:.4g}",
            "limit_is": self.limit_name.replace(" ", "-"),
        }
        facts |= self.facts
        verdict = "FELL SHORT" if self.shortfalls else "ok"
        return " ".join([name, *(f"{key}={value}" for key, value in facts.items()), verdict])


def rate(function: Callable[[Item], object], items: Sequence[Item], repeats: int) -> float:
    """Calls per second of ``function``, one per item: the best of ``repeats`` passes, because
    whatever else the computer does can only slow one down."""
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        for item in items:
            function(item)
        best = min(best, time.perf_counter() - began)
    return len(items) / best
