"""nginx and Redis with the configuration that ships, on ports of their own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx

from bot.paths import ROOT
from tests.databases import absent
from tests.program import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def wait_for_port(port: int, limit: float = 30) -> None:
    """Wait until something listens at `port`, for `limit` seconds at most."""
    give_up = time.monotonic() + limit
    while time.monotonic() < give_up:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
            return
        except httpx.ConnectError:
            time.sleep(0.05)
        except httpx.TransportError:
            return  # it listens, and speaks no HTTP
    raise AssertionError(f"nothing listens at {port}")


class RedisAsShipped:
    """A Redis with the configuration that ships, on a port of its own."""

    def __init__(self, folder: Path):
        self.port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Run it."""
        program = shutil.which("redis-server") or absent("redis-server")
        options = ["--port", str(self.port), "--dir", str(self._folder)]
        command = [program, str(ROOT / "deploy" / "redis.conf"), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait(30)


class Proxy:
    """The nginx that ships; only address, certificate and the list of workers are the test's."""

    def __init__(self, folder: Path):
        self.port, self.folder = free_port(), folder
        shipped = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        own = shipped.replace("/tmp/sidedoor-nginx", f"{folder}/sidedoor-nginx")
        (folder / "nginx.conf").write_text(own, encoding="utf-8")
        listen = f"listen 127.0.0.1:{self.port};\nroot {ROOT / 'deploy'};\n"
        (folder / "listen.conf").write_text(listen, encoding="utf-8")

    def serve(self, *ports: int) -> None:
        """Write where the workers are, as an operator does."""
        shipped = (ROOT / "deploy" / "nginx" / "workers.conf").read_text(encoding="utf-8")
        line = next(line for line in shipped.splitlines() if "127.0.0.1:" in line)
        lines = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", line) for port in ports]
        workers = [line for line in shipped.splitlines() if "127.0.0.1:" not in line]
        (self.folder / "workers.conf").write_text("\n".join([*workers[:-1], *lines, "}\n"]))

    def start(self) -> None:
        """Run it."""
        as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
        command = [NGINX, "-c", str(self.folder / "nginx.conf"), *as_root]
        with (self.folder / "printed").open("w") as printed:
            self.process = subprocess.Popen(command, stdout=printed, stderr=printed)
        wait_for_port(self.port)

    def processes(self) -> list[int]:
        """Return the ids of nginx's own process and of those that it started."""
        main = self.process.pid
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def unlimited(self) -> None:
        """Take away what one address may ask, for measuring from one address."""
        main = self.folder / "nginx.conf"
        told = re.sub(r"^ *limit_(req|conn) .*\n", "", main.read_text(), flags=re.MULTILINE)
        main.write_text(told, encoding="utf-8")

    def reload(self) -> None:
        """Let it read its configuration again."""
        self.process.send_signal(signal.SIGHUP)
        time.sleep(1)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)
