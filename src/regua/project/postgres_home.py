"""The cluster's directory on disk: its layout, locks, socket and record of the running server.

It belongs to whoever runs Régua. When that is root, only ``pgdata`` and the socket's directory
belong to the account of the server: root never writes through a path the account could have
replaced by a link, and nothing outside this directory changes mode or owner.
"""

import fcntl
import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from regua.project.postgres_account import Account, account_name
from regua.project.postgres_config import PORT
from regua.project.postgres_errors import PostgresError

LONGEST_SOCKET_PATH = 103  # macOS; Linux allows 107
LARGEST_LOG = 10 * 1024 * 1024

_STATUS_LINE = 7  # of postmaster.pid


def default_data_dir() -> Path:
    """Where Régua keeps its data: REGUA_DATA_DIR, /var/lib/regua for root, else the user's own."""
    if setting := os.environ.get("REGUA_DATA_DIR"):
        return Path(setting).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/regua")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "regua"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "regua"


class Home:
    """The directory of one cluster."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.data = self.path / "pgdata"
        self.log = self.path / "postgres.log"
        self._start_lock = self.path / "start.lock"
        self._use_lock = self.path / "users.lock"
        self._socket_record = self.path / "socket_dir"

    def prepare(self, account: Account) -> None:
        """Make sure the directory exists, is ours, and that ``account`` can get to it."""
        existing = next(p for p in (self.path, *self.path.parents) if p.exists())
        self._refuse_foreign(existing)
        on_the_way = self.path.parent if existing == self.path else existing
        if blocked := account.first_unreachable([on_the_way]):
            raise PostgresError(
                f"A conta “{account.name}”, que executa o PostgreSQL, não alcança {self.path}: "
                f"“{blocked}” está fechado para ela, e o Régua não muda permissões fora da sua "
                "pasta. Escolha outro lugar em REGUA_DATA_DIR (por exemplo, /var/lib/regua) ou "
                f"abra a passagem com “chmod o+x {blocked}”."
            )
        mode = 0o711 if account.dropped else 0o700
        for folder in (*reversed(self.path.parents), self.path):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(mode)
        self.path.chmod(mode)

    def _refuse_foreign(self, existing: Path) -> None:
        if existing != self.path:
            if not os.access(existing, os.W_OK | os.X_OK):
                raise PostgresError(
                    f"Não é possível criar {self.path}: falta permissão em “{existing}”. Escolha "
                    "outro lugar em REGUA_DATA_DIR."
                )
            return
        if not self.path.is_dir():
            raise PostgresError(
                f"{self.path} não é uma pasta. Escolha outro lugar em REGUA_DATA_DIR."
            )
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            try:
                name = pwd.getpwuid(owner).pw_name
            except KeyError:
                name = str(owner)
            raise PostgresError(
                f"A pasta {self.path} pertence a “{name}”, e não a “{account_name()}”. Execute o "
                f"Régua como o dono (“sudo -u {name} …”) ou escolha outra em REGUA_DATA_DIR."
            )
        if not self._start_lock.exists() and any(self.path.iterdir()):
            raise PostgresError(
                f"A pasta {self.path} já tem arquivos e não foi criada pelo Régua. Nada foi "
                "alterado. Escolha uma pasta vazia ou outra em REGUA_DATA_DIR."
            )

    # Data

    def data_owner(self) -> int | None:
        """The uid the data belong to, None where there are none yet."""
        try:
            return self.data.lstat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError:
            raise PostgresError(
                f"“{account_name()}” não pode entrar em {self.path}. Execute o Régua como o dono "
                "da pasta ou escolha outra em REGUA_DATA_DIR."
            ) from None

    def data_major(self) -> int | None:
        """The version that wrote the data, None where there are none yet."""
        if not self.data.is_dir():
            return None
        try:
            return int(_read(self.data / "PG_VERSION").split(".")[0])
        except (OSError, ValueError):
            raise PostgresError(
                f"{self.data} não tem um PG_VERSION legível: os dados estão incompletos ou não são "
                "do PostgreSQL. Restaure uma cópia de segurança ou escolha outra pasta em "
                "REGUA_DATA_DIR."
            ) from None

    def make_private(self, folder: Path, account: Account) -> None:
        """A new directory only ``account`` can enter."""
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)
        if account.dropped:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)

    def write(self, name: str, text: str) -> None:
        """Replace one of our files whole; the server's account may read it."""
        unfinished = self.path / f".{name}.new"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.replace(self.path / name)

    # Locks

    @contextmanager
    def starting(self) -> Iterator[None]:
        """One start or stop at a time, over all processes."""
        lock = _open_lock(self._start_lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def begin_use(self) -> int:
        """Count ourselves among the users, until the descriptor is closed or we end."""
        lock = _open_lock(self._use_lock)
        fcntl.flock(lock, fcntl.LOCK_SH)
        return lock

    def in_use(self) -> bool:
        """Whether anybody uses the server. Only meaningful inside ``starting``."""
        lock = _open_lock(self._use_lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    # The socket

    def socket_dir(self) -> Path:
        """Where the socket of the running server is."""
        try:
            return Path(_read(self._socket_record).strip())
        except OSError:
            raise PostgresError(
                f"O PostgreSQL de {self.path} não está em execução. Inicie-o primeiro."
            ) from None

    def choose_socket_dir(self, account: Account) -> Path:
        """Our own ``run``; where its path will not do, a private directory among the temporary
        ones, recorded so that every process finds it."""
        chosen = self._usable_socket_dir(account)
        self.write(self._socket_record.name, f"{chosen}\n")
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (chosen / name).unlink(missing_ok=True)
        return chosen

    def _usable_socket_dir(self, account: Account) -> Path:
        own = self.path / "run"
        if _fits(own):
            if not _is_private(own, account):
                if own.is_dir():
                    shutil.rmtree(own)
                self.make_private(own, account)
            return own
        with suppress(PostgresError):
            recorded = self.socket_dir()
            if _is_private(recorded, account):
                return recorded
        for place in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
            if not _fits(place / "regua-12345678") or account.first_unreachable([place]):
                continue
            folder = Path(tempfile.mkdtemp(prefix="regua-", dir=place))
            if account.dropped:
                os.chown(folder, account.uid, account.gid)
            return folder
        raise PostgresError(
            f"O caminho {own} é longo demais (ou tem vírgula) para o soquete do PostgreSQL e não "
            "há pasta temporária utilizável. Escolha um caminho mais curto em REGUA_DATA_DIR."
        )

    def remove_socket_dir(self) -> None:
        """Forget the socket of a server that ended."""
        with suppress(PostgresError, OSError):
            folder = self.socket_dir()
            if folder.parent != self.path:
                folder.rmdir()
        self._socket_record.unlink(missing_ok=True)

    # The running server

    def server_pid(self) -> int | None:
        """The process in ``postmaster.pid``, which may be long gone."""
        try:
            return int(self._pid_file()[0])
        except (OSError, IndexError, ValueError):
            return None

    def ready(self) -> bool:
        """Whether the server's record says that it takes connections."""
        try:
            return self._pid_file()[_STATUS_LINE].strip() == "ready"
        except (OSError, IndexError):
            return False

    def forget_dead_server(self) -> None:
        """Let the server start over the record of a dead one whose number another program now has.

        PostgreSQL never takes its parent for a rival, so we put our own number there. Its second
        interlock, the shared memory also named in that file, stays: if sessions of the dead
        server are still at work, or we are wrong, it refuses to start.
        """
        path = self.data / "postmaster.pid"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "r+", encoding="utf-8", errors="replace") as file:
            if os.fstat(descriptor).st_uid != self.data_owner():
                raise PostgresError(f"{path} não pertence ao dono dos dados. Verifique a pasta.")
            lines = file.readlines()
            if len(lines) > 1:
                file.seek(0)
                file.writelines([f"{os.getpid()}\n", *lines[1:]])
                file.truncate()
                return
        path.unlink()

    def _pid_file(self) -> list[str]:
        return _read(self.data / "postmaster.pid").splitlines()

    # The log

    def open_log(self) -> BinaryIO:
        """The log, for the server to write at its end; the one before is kept when it grew."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LARGEST_LOG:
                self.log.replace(self.log.with_suffix(".log.1"))
        file = self.log.open("ab")
        self.log.chmod(0o600)
        return file

    def read_log(self, start: int) -> str:
        """What the log says from ``start`` on."""
        with self.log.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace")


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _read(path: Path) -> str:
    """A small text file, never through a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read(10_000)


def _fits(folder: Path) -> bool:
    """Whether a socket can be in ``folder``: its path is short, and libpq splits at commas."""
    return (
        "," not in str(folder)
        and len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
    )


def _is_private(folder: Path, account: Account) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == account.uid
        and stat.S_IMODE(found.st_mode) == 0o700
    )
