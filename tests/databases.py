"""Real databases for tests: SQLite files, and a PostgreSQL server of our own on a free port."""

import glob
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager

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


@contextmanager
def postgresql():
    """Run a server in a folder of its own; yield the URL of a database, without its name."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        absent("PostgreSQL")
    programs = os.path.dirname(initdb)
    folder = tempfile.mkdtemp(prefix="sidedoor-postgresql-")
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    port = free_port()

    def run(program: str, *arguments: str) -> None:
        command = [*owner, os.path.join(programs, program), *arguments]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "-D", f"{folder}/data", "-U", "tests", "-A", "trust", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql://tests@127.0.0.1:{port}/"
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str) -> str:
    """Make a database on a server and return its URL."""
    name = f"tests_{secrets.token_hex(6)}"
    engine = create_engine(f"{server}postgres", future=True, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server + name
