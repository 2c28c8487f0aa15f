"""Referrals for tests: real tables and real sealing, with derivations that cost next to nothing."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from bot.referrals.desk import Desk
from bot.referrals.guessing import Guessing
from bot.referrals.inbox import Inbox
from bot.referrals.kdf import Cost
from bot.referrals.keys import Keys
from bot.referrals.tables import open_referrals, referral_salt, transaction

CHEAP = Cost(passes=1, memory=8192)
"""Argon2id at its least: the same code, in a millisecond."""

PASSPHRASE = "correct horse battery staple"
DEANERY = "wales"


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

    return Desk(lambda: engine, CHEAP, today or date.today, guessing, no_wait)


def open_inbox(engine: Engine, today: Day | None = None) -> Inbox:
    """Return a unit's inbox."""
    return Inbox(engine, CHEAP, today or date.today)
