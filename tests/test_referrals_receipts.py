"""Receipts: how they are made and read, what they derive, and how tries at them are limited."""

import asyncio
import re
import subprocess
import sys
import threading
import time

import pytest
from nacl.pwhash import argon2id

from bot.paths import ROOT
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.referrals import guessing as limits
from bot.referrals import kdf
from bot.referrals.errors import TooManyGuesses
from bot.referrals.guessing import BURST, MOST_WRONG, REFILL_SECONDS, SLOWEST_SECONDS, Guessing
from bot.referrals.kdf import PASSPHRASE_COST, RECEIPT_COST
from bot.referrals.receipts import derive, new_receipt, read_receipt
from tests.clocks import Clock
from tests.referrals import CHEAP

SALT = bytes(range(16))


def test_a_receipt_is_four_groups_of_four_digits_and_reads_as_itself():
    made = {new_receipt() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"[0-9]{4}( [0-9]{4}){3}", receipt) for receipt in made)
    assert all(read_receipt(receipt) == receipt.replace(" ", "") for receipt in made)
    assert {receipt[0] for receipt in made} == set("0123456789")


@pytest.mark.parametrize(
    "text",
    [
        "1234 5678 9012 3456",
        "my receipt is 1234 5678 9012 3456",
        "1234567890123456",
        "1234-5678-9012-3456.",
        "1234–5678–9012–3456",
        "it's 12 34 56 78 90 12 34 56, is there anything for me?",
        "receipt:1234\n5678\n9012\n3456",
        "１２３４ ５６７８ ９０１２ ３４５６",
        "l234 5678 9Ol2 3456",
        "found it. 1234 5678 9o12 3456",
        "I am an F2 1234 5678 9012 3456",
        "1234 5678 9012 3456 from 3 weeks ago",
    ],
)
def test_a_receipt_is_found_however_it_is_typed(text):
    assert read_receipt(text) == "1234567890123456"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ring me on 07700 900123",
        "07700 900123 or 07700 900456",
        "1234 5678 9012 345",
        "12345678901234567",
        "I did 13 nights in 2 weeks, 4 of them alone, and 12345 patients",
        "1234 5678 and then later 9012 3456",
    ],
)
def test_what_is_no_receipt(text):
    assert read_receipt(text) is None


def test_the_keys_depend_on_every_digit_and_on_the_salt():
    keys = derive("1234 5678 9012 3456", SALT, CHEAP)
    assert derive("1234567890123456", SALT, CHEAP) == keys
    others = [
        derive("1234567890123457", SALT, CHEAP),
        derive("1234567890123456", bytes(16), CHEAP),
    ]
    assert len(keys.lookup) == len(keys.secret) == 32
    assert len({keys.lookup, keys.secret, *(k for other in others for k in other)}) == 6


def test_a_derivation_takes_the_memory_that_is_stated():
    assert RECEIPT_COST.memory == 128 * 2**20
    assert RECEIPT_COST.passes >= 3
    assert PASSPHRASE_COST.memory >= RECEIPT_COST.memory


def test_derivations_are_done_one_at_a_time_and_the_loop_goes_on(monkeypatch):
    running, most, beats = [], [], []
    real = argon2id.kdf

    def watched(*arguments, **how):
        running.append(threading.get_ident())
        most.append(len(running))
        time.sleep(0.02)
        derived = real(*arguments, **how)
        running.pop()
        return derived

    monkeypatch.setattr(kdf.argon2id, "kdf", watched)

    async def beat() -> None:
        while True:
            beats.append(len(most))
            await asyncio.sleep(0.001)

    async def all_at_once() -> list:
        beating = asyncio.ensure_future(beat())
        one = [kdf.beside_the_loop(lambda n=n: derive(f"{n:016d}", SALT, CHEAP)) for n in range(8)]
        found = await asyncio.gather(*one, asyncio.to_thread(derive, f"{9:016d}", SALT, CHEAP))
        beating.cancel()
        return found

    found = asyncio.run(all_at_once())
    assert len(set(found)) == 9
    assert max(most) == 1
    assert len(set(beats)) > 3, "the loop stood still while keys were derived"


WITH_LITTLE_MEMORY = """
import resource
from bot.referrals.errors import DeskUnavailable
from bot.referrals.kdf import RECEIPT_COST, derive
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + RECEIPT_COST.memory // 2,) * 2)
try:
    derive(b"a secret", bytes(16), RECEIPT_COST, 64)
except DeskUnavailable as error:
    print(error)
"""


def test_a_machine_without_the_memory_is_told_as_unavailable():
    done = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_MEMORY], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "there is not enough memory to derive a key\n", done.stderr


# ---------------------------------------------------------------- guessing


def tried(guessing: Guessing, conversation: str) -> float:
    """Try a wrong receipt; return the seconds that it had to wait."""
    waited = guessing.admit(conversation)
    guessing.wrong(conversation)
    return waited


def test_each_wrong_receipt_of_a_conversation_waits_longer_until_none_is_tried():
    guessing = Guessing(Clock())
    assert [tried(guessing, "one") for _ in range(MOST_WRONG)] == [0, 0, 2, 4, 8, 16]
    with pytest.raises(TooManyGuesses):
        guessing.admit("one")
    assert guessing.admit("two") == 0


def test_a_conversations_mistakes_are_forgotten_after_its_life():
    clock = Clock()
    guessing = Guessing(clock)
    for _ in range(MOST_WRONG):
        tried(guessing, "one")
    clock.now += LIFE_SECONDS + 1
    guessing.sweep()  # also when nobody tries again
    assert not guessing._wrong
    assert guessing.admit("one") == 0


def test_a_right_receipt_costs_nothing_and_clears_mistakes():
    guessing = Guessing(Clock())
    for _ in range(BURST * 3):
        guessing.admit("one")
        guessing.right("one")
    tried(guessing, "one")
    tried(guessing, "one")
    tried(guessing, "one")
    guessing.admit("one")
    guessing.right("one")
    assert guessing.admit("one") == 0


def test_new_conversations_do_not_help_a_guesser():
    """A page can be opened again at will, so all conversations together have a limit too."""
    clock = Clock()
    guessing = Guessing(clock)
    waits = [tried(guessing, f"conversation {n}") for n in range(BURST)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] > SLOWEST_SECONDS / 2
    with pytest.raises(TooManyGuesses):
        guessing.admit("one more")
    clock.now += REFILL_SECONDS
    guessing.admit("one more")
    with pytest.raises(TooManyGuesses):
        guessing.admit("another")
    assert guessing.take_refused() == 2
    assert guessing.take_refused() == 0


def test_what_is_remembered_of_guessers_has_a_bound(monkeypatch):
    monkeypatch.setattr(limits, "MOST_CONVERSATIONS", 5)
    clock = Clock()
    guessing = Guessing(clock)
    for number in range(50):
        clock.now += REFILL_SECONDS
        tried(guessing, f"conversation {number}")
    assert len(guessing._wrong) == 5
