"""Days that pass at once: for this process, for its PostgreSQL and for the sandbox bureau."""

from __future__ import annotations

import time

import time_machine
from django.db import connection

from tests.sandbox.server import Sandbox

_DAY = 86400.0
_INSTALL = """
CREATE SCHEMA travelling;
CREATE TABLE travelling.clock (days_ago integer NOT NULL);
INSERT INTO travelling.clock VALUES (0);
CREATE FUNCTION travelling.moved(moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT moment - make_interval(hours => 24 * days_ago) FROM travelling.clock';
CREATE FUNCTION travelling.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT travelling.moved(pg_catalog.now())';
CREATE FUNCTION travelling.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT travelling.moved(pg_catalog.statement_timestamp())';
CREATE FUNCTION travelling.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT travelling.moved(pg_catalog.clock_timestamp())';
"""
_DEFAULTS = """
SELECT format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %s', table_name, column_name,
    CASE WHEN column_default LIKE '%(%' THEN column_default ELSE 'now()' END)
FROM information_schema.columns
WHERE table_schema = 'public' AND column_default ~ 'now|timestamp\\(|CURRENT_TIMESTAMP'
"""


def install() -> None:
    """Put a clock of our own before PostgreSQL's: whatever says ``now()`` there travels along.

    Only for a database that is thrown away; once all migrations have run.
    """
    with connection.cursor() as cursor:
        for statement in _INSTALL.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute(_DEFAULTS)
        defaults = cursor.fetchall()
        cursor.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path ="
            " travelling, pg_catalog, public', current_database()); END $$"
        )
        cursor.execute("SET search_path = travelling, pg_catalog, public")
        for (statement,) in defaults:  # now that their functions are ours
            cursor.execute(statement)
    connection.close()


class Clock:
    """``days`` ago at first; ``tomorrow`` until it is today."""

    def __init__(self, sandbox: Sandbox, days: int) -> None:
        self._sandbox = sandbox
        self._travel: time_machine.travel | None = None
        self.days_ago = days
        self._turn()

    def tomorrow(self) -> bool:
        """Let a day pass; False, and nothing moves, where it is today."""
        if self.days_ago == 0:
            return False
        self.days_ago -= 1
        self._sandbox.advance(1)
        self._turn()
        return True

    def _turn(self) -> None:
        self.stop()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE travelling.clock SET days_ago = %s", [self.days_ago])
        now = time.time()  # the real one: nothing travels now
        self._travel = time_machine.travel(now - self.days_ago * _DAY, tick=True)
        self._travel.start()

    def stop(self) -> None:
        if self._travel is not None:
            self._travel.stop()
            self._travel = None
