"""All that a deployment runs, on one machine: for the tests of faults, and for the soak.

Two workers behind nginx, the process for Telegram, the dashboard, Redis and PostgreSQL, with the
settings that `deploy/compose.yml` gives them and the configuration that ships.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.paths import ROOT
from tests.databases import PostgreSQL, absent, new_database
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.program import START_LIMIT, Program, free_port, start_program
from tests.proxied import NGINX, Proxy, RedisAsShipped, wait_for_port

SIDEDOOR = str(Path(sys.executable).with_name("sidedoor"))

TELEGRAM, DASHBOARD = "telegram", "dashboard"
"""Names of the processes of ours that are no workers."""


@dataclass
class Deployed:
    """A deployment; what of ours runs is in `programs`, by name."""

    folder: Path
    command: tuple[str, ...] = (SIDEDOOR, "run")
    """What starts a worker, and the process for Telegram."""
    settings: dict[str, str] = field(default_factory=dict)
    """What is set beside what the deployment sets."""
    disk: Path | None = None
    """Where the data folder and PostgreSQL are, if elsewhere."""
    programs: dict[str, Program] = field(default_factory=dict)
    starts: int = 0

    def __post_init__(self) -> None:
        """Start the services; nothing of ours runs yet."""
        if not Path(NGINX).exists():
            absent("nginx")
        os.chmod(self.folder, 0o755)  # nginx reads its help page as somebody else
        self._stack = ExitStack()
        self.telegram = FakeTelegram()
        self._stack.callback(self.telegram.stop)
        self.redis = RedisAsShipped(self.folder)
        self._stack.callback(self.redis.stop)
        self.database = PostgreSQL(str(self.disk) if self.disk else None)
        self._stack.callback(self.database.remove)
        self.database.start()
        self._stack.callback(self.database.stop)
        self.proxy = Proxy(self.folder)
        databases = {
            f"SIDEDOOR_{name}_DATABASE": new_database(self.database.url)
            for name in ("MARKS", "STAFF", "REFERRALS")
        }
        shared = {
            **databases,
            "SIDEDOOR_REDIS_URL": self.redis.url,
            "SIDEDOOR_PROXIES": "1",
            "SIDEDOOR_JOBS": "0",
            "SIDEDOOR_DATA": str((self.disk or self.folder) / "data"),
            "PYTHONPATH": str(ROOT),
        }
        self.settings = {**shared, **self.settings}

    def start(self, *names: str) -> None:
        """Start programs of ours at once: workers by any other name than the two above."""
        folders = []
        for name in names:
            self.starts += 1
            folders.append(self.folder / f"{name}-{self.starts}")
            folders[-1].mkdir()
        with ThreadPoolExecutor() as together:
            list(together.map(self._begin, names, folders))

    def serve(self, *names: str) -> None:
        """Start nginx before these workers."""
        self.proxy.serve(*(self.programs[name].address[1] for name in names))
        self.proxy.start()

    def stop(self) -> None:
        """End everything."""
        for program in self.programs.values():
            program.process.kill()
            program.process.wait(30)
        if hasattr(self.proxy, "process"):
            self.proxy.stop()
        self._stack.close()

    def processes(self) -> dict[str, list[int]]:
        """Return the ids of the processes of each part."""
        return {
            **{name: [program.process.pid] for name, program in self.programs.items()},
            "nginx": self.proxy.processes(),
            "Redis": [self.redis.process.pid],
            "PostgreSQL": self.database.processes(),
        }

    def _begin(self, name: str, folder: Path) -> None:
        before = self.programs.get(name)
        port = before.address[1] if before else free_port()
        settings = dict(self.settings)
        if name == DASHBOARD:
            self._dashboard(folder, port, settings)
            return
        if name == TELEGRAM:
            settings |= {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": self.telegram.url}
        self.programs[name] = start_program(folder, *self.command, port=port, settings=settings)

    def _dashboard(self, folder: Path, port: int, settings: dict[str, str]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SIDEDOOR_")}
        environment |= {**settings, "SIDEDOOR_DASHBOARD_PORT": str(port)}
        with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
            process = subprocess.Popen(
                [SIDEDOOR, "dashboard"], env=environment, stdout=out, stderr=err, cwd=folder
            )
        self.programs[DASHBOARD] = Program(process, ("127.0.0.1", port), folder)
        wait_for_port(port, limit=START_LIMIT)

    def browser(self, **headers: str) -> httpx.Client:
        """Return somebody's browser, which asks nginx."""
        address = f"http://127.0.0.1:{self.proxy.port}"
        return httpx.Client(base_url=address, trust_env=False, timeout=60, headers=headers)
