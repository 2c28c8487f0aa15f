"""Resident memory of each part of a deployment, as time goes on."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.deployed import Deployed

EVERY_SECONDS = 10.0


def resident(process: int) -> float:
    """Return the megabytes that a process holds, without segments that it shares.

    PostgreSQL's processes share some, and nginx's too, which each would count as its own.
    """
    kilobytes = dict.fromkeys(("VmRSS", "RssShmem"), 0)
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name in kilobytes:
            kilobytes[name] = int(value.split()[0])
    return (kilobytes["VmRSS"] - kilobytes["RssShmem"]) / 1024


@dataclass
class Memory:
    """Megabytes of each part, and when they were read (seconds since the beginning)."""

    at: list[float] = field(default_factory=list)
    held: dict[str, list[float]] = field(default_factory=dict)

    async def watch(self, deployed: Deployed) -> None:
        """Read until cancelled."""
        began = time.monotonic()
        while True:
            self.at.append(time.monotonic() - began)
            for part, processes in deployed.processes().items():
                self.held.setdefault(part, []).append(sum(map(_while_it_runs, processes)))
            await asyncio.sleep(EVERY_SECONDS)

    def since(self, seconds: float) -> Memory:
        """Return what was read from then on."""
        first = next(n for n, at in enumerate(self.at) if at >= seconds)
        return Memory(self.at[first:], {part: held[first:] for part, held in self.held.items()})

    def slope(self, part: str) -> float:
        """Return by how many megabytes an hour the part grew, by the line of least squares."""
        return 3600 * statistics.linear_regression(self.at, self.held[part]).slope

    def ends(self, part: str) -> tuple[float, float]:
        """Return the median of the first and of the last tenth."""
        held = self.held[part]
        tenth = max(1, len(held) // 10)
        return statistics.median(held[:tenth]), statistics.median(held[-tenth:])


def _while_it_runs(process: int) -> float:
    try:
        return resident(process)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended since the list was made
