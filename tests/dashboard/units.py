"""A unit with a key, trainees who write to it, and caseworkers who look after it."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.referrals.desk import Choices, Opened
from bot.referrals.keys import Keys
from bot.referrals.tables import tickets, transaction
from tests.dashboard.conftest import Clock, Served
from tests.referrals import CHEAP, PASSPHRASE, cheap_database, make_unit, open_desk, open_inbox

DEANERY, ELSEWHERE = "thames_valley", "scotland"
NOTE = "xylophone-canary, I cannot go on with this rota"
CHOICES = Choices(("work", "exams"), ("talk",), "here")


def run(coroutine):
    """Run a coroutine in a thread of its own: Playwright has a loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


@dataclass
class Unit:
    """The unit's database, and what trainees do with it."""

    engine: Engine
    url: str
    deanery: str = DEANERY

    @property
    def today(self) -> date:
        """The day that the dashboard's clock has when it begins."""
        return date.fromtimestamp(Clock.now)

    def send(self, note: str | None = NOTE, weeks: int = 0, **more) -> tuple[str, str | None]:
        """Send a ticket so many weeks ago; return its id and its receipt."""
        values = {"receipt": True, "contact": None, "choices": CHOICES, "shown": True, **more}
        draft = secrets.token_hex(16)
        desk = open_desk(self.engine, lambda: self.today - timedelta(weeks=weeks))
        before = self.ids()
        contact = values["contact"]
        receipt = run(
            desk.send(
                self.deanery,
                values["choices"],
                desk.seal(self.deanery, note) if note else None,
                desk.seal(self.deanery, contact) if contact else None,
                values["receipt"],
                draft,
            )
        )
        if values["shown"]:
            run(desk.shown(draft))
        (sent,) = self.ids() - before
        return sent, receipt

    def ids(self) -> set[str]:
        """Return the ids of the unit's tickets."""
        with transaction(self.engine) as connection:
            of_the_unit = select(tickets.c.id).where(tickets.c.deanery == self.deanery)
            return set(connection.scalars(of_the_unit))

    def rows(self):
        """Return the unit's tickets without content."""
        return open_inbox(self.engine, lambda: self.today).rows(self.deanery)

    def row(self, ticket: str):
        """Return one of them."""
        return next(row for row in self.rows() if row.id == ticket)

    def open(self, receipt: str) -> Opened | None:
        """Open a ticket with its receipt."""
        return run(open_desk(self.engine, lambda: self.today).open(receipt))

    def answers(self, receipt: str) -> list[str]:
        """Return what the holder of a receipt reads."""
        opened = self.open(receipt)
        found = run(open_desk(self.engine, lambda: self.today).answers(opened))
        return [answer.text for answer in found]

    def reply(self, receipt: str, text: str) -> None:
        """Write to the unit with a receipt."""
        desk = open_desk(self.engine, lambda: self.today)
        run(desk.reply(self.open(receipt), desk.seal(self.deanery, text)))

    def end(self, receipt: str) -> None:
        """End a ticket with its receipt."""
        run(open_desk(self.engine, lambda: self.today).end(self.open(receipt)))

    @property
    def keys(self) -> Keys:
        """The units' keys."""
        return Keys(self.engine, CHEAP)


def begin(url: str, deanery: str = DEANERY) -> Unit:
    """Return a unit with a key, in a database of its own."""
    engine = cheap_database(url)
    make_unit(engine, deanery)
    return Unit(engine, url, deanery)


def staffed(serve, folder: Path, url: str, **more) -> Served:
    """Return a dashboard with two caseworkers of the unit, one of another, and others of none."""
    served = serve(folder, referrals_database=url, **more)
    for name, role, deanery in (
        ("reader", "reader", DEANERY),
        ("ann", "caseworker", DEANERY),
        ("bob", "caseworker", DEANERY),
        ("sco", "caseworker", ELSEWHERE),
        ("loose", "caseworker", ""),
        ("admin", "admin", ""),
    ):
        served.add(name, role, deanery)
    return served


def unlock(client, passphrase: str = PASSPHRASE) -> None:
    """Unlock the inbox."""
    answer = client.post("/inbox/unlock", data={"passphrase": passphrase})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/inbox"), answer.text
