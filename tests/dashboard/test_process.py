"""The dashboard as a process of its own, and the release job on the command line."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from bot import cli
from bot.paths import ROOT
from bot.server import DashboardProcess
from bot.settings import read_settings
from bot.trends.marks import Mark, Marks
from bot.trends.releases import Releases
from bot.trends.schedule import ReleaseSchedule
from tests.databases import free_port

PATIENCE = 60


def answers(port: int) -> bool:
    """Wait until a dashboard answers on a port."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/sign-in", trust_env=False)
            return answer.status_code == 200
        except httpx.TransportError:
            time.sleep(0.2)
    return False


def environment(folder, **more: str) -> dict[str, str]:
    """Return an environment with a data folder of its own."""
    return {**os.environ, "SIDEDOOR_DATA": str(folder), **more}


def test_it_starts_alone_says_where_and_how_to_begin_and_stops(tmp_path):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "dashboard"],
        cwd=ROOT,
        env=environment(tmp_path, SIDEDOOR_DASHBOARD_PORT=str(port), PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert answers(port)
        resident = Path(f"/proc/{process.pid}/status").read_text()
        kilobytes = int(resident.split("VmHWM:")[1].split()[0])
        assert kilobytes < 200_000  # Rasa alone would take more
    finally:
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=PATIENCE)[0]
    assert f"The staff dashboard is ready: http://127.0.0.1:{port}/" in printed
    assert "sidedoor staff add" in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "marks.db").exists()


def test_the_assistant_starts_and_stops_it(tmp_path, monkeypatch):
    port = free_port()
    monkeypatch.setenv("SIDEDOOR_DATA", str(tmp_path))
    monkeypatch.setenv("SIDEDOOR_DASHBOARD_PORT", str(port))
    started = DashboardProcess(replace(read_settings({}), dashboard_port=port))
    started.start()
    try:
        assert answers(port)
    finally:
        started.stop()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/sign-in", trust_env=False)


def test_with_port_nought_the_assistant_starts_none():
    none = DashboardProcess(replace(read_settings({}), dashboard_port=0))
    none.start()
    assert none._process is None
    none.stop()


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a runner of `sidedoor` with a data folder and settings of its own."""

    def runner(*words: str, **more: str):
        monkeypatch.setenv("SIDEDOOR_DATA", str(tmp_path))
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        cli.settings.cache_clear()
        monkeypatch.setattr(cli, "_logs", lambda _: None)
        monkeypatch.setattr(cli, "overwrite_freed_memory", lambda: None)  # starts anew
        return CliRunner().invoke(cli.main, words)

    yield runner
    cli.settings.cache_clear()


def test_a_taken_port_is_told_in_one_line(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("dashboard", SIDEDOOR_DASHBOARD_PORT=str(taken.getsockname()[1]))
    assert done.exit_code == 2
    assert "the dashboard cannot listen on 127.0.0.1:" in done.output
    assert run("dashboard", SIDEDOOR_DASHBOARD_PORT="0").exit_code == 2


def test_the_release_command_releases_what_is_due_once(run, tmp_path):
    assert run("release").output == "Nothing is due.\n"
    store = Marks.open(f"sqlite:///{tmp_path / 'marks.db'}")
    people = [Mark("2025-05", "people", "any", os.urandom(16)) for _ in range(60)]
    store.change(people, [], "2025-05")
    store.close()
    first = run("release")
    assert "Released 2025-05; its marks are destroyed." in first.output
    assert Releases(tmp_path / "releases").read("2025-05").people == 60
    assert "2025-05;" not in run("release").output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"SIDEDOOR_MARKS_DATABASE": "postgresql://x:hidden@127.0.0.1:1/y"}, "check that it runs"),
        ({"SIDEDOOR_SUPPRESS": "10"}, "SIDEDOOR_SUPPRESS is '10'; it must be 12 or 7"),
    ],
)
def test_what_stops_a_release_is_told_in_one_line(more, words, run):
    done = run("release", **more)
    assert done.exit_code == 2
    assert words in done.output
    assert "hidden" not in done.output
    assert len(done.output.splitlines()) == 1


def test_the_schedule_goes_on_after_a_failure():
    runs = []

    def job() -> list[str]:
        runs.append(date.today())
        if len(runs) == 1:
            raise OSError("the disk is full")
        return []

    schedule = ReleaseSchedule(job, every=0.01)
    schedule.start()
    give_up = time.monotonic() + PATIENCE
    while len(runs) < 3 and time.monotonic() < give_up:
        time.sleep(0.01)
    schedule.stop()
    assert len(runs) >= 3
