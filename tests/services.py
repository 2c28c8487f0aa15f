"""Services that tests start for themselves, on free ports, and stop."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class RedisServer:
    """A running Redis: its address, its folder and its process id."""

    url: str
    folder: Path
    pid: int


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a Redis that writes nothing to disk, unless `options` say otherwise."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--logfile", str(folder / "redis.log"), *(options or ("--save", ""))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield RedisServer(f"redis://127.0.0.1:{port}/0", folder, process.pid)
    finally:
        process.terminate()
        process.wait(30)
