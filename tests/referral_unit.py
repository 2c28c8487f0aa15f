"""A deanery's unit for tests: its key, and its inbox as the dashboard uses it."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.engine import Engine

from bot.referrals.desk import desk
from bot.referrals.inbox import Ticket
from bot.referrals.keys import Keys
from bot.referrals.tables import referral_salt, tables, transaction
from tests.referrals import CHEAP, DEANERY, PASSPHRASE, make_unit, open_inbox


def read_keys_again() -> None:
    """Let this process see a change of keys at once, instead of within a minute."""
    desk()._keys, desk()._keys_until = None, 0.0


def empty(engine: Engine) -> None:
    """Delete everything but the salt."""
    with transaction(engine) as connection:
        for table in reversed(tables.sorted_tables):
            if table is not referral_salt:
                connection.execute(delete(table))


class Unit:
    """Reads and answers with the real inbox."""

    def __init__(self, engine: Engine, deanery: str = DEANERY) -> None:
        """Make the unit's key."""
        self.engine, self.deanery = engine, deanery
        make_unit(engine, deanery)
        read_keys_again()
        self.inbox = open_inbox(engine)
        self.unlocked = self.inbox.unlock(deanery, PASSPHRASE)

    def tickets(self) -> list[Ticket]:
        """Return every ticket, read."""
        return [self.inbox.read(self.unlocked, row.id) for row in self.inbox.rows(self.deanery)]

    def answer(self, text: str) -> None:
        """Answer the only ticket."""
        (ticket,) = self.tickets()
        self.inbox.answer(self.unlocked, ticket.id, text, ticket.next_position)

    def rotate(self) -> None:
        """Change the key."""
        Keys(self.engine, CHEAP).rotate(self.deanery, PASSPHRASE)
        self.unlocked = self.inbox.unlock(self.deanery, PASSPHRASE)
        read_keys_again()

    def lose_key(self) -> None:
        """Make another key in place of a lost one."""
        Keys(self.engine, CHEAP).create(self.deanery, PASSPHRASE, instead_of_lost=True)
        self.unlocked = self.inbox.unlock(self.deanery, PASSPHRASE)
        read_keys_again()
