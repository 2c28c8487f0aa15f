"""How soon somebody at risk has the numbers while fifty people write.

    .venv/bin/python -m benchmarks.crisis

starts the program on a free port. Fifty people open a conversation over HTTP and write, one
message in three of risk (`tests/risk_phrases.py`): first with a pause of reading and typing between
messages, then without any pause, so that fifty answers are always awaited at once. A turn of risk
whose first bubble lacks a number is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.web_chat import MESSAGES, _own_address, _processor, _row
from tests.program import start_program
from tests.risk_phrases import EVERY_PHRASE

NUMBERS = ("999", "111", "116 123")

ONE_IN = 3
"""Messages of which one is of risk."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=50, help="people at once (50)")
    parser.add_argument("--messages", type=int, default=6, help="messages of each (6)")
    parser.add_argument("--pause", type=float, default=12.0, help="mean seconds between them (12)")
    chosen = parser.parse_args()
    script = str(Path(sys.executable).with_name("sidedoor"))
    with tempfile.TemporaryDirectory() as folder:
        program = start_program(Path(folder), script, "run", settings={"SIDEDOOR_PROXIES": "1"})
        try:
            address = f"http://{program.address[0]}:{program.address[1]}"
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
            print("| what | answers | median | 95th percentile | longest |")
            print("|---|---|---|---|---|")
            for pause in (chosen.pause, 0.0):
                before = _processor(program.process.pid)
                risk, other, without = asyncio.run(
                    _crowd(address, chosen.people, chosen.messages, pause)
                )
                used = (_processor(program.process.pid) - before) / len([*risk, *other])
                told = f"a pause of about {pause:g} s" if pause else "no pause"
                _row(f"{chosen.people} people, {told}: risk, {without} without the numbers", risk)
                each = f"{1000 * used:.0f} ms of one core each"
                _row(f"{chosen.people} people, {told}: anything else; {each}", other)
        finally:
            program.stop()


async def _crowd(
    address: str, people: int, messages: int, pause: float
) -> tuple[list[float], list[float], int]:
    """Return the seconds of each turn of risk, of each other, and how many lacked the numbers."""
    dice = random.Random(1)
    limits = httpx.Limits(max_connections=people, max_keepalive_connections=people)
    risk: list[float] = []
    other: list[float] = []
    without = 0

    async def talk(client: httpx.AsyncClient, number: int) -> None:
        nonlocal without
        headers = _own_address(number)
        await asyncio.sleep(dice.uniform(0, pause))
        token = (await client.post("/chat/start", headers=headers)).json()["token"]
        for turn in range(messages):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
            of_risk = (number + turn) % ONE_IN == 0
            text = dice.choice(EVERY_PHRASE if of_risk else MESSAGES)
            before = time.perf_counter()
            answer = await client.post(
                "/chat/send", json={"token": token, "text": text}, headers=headers
            )
            (risk if of_risk else other).append(time.perf_counter() - before)
            first = answer.raise_for_status().json()["messages"][0]["text"]
            without += of_risk and not all(line in first for line in NUMBERS)

    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        await asyncio.gather(*(talk(client, number) for number in range(people)))
    return risk, other, without


if __name__ == "__main__":
    main()
