"""The salt of this deployment's receipts, and what deriving one takes; both are in the database."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.engine import Engine

from bot.referrals import kdf
from bot.referrals.tables import insert_new, referral_salt, transaction


def salt_and_cost(engine: Engine, cost: kdf.Cost) -> tuple[bytes, kdf.Cost]:
    """Return both; whoever asks first makes the salt, and `cost` is the one from then on.

    Raises:
        DeskUnavailable: if the database cannot be reached.
    """
    row = {"number": 1, "salt": secrets.token_bytes(kdf.SALT_BYTES), **cost._asdict()}
    with transaction(engine) as connection:
        found = connection.execute(select(referral_salt)).first()
        if found is None:
            new = insert_new(connection, referral_salt).on_conflict_do_nothing()
            connection.execute(new, [row])
            found = connection.execute(select(referral_salt)).one()
    return bytes(found.salt), kdf.Cost(found.passes, found.memory)
