"""What the server is told: its settings, who may connect, and how data move to a new version."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote

from regua.project.postgres_account import Account
from regua.project.postgres_binaries import Binaries

OWNER = "regua"
PORT = 5432  # only names the socket file; nothing listens on the network

ACCESS = "# Written by Régua at each start.\nlocal all all peer map=regua\n"

_MEGABYTE = 1024 * 1024


def users_map(names: Iterable[str]) -> str:
    """pg_ident.conf: the operating-system users who may be the role of the house."""
    lines = [f'regua "{name}" {OWNER}' for name in sorted(set(names))]
    return "# Written by Régua at each start.\n" + "\n".join(lines) + "\n"


def server_settings(home: Path, socket_dir: Path, *, fsync: bool) -> str:
    """postgresql.conf. Nothing a client sent may reach the log: it could hold somebody's CPF."""
    memory = _memory()
    settings: dict[str, str | int] = {
        "hba_file": str(home / "pg_hba.conf"),
        "ident_file": str(home / "pg_ident.conf"),
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": '"' + str(socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "max_connections": 100,
        "shared_buffers": f"{min(512, max(64, memory // 8)) if fsync else 64}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "wal_compression": "on",
        "min_wal_size": "80MB",
        "max_wal_size": "1GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_destination": "stderr",
        "logging_collector": "off",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        # Errors caused by a client are told to the client, which keeps its own record. Here
        # their text, detail and statement could carry a document: "Key (cpf)=(…) exists".
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_duration_statement": -1,
        "log_parameter_max_length": 0,
        "log_parameter_max_length_on_error": 0,
    }
    if not fsync:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return "# Written by Régua at each start: changes made here are lost.\n" + _lines(settings)


def initdb_arguments(binaries: Binaries, folder: Path, libc_locale: str) -> list[str]:
    """Code-point order and UTF-8 everywhere: with the version's own locale from 17 on (it does
    not depend on the computer), with the C library's before."""
    arguments = [
        str(binaries["initdb"]),
        f"--pgdata={folder}",
        f"--username={OWNER}",
        "--encoding=UTF8",
        f"--locale={libc_locale}",
        "--auth-local=peer",
        "--auth-host=reject",
        "--data-checksums",
    ]
    if binaries.major >= 17:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return arguments


def upgrade_commands(
    home: Path, account: Account, old: Path, old_major: int, new: Path, new_initdb: list[str]
) -> list[str]:
    """Shell commands that carry the data in ``home`` from one major version to another."""
    data, kept, dump = home / "pgdata", home / f"pgdata-{old_major}", home / f"pg{old_major}.sql"
    become = account.shell_prefix
    options = quote(f"-c config_file={quote(str(home / 'postgresql.conf'))} -k /tmp")

    def server(programs: Path) -> tuple[str, str]:
        control = f"{become}{quote(str(programs / 'pg_ctl'))} -w -D {quote(str(data))}"
        return f"{control} -l /dev/null -o {options} start", f"{control} -m fast stop"

    start_old, stop_old = server(old)
    start_new, stop_new = server(new)
    connect = f"-h /tmp -p {PORT} -U {OWNER}"
    create = f"install -d -m 700 -o {account.uid} {quote(str(data))}"
    return [
        "umask 077",
        start_old,
        f"{quote(str(old / 'pg_dumpall'))} {connect} -f {quote(str(dump))}",
        stop_old,
        f"mv {quote(str(data))} {quote(str(kept))}",
        create,
        become + " ".join(quote(a) for a in new_initdb),
        start_new,
        f"{quote(str(new / 'psql'))} {connect} -q -d postgres -f {quote(str(dump))}",
        stop_new,
    ]


def _lines(settings: Mapping[str, str | int]) -> str:
    def value(setting: str | int) -> str:
        text = str(setting)
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    return "".join(f"{name} = {value(setting)}\n" for name, setting in settings.items())


def _memory() -> int:
    """Megabytes of memory of this computer."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEGABYTE
    except (OSError, ValueError):
        return 2048
