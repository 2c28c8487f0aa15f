"""The program as a process of its own, for tests that meet it over HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.paths import ROOT

QUICK = (sys.executable, str(ROOT / "tests" / "quick_program.py"))
"""The program's command where neither the command itself nor its memory is what is tested."""

START_LIMIT = 600
"""Seconds after which a program that answers nothing is given up."""


@dataclass
class Program:
    """A running program."""

    process: subprocess.Popen
    address: tuple[str, int]
    folder: Path

    def printed(self) -> str:
        """Return everything it has printed so far."""
        return "".join((self.folder / name).read_text() for name in ("stdout", "stderr"))

    def client(self) -> httpx.Client:
        """Return somebody's browser."""
        host, port = self.address
        return httpx.Client(base_url=f"http://{host}:{port}", trust_env=False, timeout=120)

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start_program(
    folder: Path, *command: str, port: int | None = None, settings: dict[str, str] | None = None
) -> Program:
    """Start `command` at log level INFO and wait until it answers; on a free port unless given."""
    port = port or free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SIDEDOOR_")}
    environment |= {"SIDEDOOR_PORT": str(port), "SIDEDOOR_LOG_LEVEL": "INFO"}
    environment |= {"SIDEDOOR_DATA": str(folder / "data"), "SIDEDOOR_DASHBOARD_PORT": "0"}
    environment |= settings or {}
    (folder / "elsewhere").mkdir()
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=err, cwd=folder / "elsewhere"
        )
    program = Program(process, ("127.0.0.1", port), folder)
    give_up = time.monotonic() + START_LIMIT
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with program.client() as client:
                if client.get("/chat/").status_code == 200:
                    return program
        except httpx.TransportError:
            time.sleep(0.2)
    ended = process.poll()
    process.kill()
    raise AssertionError(f"the program did not start (exit code {ended}):\n{program.printed()}")
