"""What the demonstration invents: tickets, sealed, sent and answered like any, and talks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.engine import Engine

from bot.referrals.desk import Choices, Desk
from bot.referrals.inbox import Inbox
from bot.referrals.kdf import Cost
from bot.referrals.keys import Keys, Unlocked
from bot.referrals.tables import open_referrals

RECIPE = Path(__file__).with_name("invented.yml")

COST = Cost(passes=1, memory=8 * 1024 * 1024)
"""Of derivations: nobody wants to wait for what protects nothing."""


@cache
def recipe() -> Mapping[str, Any]:
    """Return the talks, the passphrase and the tickets."""
    with RECIPE.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def invent_tickets(path: Path, deanery: str, today: date) -> None:
    """Make a new database with the invented tickets of a unit, as they would be today."""
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    engine = open_referrals(f"sqlite:///{path}")
    Keys(engine, COST, lambda: today).create(deanery, recipe()["passphrase"])
    unlocked = Keys(engine, COST).unlock(deanery, recipe()["passphrase"])
    for ticket in recipe()["tickets"]:
        asyncio.run(_send(engine, deanery, ticket, unlocked, today))
    engine.dispose()


async def _send(
    engine: Engine, deanery: str, ticket: Mapping[str, Any], unlocked: Unlocked, today: date
) -> None:
    """Send one ticket, and have its conversation, each part in its week."""

    def in_week(weeks: int) -> tuple[Desk, Inbox]:
        then: Callable[[], date] = lambda: today - timedelta(weeks=weeks)  # noqa: E731
        return Desk(lambda: engine, COST, then), Inbox(engine, COST, then)

    desk, inbox = in_week(ticket["weeks"])
    before = {row.id for row in inbox.rows(deanery)}
    note, contact, draft = ticket["note"], ticket.get("contact"), secrets.token_hex(16)
    receipt = await desk.send(
        deanery,
        Choices(tuple(ticket["topics"]), tuple(ticket["help"]), ticket["answer_by"]),
        desk.seal(deanery, note) if note else None,
        desk.seal(deanery, contact) if contact else None,
        ticket["receipt"],
        draft,
    )
    await desk.shown(draft)
    (sent,) = {row.id for row in inbox.rows(deanery)} - before
    for position, said in enumerate(ticket.get("talk", ()), 1):
        desk, inbox = in_week(said["weeks"])
        if "out" in said:
            inbox.read(unlocked, sent)
            inbox.answer(unlocked, sent, said["out"], position)
        else:
            opened = await desk.open(receipt or "")
            if opened is not None:
                await desk.answers(opened)
                await desk.reply(opened, desk.seal(deanery, said["in"]))
    if "state" in ticket:
        inbox.mark(unlocked, sent, ticket["state"])
