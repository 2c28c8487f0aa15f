"""Both servers, behind one small client that costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.environment import FOUND
from bot.paths import ROOT
from tests.services import free_port

START_LIMIT = 600
"""Seconds after which a server that answers nothing is given up."""

BIN = Path(sys.executable).parent


class Line:
    """One connection to a server; HTTP/1.1 with a length, which both servers send."""

    def __init__(self, port: int) -> None:
        """Connect at the first request."""
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send `body` and return the JSON that comes back.

        Raises:
            OSError: if the server cannot be reached or answers anything but 200.
        """
        if self._streams is not None and self._streams[0].at_eof():
            self.close()  # a server hangs up on whoever said nothing for some seconds
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        data = json.dumps(body).encode()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(
            int(line.partition(":")[2]) for line in head.split("\r\n") if "content-length" in line
        )
        answer = await reader.readexactly(length)
        if " 200 " not in head.split("\r\n")[0]:
            raise OSError(f"{path}: {head.splitlines()[0]}")
        return json.loads(answer)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Server:
    """A server that can be started, and talked to."""

    name: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    asked: int = 0
    """Messages sent."""
    silent: int = 0
    """Of these, those to which nothing was said."""

    def command(self) -> tuple[list[str], dict[str, str], Path]:
        """Return the command, what is added to the environment, and where it runs."""
        raise NotImplementedError

    async def open(self, line: Line, who: str) -> str:
        """Begin a conversation; return what later messages name it by."""
        raise NotImplementedError

    async def say(self, line: Line, who: str, text: str) -> None:
        """Send a message and wait for its answer."""
        raise NotImplementedError

    async def start(self, limit: float = START_LIMIT) -> float:
        """Start the server; return the seconds until it has answered somebody's first message.

        Raises:
            RuntimeError: if it ended, or `limit` seconds went by, without an answer.
        """
        command, environment, folder = self.command()
        log = (self.folder / f"{self.name}.log").open("ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            env={**clean_environment(), **environment},
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        while time.perf_counter() - began < limit and self.process.poll() is None:
            line = Line(self.port)
            try:
                who = await self.open(line, "first")
                await self.say(line, who, "hello")
                return time.perf_counter() - began
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
            finally:
                line.close()
        raise RuntimeError(f"{self.name} did not start; see {self.folder / self.name}.log")

    def stop(self) -> None:
        """Stop it, and what it has started."""
        if self.process is not None:
            self._signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self.process.wait()
            self.process = None

    def _signal(self, number: int) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):  # it has ended already
            os.killpg(self.process.pid, number)

    def memory(self) -> float:
        """Return the megabytes that it holds (resident)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        rows = (line.split() for line in status.splitlines() if line.startswith("VmRSS"))
        return int(next(rows)[1]) / 1024

    def processor_seconds(self) -> float:
        """Return the seconds of processor time that it has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Ours(Server):
    """Sidedoor with every feature on; its dashboard is a process of its own and not started."""

    def command(self) -> tuple[list[str], dict[str, str], Path]:
        """As `sidedoor run`."""
        settings = {
            "SIDEDOOR_PORT": str(self.port),
            "SIDEDOOR_DASHBOARD_PORT": "0",
            "SIDEDOOR_DATA": str(self.folder / "data"),
        }
        return [sys.executable, "-m", "benchmarks.against_stock.ours"], settings, ROOT

    async def open(self, line: Line, who: str) -> str:
        """Open a chat; return its token."""
        return str((await line.post("/chat/start", {}))["token"])

    async def say(self, line: Line, who: str, text: str) -> None:
        """Send a message as the page does."""
        answer = await line.post("/chat/send", {"token": who, "text": text})
        self.asked += 1
        self.silent += not answer["messages"]


class Stock(Server):
    """Rasa's own server with its REST channel."""

    def command(self) -> tuple[list[str], dict[str, str], Path]:
        """As `rasa run`."""
        command = [str(BIN / "rasa"), "run", "--model", "models", "--port", str(self.port)]
        return command, {}, self.folder / "stock"

    async def open(self, line: Line, who: str) -> str:
        """Take the name; Rasa begins a conversation with its first message."""
        return who

    async def say(self, line: Line, who: str, text: str) -> None:
        """Send a message to the REST channel."""
        answer = await line.post("/webhooks/rest/webhook", {"sender": who, "message": text})
        self.asked += 1
        self.silent += not answer


def clean_environment() -> dict[str, str]:
    """Return the environment that the benchmark was started in, as somebody's shell has it.

    That is without settings of ours, of threads and of memory, what an active environment or `make`
    has set, and a screen.
    """
    dropped = (
        "SIDEDOOR_", "OPENBLAS_", "OMP_", "TF_", "PYTHONMALLOC", "PYTHONPATH", "MALLOC_",
        "GLIBC_TUNABLES", "VIRTUAL_ENV", "MAKE", "MFLAGS", "DISPLAY", "WAYLAND_DISPLAY",
    )  # fmt: skip
    kept = {k: v for k, v in FOUND.items() if not k.startswith(dropped)}
    return {**kept, "RASA_TELEMETRY_ENABLED": "false", "PYTHONHASHSEED": "0"}
