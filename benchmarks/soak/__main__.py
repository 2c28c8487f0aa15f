"""The whole deployment under half of its load, for half an hour: is memory flat, is anything lost?

.venv/bin/python -m benchmarks.soak                       30 minutes; writes into docs/scaling.md
.venv/bin/python -m benchmarks.soak --minutes 2 --print   a short one, printed only
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from datetime import date
from pathlib import Path

from bot.environment import prepare

prepare()

import httpx  # noqa: E402
from redis import Redis  # noqa: E402

from benchmarks.soak.crowd import Crowd  # noqa: E402
from benchmarks.soak.report import Soak, draw, section, write_section  # noqa: E402
from benchmarks.soak.resident import Memory  # noqa: E402
from bot.paths import ROOT  # noqa: E402
from tests.deployed import DASHBOARD, TELEGRAM, Deployed  # noqa: E402

DOCS = ROOT / "docs"

WORKERS = ("worker 1", "worker 2")

FASTEST = 16
"""People who write without a pause while the load is measured."""

MEASURED_SECONDS, WARM_SECONDS = 60.0, 20.0

PEOPLE = 60
"""People at once in the soak: each writes seldom enough for the limit of a conversation."""


def main() -> None:
    """Measure, and write or print the section."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long (30)")
    parser.add_argument("--print", action="store_true", help="print the section only")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        deployed = Deployed(Path(folder), settings={"SIDEDOOR_PROXIES": "2"})
        try:
            deployed.start(*WORKERS, TELEGRAM, DASHBOARD)
            deployed.proxy.unlimited()
            deployed.serve(*WORKERS)
            soak = asyncio.run(_soak(deployed, chosen.minutes))
            soak.logged = _logged(deployed)
        finally:
            deployed.stop()
    text = section(soak)
    print(text)
    if not chosen.print:
        draw(soak, DOCS / "figures" / "soak.svg")
        write_section(DOCS / "scaling.md", text)


async def _soak(deployed: Deployed, minutes: float) -> Soak:
    address = f"http://127.0.0.1:{deployed.proxy.port}"
    before = Crowd(address, deployed.telegram)
    await before.write(WARM_SECONDS, FASTEST)
    warm = before.answers["page"]
    await before.write(MEASURED_SECONDS, FASTEST)
    measured = (before.answers["page"] - warm) / MEASURED_SECONDS
    print(f"without a pause {measured:.1f} answers a second", file=sys.stderr, flush=True)
    memory, crowd = Memory(), Crowd(address, deployed.telegram)
    beside = [
        asyncio.ensure_future(memory.watch(deployed)),
        asyncio.ensure_future(_look_at_dashboard(deployed, crowd)),
        asyncio.ensure_future(_tell(memory, crowd)),
    ]
    telegram = asyncio.ensure_future(crowd.write_on_telegram(2.0))
    await crowd.write(60 * minutes, PEOPLE, measured / 2)
    await telegram
    for task in beside:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    with Redis.from_url(deployed.redis.url) as client:
        keys = len(client.keys("sidedoor:*"))
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    return Soak(
        day=str(date.today()),
        machine=machine,
        minutes=minutes,
        warm=min(5.0, minutes / 4),
        measured=measured,
        memory=memory,
        crowd=crowd,
        keys=keys,
    )


async def _look_at_dashboard(deployed: Deployed, crowd: Crowd) -> None:
    """Ask for its first page again and again."""
    port = deployed.programs[DASHBOARD].address[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
    ) as client:
        while True:
            try:
                (await client.get("/sign-in")).raise_for_status()
            except httpx.HTTPError as error:
                crowd.errors[f"dashboard: {type(error).__name__}"] += 1
            await asyncio.sleep(1)


async def _tell(memory: Memory, crowd: Crowd) -> None:
    """Print what was held, answered and went wrong so far, once in five minutes."""
    while True:
        await asyncio.sleep(300)
        held = ", ".join(f"{part} {each[-1]:.0f} MB" for part, each in memory.held.items())
        done = f"{crowd.answers['page']} answers, errors {dict(crowd.errors)}"
        print(f"minute {memory.at[-1] / 60:.0f}: {done}; {held}", file=sys.stderr, flush=True)


def _logged(deployed: Deployed) -> dict[str, int]:
    """Count what the processes logged above INFO, without their times."""
    found: Counter[str] = Counter()
    for program in deployed.programs.values():
        for line in program.printed().splitlines():
            told = re.search(r"\b(WARNING|ERROR|CRITICAL|Traceback)\b.*", line)
            if told:
                found[told.group()] += 1
    return dict(found)


if __name__ == "__main__":
    main()
