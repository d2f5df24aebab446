"""One worker at a time for an integration's longer work, across all processes and machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(space: int, integration_id: int, *, wait: bool = False) -> Iterator[bool]:
    """Hold the right to do ``space``'s work for an integration; False where another holds it.

    A session's advisory lock: whoever holds it and dies loses it with its connection. It may be
    taken again by its holder.
    """
    with connection.cursor() as cursor:
        function = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        cursor.execute(f"SELECT {function}(%s::int, %s::int)", [space, integration_id])
        held = wait or bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock(%s::int, %s::int)", [space, integration_id]
                )
