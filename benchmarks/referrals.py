"""What referrals cost with 10,000 tickets: the inbox's list, a look-up, and one derivation.

.venv/bin/python -m benchmarks.referrals [postgresql://…]
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.referrals import kdf
from bot.referrals.desk import Choices, Desk
from bot.referrals.inbox import Inbox
from bot.referrals.keys import Keys
from bot.referrals.receipts import derive, new_receipt
from bot.referrals.rewriting import compact
from bot.referrals.salts import salt_and_cost
from bot.referrals.tables import open_referrals

TICKETS = 10_000
FEW = 100
CHEAP = kdf.Cost(passes=1, memory=8192)
DEANERY = "wales"
PASSPHRASE = "a passphrase of the benchmark"
TIMES = 30


def typical(act: Callable[[], object]) -> str:
    """Return the medians of several runs: of the time that passed, and of the processor's."""
    passed, worked = [], []
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        act()
        passed.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
    return f"{median(passed):.0f} ms, {median(worked):.0f} ms of them the processor's"


def without_waiting_for_the_disk(engine: Engine) -> None:
    """Fill faster: a benchmark need not survive a power cut."""

    @event.listens_for(engine, "connect")
    def careless(connection: object, _: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


async def fill(desk: Desk, number: int) -> str:
    """Send tickets with a note; return the receipt of one in the middle."""
    shown = ""
    for place in range(number):
        note = desk.seal(DEANERY, "I would like to talk about the rota. " * 8)
        receipt = await desk.send(DEANERY, Choices(("rota",), ("talk",)), note, None, True)
        if place == number // 2:
            shown = str(receipt)
    return shown


def look_ups(desk: Desk, receipt: str) -> None:
    """Print what finding a ticket takes, the derivation apart."""
    salt, cost = salt_and_cost(desk._database(), CHEAP)
    keys = derive(receipt, salt, cost)
    wrong = derive(new_receipt(), salt, cost)
    for name, one in (("right", keys), ("wrong", wrong)):
        print(f"  look-up, {name} receipt: {typical(lambda one=one: desk._find(one))}")


def measure(url: str) -> None:
    """Fill the database at `url` and print what is done with it."""
    engine = open_referrals(url)
    without_waiting_for_the_disk(engine)
    Keys(engine, CHEAP).create(DEANERY, PASSPHRASE)
    desk, inbox = Desk(lambda: engine, CHEAP), Inbox(engine, CHEAP)
    for number in (FEW, TICKETS - FEW):
        began = time.perf_counter()
        receipt = asyncio.run(fill(desk, number))
        rows = inbox.rows(DEANERY)
        print(
            f"{len(rows):,} tickets ({number / (time.perf_counter() - began):.0f} sent a second):"
        )
        look_ups(desk, receipt)
    list_page = lambda: (inbox.counts(DEANERY), inbox.rows(DEANERY, most=50))  # noqa: E731
    print(f"  a page of the inbox's list, at most 200 ms: {typical(list_page)}")
    unlocked = inbox.unlock(DEANERY, PASSPHRASE)
    one = rows[TICKETS // 3].id
    print(f"  reading one: {typical(lambda: inbox.read(unlocked, one))}")
    began = time.perf_counter()
    compact(engine)
    print(f"  writing the tables anew: {time.perf_counter() - began:.1f} s")
    engine.dispose()


def derivations() -> None:
    """Print what one derivation takes of time and memory."""
    for name, cost in (("receipt", kdf.RECEIPT_COST), ("passphrase", kdf.PASSPHRASE_COST)):
        began = time.perf_counter()
        kdf.derive(b"a secret", os.urandom(kdf.SALT_BYTES), cost, 32)
        seconds = time.perf_counter() - began
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"deriving a {name}: {seconds:.2f} s; the process took {most:.0f} MB at most")


def main() -> None:
    """Run all parts, on SQLite unless a URL is given."""
    derivations()
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'referrals.db'}"
        print(f"{url.split(':')[0]}, {date.today().isoformat()}")
        measure(url)


if __name__ == "__main__":
    main()
