"""Sidedoor beside stock Rasa: trains both, starts both, and measures them in turns.

.venv/bin/python -m benchmarks.against_stock           writes docs/performance.md, about an hour
.venv/bin/python -m benchmarks.against_stock --quick   prints a page from a small run
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import date
from pathlib import Path

from bot.environment import prepare

prepare()

from benchmarks.against_stock.clone import from_cold  # noqa: E402
from benchmarks.against_stock.measuring import encoder_alone, lengthen, talk  # noqa: E402
from benchmarks.against_stock.report import OURS, STOCK, Results, draw, page  # noqa: E402
from benchmarks.against_stock.servers import (  # noqa: E402
    BIN,
    Ours,
    Server,
    Stock,
    clean_environment,
)
from benchmarks.against_stock.stock import sample, write_project  # noqa: E402
from benchmarks.against_stock.turn_profile import profile_turns  # noqa: E402
from bot.paths import ROOT  # noqa: E402

DOCS = ROOT / "docs"

TRAINED = "training-seconds.txt"
"""In a folder that is kept: what training took."""


def main() -> None:
    """Measure, and write or print the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run, printed only")
    parser.add_argument("--messages", type=int, help="messages stock is trained on; 0 is all")
    parser.add_argument("--epochs", type=int, help="epochs of stock's parts (its own: 100)")
    parser.add_argument("--folder", type=Path, help="keep what is trained here, and use it again")
    parser.add_argument("--rounds", type=int, help="blocks of each kind")
    parser.add_argument("--no-clone", action="store_true", help="leave out the cold clone")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped then, too
    number = chosen.messages if chosen.messages is not None else (600 if chosen.quick else 2_000)
    epochs = chosen.epochs or (5 if chosen.quick else None)
    marks = [5, 20, 40] if chosen.quick else [5, 50, 200, 500]
    crowds = (1, 8) if chosen.quick else (1, 8, 32, 64)
    rounds = chosen.rounds or (1 if chosen.quick else 3)
    kept = nullcontext(chosen.folder) if chosen.folder else tempfile.TemporaryDirectory()
    with kept as place:
        folder = Path(place)
        examples = sample(number)
        results = Results(
            day=str(date.today()),
            machine=f"{os.cpu_count()} cores, Python {sys.version.split()[0]}",
            load=os.getloadavg()[0],
            sample=len(examples),
            everything=len(sample(0)),
            epochs=f"{epochs} epochs instead of its own 100" if epochs else "its own 100 epochs",
            cores=os.cpu_count() or 1,
        )
        stock = folder / "stock"
        stock.mkdir(parents=True, exist_ok=True)
        if not any((stock / "models").glob("*.tar.gz")):
            write_project(stock, examples, epochs)
        train = [str(BIN / "rasa"), "train", "--out", "models"]
        results.training[STOCK] = _trained(stock, train, stock)
        command = [
            sys.executable,
            "-m",
            "benchmarks.against_stock.train_ours",
            str(folder / "ours"),
        ]
        results.training[OURS] = _trained(folder / "ours", command, ROOT)
        _say("measuring the encoder")
        results.encoder = encoder_alone()
        if not (chosen.no_clone or chosen.quick):
            _say("from a cold clone to a conversation")
            results.cold = from_cold()
        servers: list[Server] = [Stock(STOCK, folder), Ours(OURS, folder)]
        asyncio.run(_measure(servers, results, crowds, marks, rounds))
        _say("where a turn goes")
        results.profile = asyncio.run(profile_turns(folder, 1 if chosen.quick else 5))
        notes = DOCS / "performance_notes.md"
        text = page(results, notes.read_text("utf-8") if notes.exists() else "")
        if chosen.quick:
            print(text)
            return
        draw(results, DOCS / "figures")
        (DOCS / "performance.md").write_text(text, "utf-8")
        print("docs/performance.md is written.")


def _trained(folder: Path, command: list[str], where: Path) -> tuple[float, float]:
    """Train unless it is done; return the seconds that it took, and those of the processor."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / TRAINED
    if not note.exists():
        _say(f"training: {' '.join(Path(part).name for part in command)}")
        began, used = time.perf_counter(), _children()
        with (folder / "training.log").open("wb") as log:
            environment = clean_environment()
            subprocess.run(command, cwd=where, env=environment, stdout=log, stderr=log, check=True)
        note.write_text(f"{time.perf_counter() - began} {_children() - used}")
    seconds, processor = map(float, note.read_text().split())
    return seconds, processor


def _children() -> float:
    """Return the seconds of processor time of every command that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _measure(
    servers: list[Server],
    results: Results,
    crowds: tuple[int, ...],
    marks: list[int],
    rounds: int,
) -> None:
    try:
        for _ in range(min(rounds, 2)):
            for server in servers:
                _say(f"starting {server.name}")
                server.stop()
                results.start.setdefault(server.name, []).append(await server.start())
        for server in servers:
            results.blocks[server.name] = {crowd: [] for crowd in crowds}
            await talk(server, 2, 8, "warm")
        for number in range(rounds):
            for crowd in crowds:
                _say(f"round {number + 1}: {crowd} chats")
                for server in servers:
                    turns = max(4, 40 // crowd)
                    block = await talk(server, crowd, turns, f"{crowd} {number}")
                    results.blocks[server.name][crowd].append(block)
        _say("a long conversation")
        results.lengths = await lengthen(servers, marks)
        for server in servers:
            results.memory[server.name] = server.memory()
            results.silent[server.name] = server.silent / server.asked
    finally:
        for server in servers:
            server.stop()


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    main()
