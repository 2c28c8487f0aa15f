"""Killed with -9 at every step of sending, answering, marking, replying, ending and sweeping.

A process of its own does one thing and kills itself before its nth statement, before the commit,
or right after it. The database then holds the ticket as it was, or as it was to be.
"""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, text

from bot.paths import ROOT
from bot.referrals.tables import ticket_messages, tickets
from bot.referrals.weeks import LIFE_WEEKS
from tests.referrals import DEANERY, Both

ONE_STEP = """
import asyncio, os, signal, sys
from sqlalchemy import event
from bot.referrals.expiry import sweep
from bot.referrals.tables import open_referrals
from tests.referrals import CHOSEN, DEANERY, PASSPHRASE, Day, open_desk, open_inbox

url, what, step, receipt = sys.argv[1:]
engine = open_referrals(url)
day = Day()
desk, inbox = open_desk(engine, day), open_inbox(engine, day)
unlocked = inbox.unlock(DEANERY, PASSPHRASE)
note = desk.seal(DEANERY, "from the process that is killed")
opened = asyncio.run(desk.open(receipt))
ticket = inbox.read(unlocked, opened.ticket)
left = [int(step)]

def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(engine, "before_cursor_execute", count)
event.listen(engine, "commit", count)
if what == "send":
    asyncio.run(desk.send(DEANERY, CHOSEN, note, note, True, "the draft"))
elif what == "send without a receipt":
    asyncio.run(desk.send(DEANERY, CHOSEN, note, note, False, "the draft"))
elif what == "reply":
    asyncio.run(desk.reply(opened, note))
elif what == "end":
    asyncio.run(desk.end(opened))
elif what == "read answers":
    asyncio.run(desk.answers(opened))
elif what == "answer":
    inbox.answer(unlocked, ticket.id, "an answer", ticket.next_position)
elif what == "close":
    inbox.close(unlocked, ticket.id)
elif what == "mark":
    inbox.mark(unlocked, ticket.id, "in_hand")
elif what == "sweep":
    sweep(engine, day())
event.remove(engine, "before_cursor_execute", count)
event.remove(engine, "commit", count)
if left[0] == 1 or int(step) < 0:
    os.kill(os.getpid(), signal.SIGKILL)
print("done after", int(step) - left[0], "steps")
"""

MOST_STEPS = 30

WEEKS_AGO = LIFE_WEEKS + 1
"""How long ago a ticket was used that ends by itself."""

AFTERWARDS = -1
"""The step at which all is done and written, and nobody was told yet."""


def do_until_killed(url: str, what: str, step: int, receipt: str) -> bool:
    """Do something in a process that is killed at a step; return whether it was."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_STEP, url, what, str(step), receipt],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode == -signal.SIGKILL:
        return True
    assert done.returncode == 0, done.stderr
    return False


def whole(both: Both) -> list[tuple]:
    """Return all that can be read; whatever is there opens."""
    found = []
    for row in both.inbox.rows(DEANERY):
        ticket = both.inbox.read(both.unlocked, row.id)
        texts = tuple((m.direction, m.text) for m in ticket.messages)
        found.append((ticket.note, ticket.contact, ticket.state, texts))
    return sorted(found)


def ids(engine) -> set[str]:
    """Return the ids of all tickets there are, each with its messages."""
    with engine.connect() as connection:
        kept = set(connection.execute(select(tickets.c.id)).scalars())
        parts = set(connection.execute(select(ticket_messages.c.ticket)).scalars())
    assert parts == kept, "a message without a ticket, or none"
    return kept


def assert_sound(engine) -> None:
    """Assert that the file is in order."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


BEFORE = ("the ticket that was there", None, "answered", (("out", "come on Tuesday"),))
SENT = ("from the process that is killed", "from the process that is killed", "new", ())
REPLIED = (
    *BEFORE[:2],
    "new",
    (*BEFORE[3], ("in", "from the process that is killed")),
)

OUTCOMES = {
    "send": sorted([BEFORE, SENT]),
    "send without a receipt": sorted([BEFORE, SENT]),
    "reply": [REPLIED],
    "end": [],
    "read answers": [BEFORE],
    "answer": [(*BEFORE[:3], (*BEFORE[3], ("out", "an answer")))],
    "mark": [(*BEFORE[:2], "in_hand", BEFORE[3])],
    "close": [(*BEFORE[:2], "closed", BEFORE[3])],
}


@pytest.mark.parametrize("what", OUTCOMES)
def test_killed_at_any_step_it_is_done_or_not_and_never_half(referrals, loop, what):
    both = Both(referrals, loop)
    receipt = both.send("the ticket that was there")
    both.answer("come on Tuesday")
    before = whole(both)
    assert before == [BEFORE]
    url = referrals.url.render_as_string(hide_password=False)
    seen = []
    for step in range(1, MOST_STEPS):
        killed = do_until_killed(url, what, step, receipt)
        seen.append(whole(both))
        assert seen[-1] in (before, OUTCOMES[what]), f"step {step}"
        ids(referrals)
        if not killed or seen[-1] != before:
            break
    assert len(seen) > 2, "it was never killed"
    assert seen[-1] == OUTCOMES[what]
    if what != "end":
        assert both.open(receipt) is not None
    assert_sound(referrals)


@pytest.mark.parametrize("what", ["end", "sweep"])
def test_killed_while_one_ticket_ends_the_one_beside_it_is_whole(referrals, loop, what):
    """Also while the tables are written anew: after the one is gone, before all is done."""
    both = Both(referrals, loop)
    receipt = both.send("the ticket that was there")
    both.answer("come on Tuesday")
    (beside,) = ids(referrals)
    url = referrals.url.render_as_string(hide_password=False)
    killed_before, killed_after = 0, 0
    for step in range(1, MOST_STEPS):
        if ids(referrals) == {beside}:
            both.day.pass_weeks(-WEEKS_AGO if what == "sweep" else 0)
            ending = both.send("the ticket that is to go")
            both.day.pass_weeks(WEEKS_AGO if what == "sweep" else 0)
        killed = do_until_killed(url, what, step, ending if what == "end" else receipt)
        left = ids(referrals)
        assert beside in left, f"step {step}"
        assert BEFORE in whole(both), f"step {step}"
        killed_before += killed and len(left) == 2
        killed_after += killed and len(left) == 1
        if not killed:
            break
    assert ids(referrals) == {beside}
    assert killed_before
    assert killed_after or (what, referrals.dialect.name) == ("end", "sqlite")
    assert both.open(receipt) is not None
    assert_sound(referrals)


@pytest.mark.parametrize("step", [3, AFTERWARDS])
def test_sending_again_after_being_killed_makes_one_ticket(referrals, loop, step):
    """Whether or not the first try was written, the second with the same draft is the only one."""
    both = Both(referrals, loop)
    receipt = both.send("the ticket that was there")
    url = referrals.url.render_as_string(hide_password=False)
    assert do_until_killed(url, "send", step, receipt)
    assert len(whole(both)) == (2 if step == AFTERWARDS else 1)
    shown = both.send("from the second try", draft_id="the draft")
    assert [note for note, *_ in whole(both)] == [
        "from the second try",
        "the ticket that was there",
    ]
    assert both.open(shown) is not None
    assert both.open(receipt) is not None
