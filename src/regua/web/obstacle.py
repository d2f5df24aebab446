"""Why something that is shown cannot be done now."""

from __future__ import annotations

from typing import NamedTuple


class Obstacle(NamedTuple):
    reason: str
    """A sentence for the person, shown beside what is disabled."""
    url: str = ""
    """Where this person can mend it or see why; '' where they cannot."""
    link: str = ""
    """What that link says."""
