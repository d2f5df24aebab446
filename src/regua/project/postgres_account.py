"""Running PostgreSQL's programs, as an unprivileged account when we are root.

PostgreSQL refuses to run as root. We never create an account and never change the mode or the owner
of anything we did not make: we look for an account that exists and check what it can reach.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regua.project.postgres_errors import PostgresError

FALLBACK_ACCOUNTS = ("postgres", "nobody")

_PRINT_FIRST_BLOCKED = 'for p; do [ -x "$p" ] || { printf %s "$p"; exit 1; }; done'
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system account that runs the server."""

    name: str
    uid: int
    gid: int
    dropped: bool
    """True when we are root and become this account to run each program."""

    @property
    def shell_prefix(self) -> str:
        """What a person types before a command to run it as this account."""
        if not self.dropped:
            return ""
        return (
            f"sudo -u {self.name} " if sys.platform == "darwin" else f"runuser -u {self.name} -- "
        )

    def popen_arguments(self) -> dict[str, Any]:
        """Keyword arguments of ``subprocess`` that run a program as this account, sealed off
        from our terminal, our umask and the PG* variables of the caller."""
        arguments: dict[str, Any] = {
            "env": {k: os.environ[k] for k in _KEPT_VARIABLES if k in os.environ} | {"LC_ALL": "C"},
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "umask": 0o077,
        }
        if self.dropped:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def run(
        self, arguments: Sequence[str | Path], *, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; output and errors together in ``stdout``."""
        return subprocess.run(
            [str(a) for a in arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            **self.popen_arguments(),
        )

    def signal(self, pid: int, name: str) -> None:
        """Send a signal with this account's rights only, ``pid`` being what a file of its says."""
        self.run(["/bin/sh", "-c", 'kill -"$1" "$2"', "sh", name, str(pid)])

    def first_unreachable(self, paths: Iterable[Path]) -> Path | None:
        """The first directory or program on the way to ``paths`` this account cannot enter."""
        if not self.dropped:
            return next((p for p in paths if not os.access(p, os.X_OK)), None)
        steps: dict[Path, None] = {}
        for path in paths:
            for step in (*reversed(path.parents), path):
                steps[step] = None
        answer = self.run(["/bin/sh", "-c", _PRINT_FIRST_BLOCKED, "sh", *steps])
        return Path(answer.stdout) if answer.returncode else None


def choose_account(run_as: str | None, data_owner: int | None) -> Account:
    """The account to run as: the owner of the existing data, the setting, postgres, nobody."""
    if os.geteuid() != 0:
        return _ourselves(run_as)
    if data_owner is not None:
        return _owner_of_the_data(run_as, data_owner)
    for name in [run_as] if run_as else FALLBACK_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _checked(entry)
    if run_as:
        raise PostgresError(
            f"A conta “{run_as}”, pedida para executar o PostgreSQL, não existe neste computador. "
            "Indique em REGUA_POSTGRES_USER uma conta que já exista, sem privilégios."
        )
    raise PostgresError(
        "O PostgreSQL não pode ser executado como root e não há neste computador uma conta sem "
        "privilégios (postgres ou nobody). Execute o Régua com outro usuário ou indique em "
        "REGUA_POSTGRES_USER uma conta que já exista."
    )


def _ourselves(run_as: str | None) -> Account:
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        raise PostgresError(
            f"O usuário atual (uid {uid}) não tem nome neste computador e o PostgreSQL exige um. "
            "Acrescente-o a /etc/passwd ou use outro usuário."
        ) from None
    if run_as and run_as != name:
        raise PostgresError(
            f"Só o root pode executar o PostgreSQL com outra conta: o usuário atual é “{name}” e a "
            f"conta pedida é “{run_as}”. Execute com “sudo -u {run_as}” ou retire "
            "REGUA_POSTGRES_USER."
        )
    return Account(name, uid, os.getegid(), dropped=False)


def _owner_of_the_data(run_as: str | None, data_owner: int) -> Account:
    try:
        owner = pwd.getpwuid(data_owner)
    except KeyError:
        raise PostgresError(
            f"Os dados do PostgreSQL pertencem a um uid sem conta neste computador ({data_owner}). "
            "Recrie a conta com esse uid ou entregue os arquivos a outra com chown."
        ) from None
    if run_as and run_as != owner.pw_name:
        raise PostgresError(
            f"Os dados do PostgreSQL pertencem à conta “{owner.pw_name}”, mas a conta pedida é "
            f"“{run_as}”. Retire REGUA_POSTGRES_USER ou indique “{owner.pw_name}”."
        )
    return _checked(owner)


def _checked(entry: pwd.struct_passwd) -> Account:
    if entry.pw_uid == 0:
        raise PostgresError(
            "O PostgreSQL não pode ser executado como root. Indique em REGUA_POSTGRES_USER uma "
            "conta sem privilégios."
        )
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid, dropped=True)
    try:
        account.run(["/bin/sh", "-c", ":"])
    except PermissionError:
        raise PostgresError(
            f"Não foi possível assumir a conta “{entry.pw_name}” para executar o PostgreSQL: este "
            "ambiente retira do root a permissão de trocar de usuário (CAP_SETUID e CAP_SETGID). "
            "Devolva essa permissão ou execute o Régua com um usuário comum."
        ) from None
    return account


def account_name() -> str:
    """The user we run as."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
