"""The drawing of a policy: its steps on an axis of days, near days apart enough to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from regua.dunning.choices import Action, Channel
from regua.dunning.models import DunningStep
from regua.dunning.policy_wording import action, signed, when
from regua.web.icons import drawing
from regua.web.status import Icon, Tone

WIDE, NARROW = 760, 330
"""Units of the two drawings: for a desk and for a telephone."""
HEIGHT = 104
_EDGE, _APART = 26, 44
_ICONS = {
    Channel.EMAIL: Icon("mail"),
    Channel.SMS: Icon("device-mobile"),
    Channel.WHATSAPP: Icon("brand-whatsapp"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    label: str
    tone: Tone
    icon: str
    said: str
    """The step in words, for whoever points at it."""

    @property
    def left(self) -> float:
        """Where the icon, 18 wide, begins."""
        return self.x - 9

    @property
    def shape(self) -> str:
        """The icon's lines, 24 wide: an ``<svg>`` of its own would be a second one inside."""
        return drawing(self.icon)


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    marks: list[Mark]
    due: float
    """Where the due date is."""
    ticks: list[tuple[float, int]]
    """The ruler's lines: place and length."""
    height: int = HEIGHT


def icon_of(step: DunningStep) -> str:
    if step.action == Action.LIST:
        return Icon("ban")
    return _ICONS.get(step.channel, Icon("flag"))  # type: ignore[call-overload]


def tone_of(step: DunningStep) -> Tone:
    if step.action == Action.LIST:
        return Tone.ACTIVE
    return Tone.SENT if step.action == Action.MESSAGE else Tone.QUEUED


def drawings(steps: Sequence[DunningStep]) -> list[Drawing]:
    """The same line for both widths; none of no steps."""
    return [_drawing(steps, WIDE), _drawing(steps, NARROW)] if steps else []


def _drawing(steps: Sequence[DunningStep], width: int) -> Drawing:
    days = sorted({0, *(step.days for step in steps)})
    places = dict(zip(days, _places(days, width), strict=True))
    marks = [
        Mark(
            x=places[step.days],
            label=signed(step.days),
            tone=tone_of(step),
            icon=icon_of(step),
            said=f"{step.name}, {when(step.days)}. {action(step)}",
        )
        for step in steps
    ]
    count = (width - 2 * _EDGE) // 12
    ticks = [
        (round(_EDGE + number * (width - 2 * _EDGE) / count, 1), 12 if number % 5 == 0 else 7)
        for number in range(count + 1)
    ]
    return Drawing(width=width, marks=marks, due=places[0], ticks=ticks)


def _places(days: Sequence[int], width: int) -> list[float]:
    """By the root of the distance, so that ninety days do not squeeze the first three."""
    if len(days) == 1:
        return [width / 2]
    room = width - 2 * _EDGE
    apart = min(_APART, room / (len(days) - 1))
    free = room - apart * (len(days) - 1)
    gaps = [math.sqrt(after - before) for before, after in pairwise(days)]
    places = [float(_EDGE)]
    for gap in gaps:
        places.append(places[-1] + apart + free * gap / sum(gaps))
    return [round(place, 1) for place in places]
