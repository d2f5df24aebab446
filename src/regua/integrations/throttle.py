"""When a call may leave: an integration's rate limit, its bureau's Retry-After, its breaker.

One row per integration (``models.Throttle``) and the database's clock are shared by every process
on every machine; ``gateway.Journal`` asks here before each HTTP exchange, so nothing can bypass it.

**Rate.** Calls are given slots, first come first served, evenly apart and a little slower than the
limit (``PACE``), without a burst: an idle line saves nothing up. Nobody's slot is farther away than
the number of callers waiting at that moment, and each thread waits for one call only. As long as a
call arrives within 1/PACE - 1 = 30 ms after its slot, no window of one second, wherever it begins,
sees more than ``calls_per_second``. Whoever wakes up later than ``TOLERANCE`` after its slot lets
it pass and takes another; what is left of the 30 ms is for the way to the bureau.

**Retry-After** of a 429 or 503 stops everybody until then.

**Breaker.** After ``FAILURES`` consecutive failures of the bureau itself
(``CallEnd.bureau_up``) no call leaves. After a pause, which doubles at every failure up to
``LONGEST_PAUSE``, one call may try; any answer closes the breaker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from regua.bureaus.errors import TryLater
from regua.integrations.models import Integration, Throttle
from regua.web import formats, sql

PACE = 0.97
TOLERANCE = 0.015
"""Seconds after its slot within which a call must leave."""
SHORT = 0.1
LAST_LOOK = 0.01
"""Seconds before its slot at which a call that waits longer than ``SHORT`` looks whether it may
still leave; a shorter wait counts as on its way."""
FAILURES = 5
LONGEST_PAUSE = 300.0
"""Seconds that an open breaker waits at most before it lets another call try."""
LONGEST_WAIT = 10.0
"""Seconds that a call waits for its slot at most; beyond, too many callers stand before it."""


class Held(TryLater):
    """No call left, and none may leave yet; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an integration's bureau is not called now."""

    until: datetime
    """In the past where the next call is the breaker's try."""
    down_since: datetime | None
    """None where the bureau itself asked to wait."""

    @property
    def sentence(self) -> str:
        until = _time(self.until)
        if self.down_since is None:
            return f"O birô pediu para não ser chamado antes de {until}."
        again = f"às {until}" if self.until > timezone.now() else "a qualquer momento"
        return (
            f"O birô não está respondendo desde {_time(self.down_since)}; tentamos de novo {again}."
        )

    @property
    def explained(self) -> str:
        """The same for the integration's own page."""
        if self.down_since is None:
            return f"{self.sentence} Até lá nada sai, e o que está na fila espera sem se perder."
        return (
            f"{self.sentence} O que está na fila espera sem se perder. Testar conexão pergunta "
            "agora, e uma resposta libera tudo."
        )


def _time(moment: datetime) -> str:
    local = formats.local(moment)
    if local.date() != timezone.localdate():
        return formats.instant(moment)
    near = abs(moment - timezone.now()) < timedelta(minutes=2)
    return f"{local:%H:%M:%S}" if near else f"{local:%H:%M}"


def hold_of(integration_id: int) -> Hold | None:
    """Why the bureau is not called now; None while it may be called as usual."""
    row = Throttle.objects.filter(integration_id=integration_id).first()
    return _hold(row) if row else None


def holds_of(integration_ids: list[int]) -> dict[int, Hold]:
    """``hold_of`` of many, where there is one."""
    rows = Throttle.objects.filter(integration_id__in=integration_ids)
    return {row.integration_id: hold for row in rows if (hold := _hold(row))}


def _hold(row: Throttle) -> Hold | None:
    asked = row.hold_until if row.hold_until and row.hold_until > timezone.now() else None
    if row.open_until:
        until = max(filter(None, (asked, row.open_until)))
        return Hold(until, row.failing_since or row.open_until)
    return Hold(asked, None) if asked else None


def held(outer: str = "pk") -> Exists:
    """In a queryset: no call may leave now for the integration ``outer``."""
    return Exists(
        Throttle.objects.filter(
            Q(hold_until__gt=Now()) | Q(open_until__gt=Now()), integration=OuterRef(outer)
        )
    )


HELD = """EXISTS (
    SELECT FROM integrations_throttle AS throttle
    WHERE throttle.integration_id = {integration}
        AND (throttle.hold_until > now() OR (throttle.open_until > now() AND {breaker}))
)"""
"""``held`` in a statement of our own; ``{breaker}`` is false for whoever may try an open one."""


# --- a call's turn -------------------------------------------------------------------------------

_here = threading.local()


def waited() -> float:
    """Seconds that this thread's last call waited for its slot."""
    return float(getattr(_here, "waited", 0.0))


@contextmanager
def telling_of_idleness(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` whenever a call of this thread finds its slot free at once."""
    _here.tell = tell
    try:
        yield
    finally:
        del _here.tell


def turn(integration_id: int, limit: int, *, forced: bool = False) -> bool:
    """Wait until a call may leave; whether it is the one that tries an open breaker.

    ``forced`` passes a breaker that is open, for a person who tests the connection. Raises
    ``Held``; then no call may leave.
    """
    while True:
        slot = _take(integration_id, limit, forced=forced)
        if slot is None:
            raise refusal(integration_id, limit)
        wait, tries = slot
        _here.waited = max(wait, 0.0)
        if wait <= 0:
            if not tries and (tell := getattr(_here, "tell", None)):
                tell()
            return tries
        due = time.monotonic() + wait
        if wait > SHORT and not tries:
            time.sleep(wait - LAST_LOOK)
            if _stopped_meanwhile(integration_id, forced=forced):
                raise refusal(integration_id, limit)
        time.sleep(max(due - time.monotonic(), 0))
        if tries or time.monotonic() - due <= TOLERANCE:
            return tries


_TAKE = f"""
UPDATE integrations_throttle
SET next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => %(apart)s),
    open_until = CASE WHEN open_until <= clock_timestamp()
        THEN clock_timestamp() + make_interval(secs => %(try)s) ELSE open_until END
WHERE integration_id = %(integration)s
    AND (hold_until IS NULL OR hold_until <= clock_timestamp())
    AND (open_until IS NULL OR open_until <= clock_timestamp() OR %(forced)s)
    AND next_at <= clock_timestamp() + make_interval(secs => %(longest)s)
RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - %(apart)s,
    open_until IS NOT NULL, {sql.LAZILY}
"""  # noqa: S608
_STOPPED = f"SELECT {HELD.format(integration='%(integration)s', breaker='NOT %(forced)s')}"


def _take(integration_id: int, limit: int, *, forced: bool) -> tuple[float, bool] | None:
    """How long until the slot taken (seconds), and whether it is a try; None while held."""
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute(
                _TAKE,
                {
                    "integration": integration_id,
                    "apart": 1 / (limit * PACE),
                    "forced": forced,
                    # Whoever tries dies silently where it is killed: then another may.
                    "try": settings.CONFIG.bureau_timeout + 5,
                    "longest": _longest_wait(),
                },
            )
            row = cursor.fetchone()
            if row is not None:
                return row[0], row[1] and not forced
            if Throttle.objects.filter(integration_id=integration_id).exists():
                return None
            Throttle.objects.bulk_create(
                [Throttle(integration_id=integration_id)], ignore_conflicts=True
            )
    return None


def _longest_wait() -> float:
    """Seconds; a wait and the call after it must fit into the claim's lease."""
    spare = settings.CONFIG.sender_lease - settings.CONFIG.bureau_timeout
    return max(min(LONGEST_WAIT, spare), 0.1)


def _stopped_meanwhile(integration_id: int, *, forced: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_STOPPED, {"integration": integration_id, "forced": forced})
        return bool(cursor.fetchone()[0])


def refusal(integration_id: int, limit: int) -> Held:
    """Why no call may leave now, to be raised."""
    hold = hold_of(integration_id)
    if hold is None:
        many = "uma chamada" if limit == 1 else f"{formats.number(limit)} chamadas"
        return Held(
            f"Há pedidos demais esperando a vez: este birô aceita {many} por segundo. "
            "Nada foi enviado. Tente de novo em alguns instantes."
        )
    left = (hold.until - timezone.now()).total_seconds()
    return Held(f"{hold.sentence} Nada foi enviado.", retry_after=max(left, 0.0))


# --- what became of it ---------------------------------------------------------------------------

CALM = """
    UPDATE integrations_throttle
    SET failures = 0, failing_since = NULL, openings = 0, open_until = NULL
    WHERE integration_id = {integration} AND failures > 0
"""
"""The bureau answered, whatever it said: part of the statement that completes the call's log."""

_OPENS = "CASE WHEN open_until IS NULL THEN failures + 1 >= %(failures)s ELSE %(tries)s END"
_FAILED = f"""
UPDATE integrations_throttle
SET failures = failures + 1,
    failing_since = coalesce(failing_since, clock_timestamp()),
    openings = least(openings + ({_OPENS})::int, 20),
    open_until = CASE WHEN {_OPENS} THEN clock_timestamp() + make_interval(
        secs => least(%(first)s * 2.0 ^ openings, %(longest)s)) ELSE open_until END
WHERE integration_id = %(integration)s
"""  # noqa: S608


def failed(integration_id: int, *, tries: bool) -> None:
    """The bureau itself failed at a call; ``tries``: at the one that tried an open breaker."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FAILED,
            {
                "integration": integration_id,
                "failures": FAILURES,
                "tries": tries,
                "first": settings.CONFIG.retry_base,
                "longest": LONGEST_PAUSE,
            },
        )


def told_to_wait(integration_id: int, seconds: float) -> None:
    """The bureau asked not to be called for so long; of two such times the later holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_throttle SET hold_until = greatest(hold_until,"
            " clock_timestamp() + make_interval(secs => %s)) WHERE integration_id = %s",
            [seconds, integration_id],
        )


def mended(integration_id: int) -> None:
    """Somebody has changed the integration: an open breaker lets a call try at once."""
    Throttle.objects.filter(integration_id=integration_id, open_until__gt=Now()).update(
        open_until=Now()
    )


def standing_of(integration: Integration) -> Throttle:
    """The row for the integration's page; one as new where nothing has been called yet."""
    found = Throttle.objects.filter(integration=integration).first()
    return found or Throttle(integration=integration)
