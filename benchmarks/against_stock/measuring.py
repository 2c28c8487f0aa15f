"""What is measured of both servers, block by block in turns."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

from benchmarks.against_stock.servers import Line, Server
from bot.paths import ROOT

MESSAGES = (
    "sat in the car park for half an hour before nights and could not go in",
    "my rota is full of holes and i am covering two wards again",
    "everyone is tired, you get on with it, that is the job",
    "i failed my exam for the third time and have not told anyone",
    "would my supervisor be told if i spoke to the psu",
    "i dont sleep after nights and i keep going over what i missed",
    "no idea what to do about my portfolio, arcp is in june",
    "thanks, that helps a bit",
)

AROUND = 4
"""Turns before and after one that count as that turn."""


@dataclass
class Block:
    """What one server did in one block: seconds of each answer, of the whole, of its processor."""

    chats: int
    answers: list[float] = field(default_factory=list)
    whole: float = 0.0
    processor: float = 0.0

    @property
    def median(self) -> float:
        """Median seconds of an answer."""
        return statistics.median(self.answers)

    @property
    def far(self) -> float:
        """Seconds within which 95 in 100 answers came."""
        return sorted(self.answers)[int(0.95 * (len(self.answers) - 1))]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.whole

    @property
    def cost(self) -> float:
        """Seconds of processor time an answer."""
        return self.processor / len(self.answers)


async def talk(server: Server, chats: int, turns: int, name: str) -> Block:
    """Have `chats` people write `turns` messages each, each as soon as they are answered."""
    lines = [Line(server.port) for _ in range(chats)]
    who = [await server.open(line, f"{name} {n}") for n, line in enumerate(lines)]
    block = Block(chats)

    async def one(number: int) -> None:
        for turn in range(turns):
            began = time.perf_counter()
            await server.say(lines[number], who[number], MESSAGES[(number + turn) % len(MESSAGES)])
            block.answers.append(time.perf_counter() - began)

    used, began = server.processor_seconds(), time.perf_counter()
    await asyncio.gather(*(one(n) for n in range(chats)))
    block.whole = time.perf_counter() - began
    block.processor = server.processor_seconds() - used
    for line in lines:
        line.close()
    return block


async def lengthen(servers: list[Server], marks: list[int]) -> dict[str, dict[int, Block]]:
    """Lead one conversation with each server, in turns; return the turns around each mark."""
    lines = {s.name: Line(s.port) for s in servers}
    who = {s.name: await s.open(lines[s.name], "long") for s in servers}
    found: dict[str, dict[int, Block]] = {s.name: {m: Block(1) for m in marks} for s in servers}
    for turn in range(1, marks[-1] + AROUND + 1):
        near = [m for m in marks if abs(turn - m) <= AROUND]
        for server in servers:
            used, began = server.processor_seconds(), time.perf_counter()
            text = MESSAGES[turn % len(MESSAGES)]
            await server.say(lines[server.name], who[server.name], text)
            for mark in near:
                block = found[server.name][mark]
                block.answers.append(time.perf_counter() - began)
                block.whole += time.perf_counter() - began
                block.processor += server.processor_seconds() - used
    return found


ENCODER = """
import sys, time
from bot.environment import prepare
prepare()
from bot.nlu.encoder import SentenceEncoder
from bot.paths import RECOGNISER
from benchmarks.against_stock.measuring import MESSAGES
encoder = SentenceEncoder(RECOGNISER / "adapter.safetensors")
encoder.encode(MESSAGES)
def cost(batches, rounds=20):
    began = time.process_time()
    for _ in range(rounds):
        for batch in batches:
            encoder.encode(batch)
    return (time.process_time() - began) / rounds / len(MESSAGES)
print(cost([[m] for m in MESSAGES]), cost([list(MESSAGES)]))
"""


def encoder_alone() -> tuple[float, float]:
    """Return processor seconds of the encoder for a message, one by one and eight together.

    Nothing that reads meaning from a sentence with this encoder can be quicker.
    """
    command = [sys.executable, "-c", ENCODER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    single, together = map(float, done.stdout.split())
    return single, together
