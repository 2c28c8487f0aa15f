"""Referrals for tests: real tables and real sealing, with derivations that cost next to nothing."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from bot.referrals.desk import Choices, Desk, Opened
from bot.referrals.guessing import Guessing
from bot.referrals.inbox import Inbox, Ticket, TicketRow
from bot.referrals.kdf import Cost
from bot.referrals.keys import Keys
from bot.referrals.tables import open_referrals, referral_salt, transaction

CHEAP = Cost(passes=1, memory=8192)
"""Argon2id at its least: the same code, in a millisecond."""

PASSPHRASE = "correct horse battery staple"
DEANERY = "wales"

CHOSEN = Choices(("exams", "sleep"), ("talk",), "receipt")


class Day:
    """A calendar that tests set."""

    def __init__(self, today: date = date(2026, 11, 25)) -> None:
        """Start on a Wednesday."""
        self.today = today

    def __call__(self) -> date:
        """Return the day."""
        return self.today

    def pass_weeks(self, weeks: int) -> None:
        """Go on."""
        self.today += timedelta(weeks=weeks)


def cheap_database(url: str) -> Engine:
    """Return a database whose receipts cost little, whichever process derives them."""
    engine = open_referrals(url)
    with transaction(engine) as connection:
        if connection.execute(select(referral_salt)).first() is None:
            row = {"number": 1, "salt": bytes(16), **CHEAP._asdict()}
            connection.execute(insert(referral_salt), [row])
    return engine


def make_unit(engine: Engine, deanery: str = DEANERY, passphrase: str = PASSPHRASE) -> str:
    """Give a deanery's unit a key; return its recovery code."""
    return Keys(engine, CHEAP).create(deanery, passphrase)


def open_desk(engine: Engine, today: Day | None = None, guessing: Guessing | None = None) -> Desk:
    """Return a desk that waits for nothing."""

    async def no_wait(_: float) -> None:
        return None

    return Desk(lambda: engine, CHEAP, today or date.today, guessing, sleep=no_wait)


def open_inbox(engine: Engine, today: Day | None = None) -> Inbox:
    """Return a unit's inbox."""
    return Inbox(engine, CHEAP, today or date.today)


class Both:
    """The two ends of a database of referrals in which Wales has a key."""

    def __init__(self, engine: Engine, loop):
        """Take the loop that the trainee's end runs on."""
        self.engine = engine
        self.run = loop.run
        self.day = Day()
        self.desk = open_desk(engine, self.day)
        self.inbox = open_inbox(engine, self.day)
        self.unlocked = self.inbox.unlock(DEANERY, PASSPHRASE)

    def send(
        self,
        note: str | None = "I would like to talk",
        contact: str | None = None,
        receipt: bool = True,
        draft_id: str | None = None,
    ) -> str | None:
        """Send a ticket whose sender is told; return its receipt."""
        draft_id = draft_id or secrets.token_hex(8)
        note = None if note is None else self.desk.seal(DEANERY, note)
        contact = None if contact is None else self.desk.seal(DEANERY, contact)
        shown = self.run(self.desk.send(DEANERY, CHOSEN, note, contact, receipt, draft_id))
        self.run(self.desk.shown(draft_id))
        return shown

    def open(self, receipt: str, conversation: str = "") -> Opened | None:
        """Open a ticket with its receipt."""
        return self.run(self.desk.open(receipt, conversation))

    def reply(self, opened: Opened, text: str) -> None:
        """Reply as the trainee."""
        self.run(self.desk.reply(opened, self.desk.seal(DEANERY, text)))

    def answers(self, opened: Opened) -> list[tuple[str, bool]]:
        """Return the unit's answers, and whether each is new."""
        return [(answer.text, answer.new) for answer in self.run(self.desk.answers(opened))]

    def row(self) -> TicketRow:
        """Return the only ticket, from outside."""
        (row,) = self.inbox.rows(DEANERY)
        return row

    def read(self) -> Ticket:
        """Read the only ticket as its unit."""
        return self.inbox.read(self.unlocked, self.row().id)

    def answer(self, text: str) -> None:
        """Answer the only ticket."""
        ticket = self.read()
        self.inbox.answer(self.unlocked, ticket.id, text, ticket.next_position)
