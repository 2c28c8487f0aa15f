"""Real databases for tests: SQLite files, and a PostgreSQL server of our own on a free port."""

import glob
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Collection
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def absent(what: str) -> None:
    """Skip the test because a tool is not installed; where that must not be, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed, and CI has to have it")
    pytest.skip(f"{what} is not installed")


class PostgreSQL:
    """A server in a folder of its own, that can be stopped and started again."""

    def __init__(self, parent: str | None = None):
        """Make its folder (in `parent` if given) and its files; it does not run yet."""
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        initdb = found[-1] if found else shutil.which("initdb")
        if not initdb:
            absent("PostgreSQL")
        self.programs = os.path.dirname(initdb)
        self.folder = tempfile.mkdtemp(prefix="sidedoor-postgresql-", dir=parent)
        self._owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._owner:
            shutil.chown(self.folder, "postgres", "postgres")
        self._port = free_port()
        self.url = f"postgresql://tests@127.0.0.1:{self._port}/"
        # A log of few megabytes: tests look for words in every file of the server.
        how = ("-U", "tests", "-A", "trust", "--no-sync", "--wal-segsize=1")
        self._run("initdb", "-D", f"{self.folder}/data", *how)

    def start(self) -> None:
        """Run it."""
        options = (
            f"-p {self._port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
            " -c min_wal_size=4MB -c max_wal_size=8MB"
        )
        self._run(*self._control("start"), "-w", "-l", f"{self.folder}/log", "-o", options)

    def stop(self, how: str = "immediate") -> None:
        """Stop it: at once as in a crash, or "fast", which closes connections in order."""
        self._run(*self._control("stop"), "-m", how)

    def remove(self) -> None:
        """Delete its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """Return the ids of its own process and of those that it started, while it runs."""
        lines = Path(f"{self.folder}/data/postmaster.pid").read_text(encoding="ascii").split()
        main = lines[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii")
        return [int(main), *map(int, children.split())]

    @contextmanager
    def frozen(self):
        """Let none of its processes do anything, as when its machine hangs."""
        processes = self.processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _control(self, what: str) -> tuple[str, ...]:
        return ("pg_ctl", what, "-D", f"{self.folder}/data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._owner, os.path.join(self.programs, program), *arguments]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)


@contextmanager
def postgresql():
    """Run a server in a folder of its own; yield the URL of a database, without its name."""
    server = PostgreSQL()
    try:
        server.start()
        try:
            yield server.url
        finally:
            server.stop()
    finally:
        server.remove()


def new_database(server: str) -> str:
    """Make a database on a server and return its URL."""
    name = f"tests_{secrets.token_hex(6)}"
    engine = create_engine(f"{server}postgres", future=True, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server + name


def files_holding(url: str, contents: Collection[bytes]) -> list[str]:
    """Return the files of a database, or beside it of its server, that hold any of `contents`.

    CHECKPOINT writes no unlogged table to its files; making a database by copying files does.
    """
    engine = create_engine(url, future=True, isolation_level="AUTOCOMMIT")
    others: set[Path] = set()
    if engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
    else:
        with engine.connect() as connection:
            copy = f"flushed_{secrets.token_hex(6)}"
            by_files = f"CREATE DATABASE {copy} TEMPLATE template0 STRATEGY file_copy"
            connection.execute(text(by_files))
            connection.execute(text(f"DROP DATABASE {copy}"))
            folder = Path(connection.scalar(text("SHOW data_directory")))
            ids = "SELECT oid::text FROM pg_database WHERE datname <> current_database()"
            others = {folder / "base" / each for each in connection.scalars(text(ids))}
    engine.dispose()
    walked = ((Path(root), names) for root, _, names in os.walk(folder))  # some go meanwhile
    files = [root / name for root, names in walked if root not in others for name in names]
    return [str(path) for path in files if _holds(path, contents)]


def _holds(path: Path, contents: Collection[bytes]) -> bool:
    try:
        held = path.read_bytes()
    except FileNotFoundError:  # the server makes and deletes files while we look
        return False
    return any(each in held for each in contents)
