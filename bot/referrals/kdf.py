"""Argon2id, one derivation at a time: two at once would double the memory, a hundred end it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from nacl.pwhash import argon2id

from bot.referrals.errors import DeskUnavailable

Result = TypeVar("Result")

SALT_BYTES = int(argon2id.SALTBYTES)


class Cost(NamedTuple):
    """What one derivation takes: passes over the memory, and its bytes."""

    passes: int
    memory: int


RECEIPT_COST = Cost(passes=12, memory=128 * 1024 * 1024)
"""About a second of one core, of which three passes took less than a third: as slow for a guesser
as somebody who waits for an answer may be kept. GlobaLeaks tunes its receipts likewise."""

PASSPHRASE_COST = Cost(int(argon2id.OPSLIMIT_MODERATE), int(argon2id.MEMLIMIT_MODERATE))
"""libsodium's "moderate": 256 MB. People choose passphrases; receipts are random."""

_ONE_AT_A_TIME = threading.Lock()

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="key-derivation")
"""Where coroutines have theirs done, so that those who wait hold no thread of the loop's pool."""


def derive(secret: bytes, salt: bytes, cost: Cost, size: int) -> bytes:
    """Return `size` bytes; waits for the derivation that is under way in this process.

    Raises:
        DeskUnavailable: if the machine has not the memory for it now.
    """
    with _ONE_AT_A_TIME:
        try:
            derived = argon2id.kdf(size, secret, salt, opslimit=cost.passes, memlimit=cost.memory)
        except RuntimeError:  # what libsodium says of a failed allocation
            raise DeskUnavailable("there is not enough memory to derive a key") from None
    return bytes(derived)


async def beside_the_loop(work: Callable[[], Result]) -> Result:
    """Run a derivation in the thread for them; the loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
