"""People who write on the web page at once, for the benchmarks that measure how long they wait."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.program import Program, start_program

MESSAGES = (
    "sat in the car park 40 min this morning and couldn't make myself go in",
    "my rota is full of holes and i am covering two wards again",
    "everyones tired, you suck it up, thats the job",
    "i failed my exam for the third time and havent told anyone",
    "would my supervisor be told if i spoke to the psu",
    "i dont sleep after nights and i cry in the sluice",
)

Headers = Callable[[int], dict[str, str]]
"""Gives the headers of a person by their number."""

Words = Callable[[int, int], str]
"""Gives what a person writes, by their number and the turn's."""


@dataclass(frozen=True)
class Answer:
    """What one message was answered with."""

    text: str
    """The message."""
    first: str
    """The first bubble."""
    seconds: float
    """From sending until the answer was there."""


def in_order(number: int, turn: int) -> str:
    """Return the message that a person writes in a turn, each beginning at another."""
    return MESSAGES[(number + turn) % len(MESSAGES)]


def own_address(number: int) -> dict[str, str]:
    """Return the headers by which a proxy says that a person has an address of their own."""
    return {"X-Forwarded-For": f"192.0.2.{number}"}


def asked_for(description: str) -> argparse.Namespace:
    """Read the command line: how many people and messages, and the pause in seconds."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--people", type=int, default=50, help="people at once (50)")
    parser.add_argument("--messages", type=int, default=6, help="messages of each (6)")
    parser.add_argument("--pause", type=float, default=12.0, help="mean seconds between them (12)")
    return parser.parse_args()


@contextmanager
def measured_program() -> Iterator[tuple[Program, str]]:
    """Start the program behind a proxy; give it and its address, and print the table's head."""
    script = str(Path(sys.executable).with_name("sidedoor"))
    with tempfile.TemporaryDirectory() as folder:
        program = start_program(Path(folder), script, "run", settings={"SIDEDOOR_PROXIES": "1"})
        try:
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
            print("| what | answers | median | 95th percentile | longest |")
            print("|---|---|---|---|---|")
            yield program, f"http://{program.address[0]}:{program.address[1]}"
        finally:
            program.stop()


def processor(process: int) -> float:
    """Return the seconds of processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_row(what: str, seconds: Sequence[float]) -> None:
    """Print a row of the table."""
    ordered = [1000 * s for s in sorted(seconds)]
    far = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"| {what} | {len(ordered)} | {statistics.median(ordered):.0f} ms | {far:.0f} ms |"
        f" {ordered[-1]:.0f} ms |",
        flush=True,
    )


async def crowd(
    address: str,
    people: int,
    messages: int,
    pause: float,
    words: Words = in_order,
    own: Headers = own_address,
) -> list[Answer]:
    """Have people write at once, with a pause about so long, and return every answer."""
    dice = random.Random(1)
    limits = httpx.Limits(max_connections=people, max_keepalive_connections=people)

    async def talk(client: httpx.AsyncClient, number: int) -> list[Answer]:
        headers, answers = own(number), []
        await asyncio.sleep(dice.uniform(0, pause))
        token = (await client.post("/chat/start", headers=headers)).json()["token"]
        for turn in range(messages):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
            text = words(number, turn)
            before = time.perf_counter()
            answer = await client.post(
                "/chat/send", json={"token": token, "text": text}, headers=headers
            )
            waited = time.perf_counter() - before
            first = answer.raise_for_status().json()["messages"][0]["text"]
            answers.append(Answer(text, first, waited))
        return answers

    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        talks = await asyncio.gather(*(talk(client, number) for number in range(people)))
    return [answer for talk in talks for answer in talk]
