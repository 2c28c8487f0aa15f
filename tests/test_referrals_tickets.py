"""Tickets from one end to the other, on SQLite and PostgreSQL, with real sealing."""

import asyncio
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from nacl.public import PrivateKey
from nacl.pwhash import argon2id
from sqlalchemy import create_engine, event, insert, select, update

from bot import server
from bot.dialogue.in_confidence import InConfidence
from bot.dialogue.state import EphemeralTrackerStore
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.referrals import kdf
from bot.referrals.desk import Choices, Desk, desk
from bot.referrals.errors import (
    AnsweredMeanwhile,
    DeskUnavailable,
    NoKey,
    ReferralError,
    TicketAltered,
    TicketGone,
    TooManyGuesses,
    UnlockAgain,
)
from bot.referrals.guessing import ALARM, BURST, MOST_WRONG, Guessing
from bot.referrals.keys import Keys
from bot.referrals.sealing import (
    TEXT_CLASSES,
    box_between,
    draft,
    open_between,
    open_sealed,
    seal_envelope,
)
from bot.referrals.tables import (
    STATES,
    open_referrals,
    referral_salt,
    ticket_messages,
    tickets,
)
from tests.clocks import Clock
from tests.referrals import (
    CHEAP,
    CHOSEN,
    DEANERY,
    PASSPHRASE,
    Both,
    make_unit,
    open_desk,
    open_inbox,
)


@pytest.fixture
def both(referrals, loop) -> Both:
    return Both(referrals, loop)


# ---------------------------------------------------------------- one ticket's life


def test_a_ticket_from_sending_to_its_end(both):
    receipt = both.send("I have not slept", "ring 0000 after six")
    assert both.row().state == "new"
    assert both.row().unread == 1
    ticket = both.read()
    assert (ticket.choices, ticket.note, ticket.contact) == (
        CHOSEN,
        "I have not slept",
        "ring 0000 after six",
    )
    assert ticket.answerable
    assert both.row().unread == 0
    both.answer("Come on Tuesday")
    both.answer("Or on Friday")
    assert both.row().state == "answered"
    opened = both.open(receipt)
    assert (opened.deanery, opened.state, opened.waiting) == (DEANERY, "answered", 2)
    assert both.answers(opened) == [("Come on Tuesday", True), ("Or on Friday", True)]
    assert both.open(receipt).waiting == 0
    assert both.answers(opened) == [("Come on Tuesday", False), ("Or on Friday", False)]
    both.reply(opened, "Friday is good")
    assert (both.row().state, both.row().unread) == ("new", 1)
    assert [(m.direction, m.text, m.seen) for m in both.read().messages] == [
        ("out", "Come on Tuesday", True),
        ("out", "Or on Friday", True),
        ("in", "Friday is good", False),
    ]
    assert both.read().messages[2].seen
    both.run(both.desk.end(opened))
    assert both.inbox.rows(DEANERY) == []
    assert both.open(receipt) is None
    both.run(both.desk.end(opened))


def test_choices_alone_are_a_ticket(both):
    receipt = both.run(both.desk.send(DEANERY, Choices(), None, None, receipt=True))
    ticket = both.read()
    assert (ticket.choices, ticket.note, ticket.contact) == (Choices(), None, None)
    assert both.open(receipt) is not None


def test_without_a_receipt_none_is_given_and_the_unit_is_told(both):
    assert both.send(contact="a@b.example", receipt=False) is None
    assert not both.read().answerable


def test_from_outside_a_ticket_without_a_receipt_looks_like_one_with(both):
    for name, receipt in (("one", False), ("two", True)):
        both.run(both.desk.send(DEANERY, CHOSEN, None, None, receipt, name))

    def shapes():
        with both.engine.connect() as connection:
            rows = connection.execute(select(tickets)).all()
        assert len(rows) == 2
        return {(len(r.lookup), len(r.public), len(r.sealed_private), *r[6:]) for r in rows}

    assert len(shapes()) == 1
    for name in ("one", "two"):
        both.run(both.desk.shown(name))
    assert len(shapes()) == 1


def test_a_ticket_sent_again_with_its_draft_takes_the_first_ones_place(both):
    first = both.send("the same", draft_id="a random text")
    second = both.send("the same", draft_id="a random text")
    assert len(both.inbox.rows(DEANERY)) == 1
    assert both.open(first) is None
    assert both.open(second) is not None
    both.send("another", draft_id="another text")
    assert len(both.inbox.rows(DEANERY)) == 2


def test_what_was_said_of_waiting_ends_with_an_answer_and_begins_with_a_reply(both):
    receipt = both.send()
    both.day.pass_weeks(2)
    assert both.row().waiting_weeks == 2
    both.answer("Come on Tuesday")
    assert both.row().waiting_weeks is None
    both.day.pass_weeks(1)
    opened = both.open(receipt)
    both.reply(opened, "one")
    both.day.pass_weeks(1)
    both.reply(opened, "two")
    assert both.row().waiting_weeks == 1
    assert both.row().unread == 2


def test_rows_that_wait_longest_come_first_and_closed_ones_last(both):
    both.send("closed")
    both.inbox.close(both.unlocked, both.row().id)
    both.day.pass_weeks(1)
    both.send("second")
    both.day.pass_weeks(-3)
    both.send("first")
    both.day.pass_weeks(4)
    rows = both.inbox.rows(DEANERY)
    assert [(row.state, row.waiting_weeks) for row in rows] == [
        ("new", 4),
        ("new", 1),
        ("closed", None),
    ]


def test_a_page_of_rows_is_a_part_of_all_of_them(both):
    for number in range(7):
        both.send(f"number {number}")
    for row, state in zip(both.inbox.rows(DEANERY), ("in_hand", "answered"), strict=False):
        both.inbox.mark(both.unlocked, row.id, state)
    everything = both.inbox.rows(DEANERY)
    pages = [both.inbox.rows(DEANERY, skip=skip, most=3) for skip in (0, 3, 6, 9)]
    assert [row for page in pages for row in page] == everything
    new = both.inbox.rows(DEANERY, ("new",))
    assert new == [row for row in everything if row.state == "new"]
    assert both.inbox.counts(DEANERY) == {"new": 5, "in_hand": 1, "answered": 1, "closed": 0}
    assert both.inbox.counts("scotland") == dict.fromkeys(STATES, 0)


def test_choices_for_the_list_are_opened_without_reading(both):
    both.send()
    row = both.row()
    found = both.inbox.choices(both.unlocked, [row.id, "0" * 32])
    assert found == {row.id: both.inbox.read(both.unlocked, row.id).choices}
    both.send("another")
    assert both.inbox.choices(both.unlocked, []) == {}
    assert sum(r.unread for r in both.inbox.rows(DEANERY)) == 1


def test_marks(both):
    both.send()
    both.inbox.mark(both.unlocked, both.row().id, "in_hand")
    assert both.row().state == "in_hand"
    both.inbox.mark(both.unlocked, both.row().id, "new")
    assert (both.row().state, both.row().waiting_weeks) == ("new", 0)
    both.inbox.mark(both.unlocked, both.row().id, "answered")
    assert (both.row().state, both.row().waiting_weeks) == ("answered", None)
    for wrong in ("closed", "lost", ""):
        with pytest.raises(ValueError, match="must be one of new, in_hand, answered"):
            both.inbox.mark(both.unlocked, both.row().id, wrong)
    assert both.row().state in STATES


def test_a_closed_ticket_can_still_be_read_with_its_receipt_and_a_reply_opens_it_again(both):
    receipt = both.send()
    both.answer("We have made the appointment")
    both.inbox.close(both.unlocked, both.row().id)
    opened = both.open(receipt)
    assert opened.state == "closed"
    assert both.answers(opened) == [("We have made the appointment", True)]
    both.reply(opened, "I cannot come")
    assert both.row().state == "new"


def test_a_closed_ticket_that_nobody_has_a_receipt_for_is_deleted_at_once(both):
    both.send(contact="a@b.example", receipt=False)
    both.inbox.close(both.unlocked, both.row().id)
    with both.engine.connect() as connection:
        assert connection.execute(select(tickets)).all() == []
        assert connection.execute(select(ticket_messages)).all() == []


def test_a_ticket_whose_receipt_was_never_shown_says_so_and_goes_when_it_is_closed(both):
    """As when the assistant is stopped between sending it and answering its sender."""
    both.run(both.desk.send(DEANERY, CHOSEN, None, None, True, "a draft"))
    ticket = both.read()
    assert ticket.unshown
    assert not ticket.answerable
    both.inbox.close(both.unlocked, ticket.id)
    assert both.inbox.rows(DEANERY) == []


def test_a_ticket_that_is_opened_with_its_receipt_was_shown(both):
    receipt = both.run(both.desk.send(DEANERY, CHOSEN, None, None, True, "a draft"))
    assert both.open(receipt) is not None
    assert both.read().answerable
    assert not both.read().unshown


def test_that_a_receipt_was_shown_is_noted_once_the_database_is_back(both):
    both.run(both.desk.send(DEANERY, CHOSEN, None, None, True, "a draft"))
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tickets RENAME TO hidden")
    both.run(both.desk.shown("a draft"))
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO tickets")
    assert both.read().unshown
    both.desk.sweep()
    both.desk._threads.shutdown(wait=True)
    assert both.read().answerable


def test_a_unit_may_be_sent_tickets_if_it_has_a_key_and_takes_self_referrals(both):
    assert both.desk.accepts(DEANERY)
    assert not both.desk.accepts("scotland")
    assert not both.desk.accepts("atlantis")
    Keys(both.engine, CHEAP).create("north_east", PASSPHRASE)
    assert not open_desk(both.engine).accepts("north_east"), "its self_referral is none"
    with pytest.raises(NoKey):
        both.desk.seal("scotland", "text")
    with pytest.raises(NoKey):
        both.run(both.desk.send("scotland", CHOSEN, None, None, receipt=True))


def test_a_key_that_was_changed_meanwhile_has_to_be_unlocked_again(both):
    both.send("sealed to the first key")
    Keys(both.engine, CHEAP).rotate(DEANERY, PASSPHRASE)
    both.desk = open_desk(both.engine, both.day)
    both.send("sealed to the second")
    told, read = 0, set()
    for row in both.inbox.rows(DEANERY):
        try:
            read.add(both.inbox.read(both.unlocked, row.id).note)
        except UnlockAgain:
            told += 1
    assert (told, read) == (1, {"sealed to the first key"})
    again = both.inbox.unlock(DEANERY, PASSPHRASE)
    assert len({both.inbox.read(again, row.id).note for row in both.inbox.rows(DEANERY)}) == 2


def test_a_key_that_is_made_while_the_assistant_runs_is_found(both, monkeypatch):
    assert both.desk.accepts(DEANERY)
    Keys(both.engine, CHEAP).create("scotland", PASSPHRASE)
    assert not both.desk.accepts("scotland"), "it is read aside, so that nobody waits for it"
    both.desk._keys_until = 0.0
    give_up = time.monotonic() + 30
    while not both.desk.accepts("scotland") and time.monotonic() < give_up:
        time.sleep(0.01)
    assert both.desk.accepts("scotland")


# ---------------------------------------------------------------- who can open what


def test_a_receipt_opens_the_answers_and_not_what_was_sent(both):
    """Whoever finds a receipt on a phone reads what the unit said, not what was told to it."""
    receipt = both.send("the note", "the contact")
    both.answer("the answer")
    opened = both.open(receipt)
    both.reply(opened, "the reply")
    assert both.answers(opened) == [("the answer", True)]
    with both.engine.connect() as connection:
        rows = connection.execute(
            select(ticket_messages.c.sealed)
            .where(ticket_messages.c.direction == "in")
            .order_by(ticket_messages.c.position)
        ).scalars()
        content, reply = (bytes(sealed) for sealed in rows)
    with pytest.raises(TicketAltered):
        open_sealed(content, opened.private)
    boxed = open_between(reply, opened.private, opened.unit)
    assert set(boxed) == {"ticket", "position", "reply"}
    with pytest.raises(TicketAltered):
        open_sealed(draft(boxed["reply"]).sealed, opened.private)


def test_after_sending_the_process_holds_no_key_that_opens_the_ticket(both):
    def keys() -> set[int]:
        gc.collect()
        return {id(thing) for thing in gc.get_objects() if isinstance(thing, PrivateKey)}

    before = keys()
    receipt = both.send("the note", "the contact")
    assert keys() == before
    opened = both.open(receipt)
    assert len(keys() - before) == 1
    del opened
    assert keys() == before


def test_a_ticket_holds_what_its_sender_gave_and_nothing_that_was_recognised(both):
    both.send("the note", "the contact")
    with both.engine.connect() as connection:
        sealed = bytes(connection.execute(select(ticket_messages.c.sealed)).scalar())
        key_id = connection.execute(select(tickets.c.key_id)).scalar()
    inside = open_sealed(sealed, both.unlocked.key(key_id))
    assert set(inside) == {
        "ticket",
        "public",
        "receipt",
        "topics",
        "help",
        "answer_by",
        "note",
        "contact",
    }
    assert b"the note" not in str(inside).encode()


def test_an_opened_ticket_shows_no_key_when_printed(both):
    opened = both.open(both.send())
    assert "private" not in repr(opened)
    assert opened.ticket not in repr(opened)


# ---------------------------------------------------------------- what has ended


def test_whatever_is_done_to_a_ticket_that_has_ended_is_told(both):
    receipt = both.send()
    opened, ticket = both.open(receipt), both.read()
    reply = both.desk.seal(DEANERY, "too late")
    both.run(both.desk.end(both.open(receipt)))
    for late in (
        lambda: both.run(both.desk.reply(opened, reply)),
        lambda: both.run(both.desk.answers(opened)),
        lambda: both.inbox.read(both.unlocked, ticket.id),
        lambda: both.inbox.answer(both.unlocked, ticket.id, "too late", 1),
        lambda: both.inbox.mark(both.unlocked, ticket.id, "in_hand"),
        lambda: both.inbox.close(both.unlocked, ticket.id),
    ):
        with pytest.raises(TicketGone):
            late()
    with both.engine.connect() as connection:
        assert connection.execute(select(ticket_messages)).all() == []


class Work:
    """Counts derivations and statements."""

    def __init__(self, engine, monkeypatch):
        self.done = []
        real = kdf.argon2id.kdf

        def derived(*arguments, **how):
            self.done.append("derivation")
            return real(*arguments, **how)

        monkeypatch.setattr(kdf.argon2id, "kdf", derived)
        event.listen(engine, "before_cursor_execute", self._statement)

    def _statement(self, connection, cursor, statement, *_):
        self.done.append(statement)

    def of(self, act) -> list[str]:
        """Return what was done to do something, in order."""
        self.done.clear()
        act()
        return list(self.done)


def test_a_wrong_receipt_an_expired_one_and_one_that_was_ended_are_the_same_work(both, monkeypatch):
    expired = both.send("will expire")
    both.day.pass_weeks(14)
    ended, living = both.send("will be ended"), both.send("lives")
    both.run(both.desk.end(both.open(ended)))
    assert both.open("0000 0000 0000 0000") is None  # the week has its row of counts
    work = Work(both.engine, monkeypatch)
    wrong = work.of(lambda: both.open("1111 1111 1111 1111"))
    assert wrong.count("derivation") == 1
    assert len(wrong) > 2
    for receipt in (expired, ended):
        assert work.of(lambda receipt=receipt: both.open(receipt)) == wrong
    assert work.of(lambda: both.open(living)) != wrong
    assert both.inbox.guesses().wrong == 4


def test_an_opened_ticket_is_held_for_the_conversations_hour_and_opens_the_answers(both):
    receipt, clock = both.send(), Clock()
    both.answer("Come on Tuesday")
    held = InConfidence(clock)
    held.keep_opened("a conversation", both.open(receipt))
    clock.now += LIFE_SECONDS - 1
    opened = held.opened("a conversation")
    assert both.answers(opened) == [("Come on Tuesday", True)]
    clock.now += 1
    assert held.opened("a conversation") is None


def test_a_desk_as_it_is_deployed_derives_receipts_at_the_stated_cost(tmp_path, loop, monkeypatch):
    engine = open_referrals(f"sqlite:///{tmp_path / 'fresh.db'}")
    make_unit(engine)
    derived = []
    real = argon2id.kdf

    def watched(*given, **cost):
        derived.append(cost)
        return real(*given, **cost)

    monkeypatch.setattr(kdf.argon2id, "kdf", watched)
    deployed = Desk(lambda: engine)
    receipt = loop.run(deployed.send(DEANERY, CHOSEN, None, None, receipt=True))
    assert loop.run(Desk(lambda: engine).open(receipt)) is not None
    with engine.connect() as connection:
        row = connection.execute(select(referral_salt.c.passes, referral_salt.c.memory)).one()
    assert (row.passes, row.memory) == kdf.RECEIPT_COST == (12, 128 * 2**20)
    assert derived == [{"opslimit": 12, "memlimit": 128 * 2**20}] * 2
    engine.dispose()


# ---------------------------------------------------------------- guessing


def test_guessing_is_refused_counted_and_raises_an_alarm(both):
    for _ in range(MOST_WRONG):
        assert both.open("1111 1111 1111 1111", "a conversation") is None
    assert not both.inbox.guesses().alarm
    for _ in range(ALARM):
        with pytest.raises(TooManyGuesses):
            both.open("1111 1111 1111 1111", "a conversation")
    swept(both)
    found = both.inbox.guesses()
    assert (found.wrong, found.refused) == (MOST_WRONG, ALARM)
    assert found.alarm
    both.day.pass_weeks(1)
    assert both.inbox.guesses().alarm
    both.day.pass_weeks(1)
    assert (both.inbox.guesses().wrong, both.inbox.guesses().alarm) == (0, False)


def swept(both) -> None:
    """Sweep as the server does every minute, and wait until that is done."""
    both.desk.sweep()
    both.desk._threads.shutdown()
    both.desk._threads = ThreadPoolExecutor()


def test_refused_tries_that_could_not_be_written_are_written_later(both):
    for _ in range(MOST_WRONG):
        both.open("1111 1111 1111 1111", "a conversation")
    with pytest.raises(TooManyGuesses):
        both.open("1111 1111 1111 1111", "a conversation")
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE referral_guesses RENAME TO hidden")
    swept(both)
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO referral_guesses")
    assert both.inbox.guesses().refused == 0
    for _ in range(2):
        swept(both)
        assert both.inbox.guesses().refused == 1


def test_the_servers_clock_has_refused_tries_written(monkeypatch):
    """The clock of every process that holds conversations, as each has its own count."""
    sweeps = []

    async def note(each) -> None:
        sweeps.extend(each)

    monkeypatch.setattr(server, "sweep_forever", note)
    store = EphemeralTrackerStore(event_broker=SimpleNamespace(sweep=lambda: None))
    begin = server._sweeper(SimpleNamespace(tracker_store=store), [])
    running = SimpleNamespace(ctx=SimpleNamespace())

    async def start() -> None:
        await begin(running, None)
        await running.ctx.sweeping

    asyncio.run(start())
    assert desk().sweep in sweeps


def test_a_refused_guess_derives_nothing_and_asks_the_database_nothing(both, monkeypatch):
    for _ in range(MOST_WRONG):
        both.open("1111 1111 1111 1111", "a conversation")
    work = Work(both.engine, monkeypatch)

    def refused():
        with pytest.raises(TooManyGuesses):
            both.open("1111 1111 1111 1111", "a conversation")

    assert work.of(refused) == []


def test_the_wait_before_a_try_is_kept(both, loop):
    waited = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    desk = Desk(lambda: both.engine, CHEAP, both.day, Guessing(Clock()), sleep=note)
    for _ in range(4):
        loop.run(desk.open("1111 1111 1111 1111", "a conversation"))
    assert waited == [2, 4]


# ---------------------------------------------------------------- at the same time


def test_of_two_caseworkers_who_answer_at_once_one_is_told(both):
    receipt = both.send()
    ticket = both.read()
    start = Barrier(2)

    def answer(name: str) -> str | None:
        inbox = open_inbox(both.engine, both.day)
        start.wait()
        try:
            inbox.answer(both.unlocked, ticket.id, f"from {name}", ticket.next_position)
        except AnsweredMeanwhile:
            return None
        return f"from {name}"

    with ThreadPoolExecutor(2) as pool:
        said = [text for text in pool.map(answer, ("one", "two")) if text]
    assert len(said) == 1
    assert both.answers(both.open(receipt)) == [(said[0], True)]


def test_an_answer_that_passes_over_a_reply_is_held_back(both):
    receipt = both.send()
    ticket = both.read()
    both.reply(both.open(receipt), "I have found help, thank you")
    with pytest.raises(AnsweredMeanwhile):
        both.inbox.answer(both.unlocked, ticket.id, "Shall we talk", ticket.next_position)
    assert both.row().state == "new"
    assert both.row().unread == 1


def test_replies_and_answers_at_once_lose_nothing(both):
    receipt = both.send()
    opened = both.open(receipt)
    replies = [both.desk.seal(DEANERY, f"reply {n}") for n in range(5)]

    def answer(number: int) -> None:
        while True:
            ticket = both.inbox.read(both.unlocked, opened.ticket)
            try:
                text = f"answer {number}"
                both.inbox.answer(both.unlocked, ticket.id, text, ticket.next_position)
                return
            except AnsweredMeanwhile:
                continue

    async def reply_all() -> None:
        await asyncio.gather(*(both.desk.reply(opened, sealed) for sealed in replies))

    with ThreadPoolExecutor(3) as pool:
        answering = [pool.submit(answer, number) for number in range(3)]
        both.run(reply_all())
        for one in answering:
            one.result(60)
    texts = sorted(message.text for message in both.read().messages)
    assert texts == [f"answer {n}" for n in range(3)] + [f"reply {n}" for n in range(5)]
    assert [m.position for m in both.read().messages] == list(range(1, 9))


def test_ending_while_the_unit_answers_leaves_nothing(both):
    receipt = both.send()
    opened, ticket = both.open(receipt), both.read()
    start = Barrier(2)

    def answer() -> None:
        start.wait()
        try:
            both.inbox.answer(both.unlocked, ticket.id, "an answer", 1)
        except TicketGone:
            return

    def end() -> None:
        start.wait()
        asyncio.run(both.desk.end(opened))

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(answer), pool.submit(end)]:
            one.result(60)
    with both.engine.connect() as connection:
        assert connection.execute(select(tickets)).all() == []
        assert connection.execute(select(ticket_messages)).all() == []


# ---------------------------------------------------------------- somebody writes to the database


def test_an_answer_that_is_not_the_units_is_not_shown(both):
    """Whoever writes to the database has the ticket's public key, and cannot speak for the unit."""
    receipt = both.send()
    opened, forger = both.open(receipt), PrivateKey.generate()
    with both.engine.connect() as connection:
        row = connection.execute(select(tickets)).one()
    inside = {"ticket": row.id, "position": 1, "text": "give your name"}
    for forged in (
        box_between(inside, forger, bytes(row.public), TEXT_CLASSES),
        seal_envelope(inside, bytes(row.public)),
    ):
        message = {
            "ticket": row.id,
            "position": 1,
            "direction": "out",
            "seen": False,
            "week": row.week,
            "key_id": row.key_id,
            "sealed": forged,
        }
        with both.engine.begin() as connection:
            connection.execute(insert(ticket_messages), [message])
        with pytest.raises(TicketAltered):
            both.answers(opened)
        with pytest.raises(TicketAltered):
            both.read()
        with both.engine.begin() as connection:
            connection.execute(ticket_messages.delete().where(ticket_messages.c.position == 1))


def test_a_ticket_whose_key_was_put_in_its_place_gets_no_answer(both):
    both.send()
    ticket = both.read()
    thief = PrivateKey.generate()
    with both.engine.begin() as connection:
        connection.execute(update(tickets).values(public=bytes(thief.public_key)))
    with pytest.raises(TicketAltered):
        both.inbox.answer(both.unlocked, ticket.id, "Come on Tuesday", ticket.next_position)
    with pytest.raises(TicketAltered):
        both.read()


def test_an_answer_moved_to_another_place_is_not_shown(both):
    receipt = both.send()
    both.answer("yes")
    with both.engine.begin() as connection:
        connection.execute(
            update(ticket_messages).where(ticket_messages.c.position == 1).values(position=2)
        )
    with pytest.raises(TicketAltered):
        both.answers(both.open(receipt))


# ---------------------------------------------------------------- the database is gone


def test_a_database_that_is_gone_is_told_and_asked_again_later(loop, monkeypatch):
    from bot.referrals import desk as module

    asked = []

    def open_engine():
        asked.append(1)
        return open_referrals("postgresql://x:hidden@127.0.0.1:1/none")

    desk = Desk(open_engine, CHEAP)
    for act in (lambda: desk.accepts(DEANERY), lambda: desk.seal(DEANERY, "text")):
        with pytest.raises(DeskUnavailable) as error:
            act()
        assert "hidden" not in str(error.value)
    assert len(asked) == 1, "a database that hangs would be waited for again and again"
    for _ in range(BURST + 1):  # a try that could not be made costs none
        with pytest.raises(DeskUnavailable):
            loop.run(desk.open("1111 1111 1111 1111"))
    monkeypatch.setattr(module, "RETRY_SECONDS", 0)
    desk._keys_until = 0.0
    with pytest.raises(DeskUnavailable):
        desk.accepts(DEANERY)
    assert len(asked) == BURST + 3


def test_a_database_that_goes_away_in_between_is_told_and_loses_nothing(both):
    receipt = both.send()
    note = both.desk.seal(DEANERY, "another")
    opened = both.open(receipt)
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tickets RENAME TO hidden")
    for act in (
        lambda: both.run(both.desk.send(DEANERY, CHOSEN, note, None, True)),
        lambda: both.open(receipt),
        lambda: both.run(both.desk.reply(opened, note)),
        lambda: both.run(both.desk.end(opened)),
        lambda: both.inbox.rows(DEANERY),
    ):
        with pytest.raises(DeskUnavailable):
            act()
    with both.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO tickets")
    assert both.open(receipt) is not None
    assert len(both.inbox.rows(DEANERY)) == 1


def test_what_is_ended_while_somebody_holds_the_database_ends_once_it_is_free(both):
    """As while a backup writes, or another transaction that does not end."""
    receipt = both.send()
    opened = both.open(receipt)
    holding = {
        "sqlite": "BEGIN IMMEDIATE",
        "postgresql": "LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE",
    }[both.engine.dialect.name]
    other = create_engine(both.engine.url, future=True)
    with other.connect() as connection:
        connection.exec_driver_sql(holding)
        with pytest.raises(DeskUnavailable):
            both.run(both.desk.end(opened))
    other.dispose()
    assert both.open(receipt) is not None
    both.desk.sweep()
    both.desk._threads.shutdown(wait=True)
    assert both.inbox.rows(DEANERY) == []
    assert not both.desk._to_end


def test_every_error_of_a_referral_is_one_kind():
    from bot.referrals import errors

    kinds = [v for v in vars(errors).values() if isinstance(v, type) and issubclass(v, Exception)]
    assert all(issubclass(kind, ReferralError) for kind in kinds)
