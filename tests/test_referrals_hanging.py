"""A PostgreSQL that answers nothing, or whose tables are locked: nothing else waits for it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import create_engine, text

from bot.referrals.desk import THREADS, Desk
from bot.referrals.errors import DeskUnavailable
from bot.referrals.tables import open_referrals
from tests.databases import PostgreSQL, new_database
from tests.referrals import CHEAP, CHOSEN, DEANERY, cheap_database, make_unit, open_inbox


@pytest.fixture(scope="module")
def server():
    """Return a server of our own, as it is to be stopped in the middle."""
    made = PostgreSQL()
    try:
        made.start()
        yield made
        made.stop()
    finally:
        made.remove()


@pytest.fixture
def url(server):
    """Return a database of referrals in which Wales has a key."""
    made = new_database(server.url)
    make_unit(cheap_database(made))
    return made


def desk_at(url: str) -> Desk:
    """Return a desk with its own connections."""
    return Desk(lambda: open_referrals(url), CHEAP)


def test_keys_that_cannot_be_read_are_no_keys_until_the_database_is_back(server, url):
    desk, others = desk_at(url), create_engine(url, future=True)
    open_referrals(url)
    with others.connect() as holding:
        holding.execute(text("LOCK TABLE unit_keys IN ACCESS EXCLUSIVE MODE"))
        for _ in range(2):
            with pytest.raises(DeskUnavailable):
                desk.in_use()
    desk._keys_until = 0.0  # as when the seconds until the next try have passed
    desk._reader.join(60)
    assert desk.in_use()
    desk._keys_until = 0.0
    with server.frozen():
        assert desk.accepts(DEANERY), "what is known stays known"
    desk._reader.join(60)


def test_a_ticket_that_meets_a_locked_table_is_not_sent(url):
    desk, others = desk_at(url), create_engine(url, future=True)
    assert desk.in_use()
    with others.connect() as holding:
        holding.execute(text("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DeskUnavailable):
            asyncio.run(desk.send(DEANERY, CHOSEN, None, None, receipt=True, draft_id="one"))
    asyncio.run(desk.send(DEANERY, CHOSEN, None, None, receipt=True, draft_id="one"))
    assert len(open_inbox(open_referrals(url)).rows(DEANERY)) == 1


def test_many_tickets_that_wait_for_a_hanging_database_keep_nobody_from_anything(server, url):
    """The loop's own threads, which find addresses, stay free; and each ticket arrives once."""
    many = 5 * THREADS

    async def crowd() -> None:
        desk = desk_at(url)
        assert desk.accepts(DEANERY)
        with server.frozen():
            sending = [
                asyncio.ensure_future(
                    desk.send(DEANERY, CHOSEN, None, None, receipt=False, draft_id=f"{number}")
                )
                for number in range(many)
            ]
            await asyncio.sleep(1)
            await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo("localhost", 80), 30)
            assert not any(one.done() for one in sending)
        await asyncio.gather(*sending)

    asyncio.run(crowd())
    assert len(open_inbox(open_referrals(url)).rows(DEANERY)) == many
