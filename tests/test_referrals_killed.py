"""Killed with -9 at every step of sending, answering, marking, replying, ending and sweeping.

A process of its own (`tests/referrals_killed.py`) does one thing and kills itself before its nth
statement, before the commit, or right after it. The database then holds the ticket as it was, or
as it was to be.
"""

import json
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, text

from bot.paths import ROOT
from bot.referrals.tables import ticket_messages, tickets
from bot.referrals.weeks import LIFE_WEEKS
from tests.referrals import DEANERY, Both
from tests.referrals_killed import AFTERWARDS

MOST_STEPS = 30

WEEKS_AGO = LIFE_WEEKS + 1
"""How long ago a ticket was used that ends by itself."""


@pytest.fixture(scope="module")
def killed():
    """Return a function that does something in a process that is killed at a step.

    The processes are forked from one that holds the imports and nothing else, as those take longer
    than what is done.
    """
    command = [sys.executable, "-m", "tests.referrals_killed"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as nursery:

        def do_until_killed(url: str, what: str, step: int, receipt: str) -> bool:
            """Return whether it was killed."""
            print(json.dumps([url, what, step, receipt]), file=nursery.stdin, flush=True)
            ended = int(nursery.stdout.readline())
            assert ended in (0, -signal.SIGKILL), "see what it wrote to standard error"
            return ended == -signal.SIGKILL

        yield do_until_killed
        nursery.stdin.close()


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
def test_killed_at_any_step_it_is_done_or_not_and_never_half(referrals, loop, killed, what):
    both = Both(referrals, loop)
    receipt = both.send("the ticket that was there")
    both.answer("come on Tuesday")
    before = whole(both)
    assert before == [BEFORE]
    url = referrals.url.render_as_string(hide_password=False)
    seen = []
    for step in range(1, MOST_STEPS):
        dead = killed(url, what, step, receipt)
        seen.append(whole(both))
        assert seen[-1] in (before, OUTCOMES[what]), f"step {step}"
        ids(referrals)
        if not dead or seen[-1] != before:
            break
    assert len(seen) > 2, "it was never killed"
    assert seen[-1] == OUTCOMES[what]
    if what != "end":
        assert both.open(receipt) is not None
    assert_sound(referrals)


@pytest.mark.parametrize("what", ["end", "sweep"])
def test_killed_while_one_ticket_ends_the_one_beside_it_is_whole(referrals, loop, killed, what):
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
        dead = killed(url, what, step, ending if what == "end" else receipt)
        left = ids(referrals)
        assert beside in left, f"step {step}"
        assert BEFORE in whole(both), f"step {step}"
        killed_before += dead and len(left) == 2
        killed_after += dead and len(left) == 1
        if not dead:
            break
    assert ids(referrals) == {beside}
    assert killed_before
    assert killed_after or (what, referrals.dialect.name) == ("end", "sqlite")
    assert both.open(receipt) is not None
    assert_sound(referrals)


@pytest.mark.parametrize("step", [3, AFTERWARDS])
def test_sending_again_after_being_killed_makes_one_ticket(referrals, loop, killed, step):
    """Whether or not the first try was written, the second with the same draft is the only one."""
    both = Both(referrals, loop)
    receipt = both.send("the ticket that was there")
    url = referrals.url.render_as_string(hide_password=False)
    assert killed(url, "send", step, receipt)
    assert len(whole(both)) == (2 if step == AFTERWARDS else 1)
    shown = both.send("from the second try", draft_id="the draft")
    assert [note for note, *_ in whole(both)] == [
        "from the second try",
        "the ticket that was there",
    ]
    assert both.open(shown) is not None
    assert both.open(receipt) is not None
