"""What referrals cost with 10,000 tickets: the inbox's page, a look-up, and one derivation.

.venv/bin/python -m benchmarks.referrals [postgresql://…]

Ends with status 1 if the page takes longer than it may, or a look-up grows with the tickets.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import pyotp
from sqlalchemy import event, update
from sqlalchemy.engine import Engine
from starlette.applications import Starlette

from bot.dashboard.app import create_app, listener, server
from bot.dashboard.inbox_pages import MOST_ROWS
from bot.referrals import kdf
from bot.referrals.desk import Choices, Desk
from bot.referrals.inbox import Inbox
from bot.referrals.keys import Keys
from bot.referrals.receipts import derive, new_receipt
from bot.referrals.rewriting import compact
from bot.referrals.salts import salt_and_cost
from bot.referrals.tables import open_referrals, tickets, transaction
from bot.settings import read_settings

TICKETS = 10_000
FEW = 100
CHEAP = kdf.Cost(passes=1, memory=8192)
DEANERY = "wales"
PASSPHRASE = "a passphrase of the benchmark"
TIMES = 30


MOST_MS = 200
"""Milliseconds that the inbox's page may take."""

MOST_GROWTH = 3.0
"""How many times as long as with `FEW` tickets a look-up may keep the processor; plus a
millisecond, as that is what is measured."""


class Typical(NamedTuple):
    """Medians of several runs, in milliseconds: what passed, and what was the processor's."""

    passed: float
    worked: float

    def __str__(self) -> str:
        return f"{self.passed:.0f} ms, {self.worked:.0f} ms of them the processor's"


def typical(act: Callable[[], object]) -> Typical:
    """Do something several times; return the medians."""
    passed, worked = [], []
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        act()
        passed.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
    return Typical(median(passed), median(worked))


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
    with transaction(desk._database()) as connection:
        connection.execute(update(tickets).values(shown=True))
    return shown


def look_ups(desk: Desk, receipt: str) -> list[Typical]:
    """Print what finding a ticket takes, the derivation apart; of a right and a wrong receipt."""
    salt, cost = salt_and_cost(desk._database(), CHEAP)
    keys = derive(receipt, salt, cost)
    wrong = derive(new_receipt(), salt, cost)
    found = []
    for name, one in (("right", keys), ("wrong", wrong)):
        found.append(typical(lambda one=one: desk._find(one)))
        print(f"  look-up, {name} receipt: {found[-1]}")
    return found


def measure(url: str) -> bool:
    """Fill the database at `url`, print what is done with it; return whether it is as it may be."""
    engine = open_referrals(url)
    without_waiting_for_the_disk(engine)
    Keys(engine, CHEAP).create(DEANERY, PASSPHRASE)
    desk, inbox = Desk(lambda: engine, CHEAP), Inbox(engine, CHEAP)
    found = []
    for number in (FEW, TICKETS - FEW):
        began = time.perf_counter()
        receipt = asyncio.run(fill(desk, number))
        rows = inbox.rows(DEANERY)
        print(
            f"{len(rows):,} tickets ({number / (time.perf_counter() - began):.0f} sent a second):"
        )
        found.append(look_ups(desk, receipt))
    grown = any(
        many.worked > MOST_GROWTH * few.worked + 1 for few, many in zip(*found, strict=True)
    )
    if grown:
        print(f"  TOO MUCH: a look-up takes over {MOST_GROWTH} times as long as with {FEW}")
    list_page = lambda: (inbox.counts(DEANERY), inbox.rows(DEANERY, most=50))  # noqa: E731
    print(f"  of the inbox's page, the counts and rows: {typical(list_page)}")
    page = inbox_page(engine.url.render_as_string(hide_password=False))
    if page.passed > MOST_MS:
        print(f"  TOO MUCH: the inbox's page takes over {MOST_MS} ms")
    unlocked = inbox.unlock(DEANERY, PASSPHRASE)
    one = rows[TICKETS // 3].id
    print(f"  reading one: {typical(lambda: inbox.read(unlocked, one))}")
    began = time.perf_counter()
    compact(engine)
    print(f"  writing the tables anew: {time.perf_counter() - began:.1f} s")
    engine.dispose()
    return not grown and page.passed <= MOST_MS


def inbox_page(url: str) -> Typical:
    """Print and return what the unlocked page takes, from a request until all of it is there."""
    with tempfile.TemporaryDirectory() as folder:
        bound = listener("127.0.0.1", 0)
        bound.listen()
        port = bound.getsockname()[1]
        chosen = replace(
            read_settings({}), data=Path(folder), referrals_database=url, dashboard_port=port
        )
        app = create_app(chosen)
        running = server(app)
        thread = threading.Thread(target=lambda: running.run([bound]), daemon=True)
        thread.start()
        origin = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(
                base_url=origin, headers={"Origin": origin}, trust_env=False, timeout=60
            ) as browser:
                unlock(browser, app)

                def page() -> None:
                    answer = browser.get("/inbox")
                    assert answer.status_code == 200
                    assert answer.text.count("<tr") > MOST_ROWS, "it is not a whole page"
                    assert 'action="/inbox/lock"' in answer.text, "it is not unlocked"

                page()
                found = typical(page)
                print(f"  the inbox's page, unlocked, at most {MOST_MS} ms: {found}")
                return found
        finally:
            running.should_exit = True
            thread.join()


def unlock(browser: httpx.Client, app: Starlette) -> None:
    """Sign in as a caseworker of the unit, and unlock its inbox."""
    secret = app.state.parts.staff.add("ann", "Ann", "caseworker", PASSPHRASE, DEANERY)
    who = {"name": "ann", "password": PASSPHRASE, "code": pyotp.TOTP(secret).now()}
    for path, given in (("/sign-in", who), ("/inbox/unlock", {"passphrase": PASSPHRASE})):
        answer = browser.post(path, data=given)
        assert answer.status_code == 303, answer.text


def derivations() -> None:
    """Print what one derivation takes of time and memory."""
    for name, cost in (("receipt", kdf.RECEIPT_COST), ("passphrase", kdf.PASSPHRASE_COST)):
        began, busy = time.perf_counter(), time.process_time()
        kdf.derive(b"a secret", os.urandom(kdf.SALT_BYTES), cost, 32)
        passed, worked = time.perf_counter() - began, time.process_time() - busy
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"deriving a {name}: {passed:.2f} s, {worked:.2f} s of them the processor's;"
            f" the process took {most:.0f} MB at most"
        )


def main() -> None:
    """Run all parts, on SQLite unless a URL is given."""
    derivations()
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'referrals.db'}"
        print(f"{url.split(':')[0]}, {date.today().isoformat()}")
        sys.exit(0 if measure(url) else 1)


if __name__ == "__main__":
    main()
