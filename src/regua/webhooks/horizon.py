"""Reading an append-only table by its ids without losing what commits late.

Ids are given out in order and committed in any: a long transaction may add a row *below* the last
one seen. Whoever is about to take an id holds PostgreSQL's ``RowExclusiveLock`` on the table since
before, until its transaction ends. So: note the last id given out, then who holds that lock; once
none of these holds it any more, every row up to that id is there to be read or never will be. The
writers are neither asked to do anything nor made to wait.
"""

from __future__ import annotations

from django.db import connection


def last_id(table: str) -> int:
    """The last id that any transaction was given, committed or not; 0 where none was."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq"  # noqa: S608
        )
        return int(cursor.fetchone()[0])


def writers(table: str) -> set[str]:
    """The transactions, but for our own, that may have written to ``table`` and not ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND relation = %s::regclass AND mode = 'RowExclusiveLock'"
            " AND pid IS DISTINCT FROM pg_backend_pid()",
            [table],
        )
        return {str(transaction) for (transaction,) in cursor}
