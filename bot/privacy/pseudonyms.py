"""Pseudonyms: what a conversation is called inside, from which nobody can be found."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.privacy.lifetimes import (
    KEY_LIFE_SECONDS,
    KEY_ROTATION_SECONDS,
    LIFE_SECONDS,
    MOST_CONVERSATIONS,
)

BYTES = 16
"""128 bits of the HMAC are kept: enough that no two conversations ever meet."""


@dataclass
class _Key:
    """A key, when it was made, and the conversations it names with when each was last used."""

    made: float
    secret: bytearray = field(default_factory=lambda: bytearray(secrets.token_bytes(32)))
    named: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def name(self, channel: str, identifier: str) -> str:
        """Return the HMAC of `identifier` on `channel`."""
        message = f"{channel}\x00{identifier}".encode(errors="surrogatepass")
        return hmac.digest(self.secret, message, "sha256")[:BYTES].hex()

    def destroy(self) -> None:
        """Overwrite the key, so that it is not left behind in freed memory."""
        self.secret[:] = bytes(len(self.secret))
        self.named.clear()


class Pseudonyms:
    """Keyed names for conversations; keys are random, in memory, and short-lived.

    A key names new conversations for `rotation` seconds. After that it only goes on naming
    those that are still running, and is overwritten an hour after the last message of the last
    of them, or at the age of `life`, whichever is first. Then nobody, with the
    identifier in hand, can tell what its conversation was called.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        rotation: float = KEY_ROTATION_SECONDS,
        life: float = KEY_LIFE_SECONDS,
        idle: float = LIFE_SECONDS,
    ) -> None:
        """Start without a key; `clock` gives seconds, `idle` ends a name that is not used."""
        self._clock = clock
        self._rotation, self._life, self._idle = rotation, life, idle
        self._keys: list[_Key] = []

    def of(self, channel: str, identifier: str) -> str:
        """Return the pseudonym of `identifier` on `channel`, 32 hexadecimal digits."""
        now = self._clock()
        self.sweep()
        if not self._keys or now - self._keys[-1].made >= self._rotation:
            self._keys.append(_Key(now))
        *older, newest = self._keys
        running = ((key, key.name(channel, identifier)) for key in reversed(older))
        key, name = next(
            ((key, name) for key, name in running if name in key.named),
            (newest, newest.name(channel, identifier)),
        )
        key.named[name] = now
        key.named.move_to_end(name)
        if len(key.named) > MOST_CONVERSATIONS:
            key.named.popitem(last=False)
        return name

    def forget(self, name: str) -> None:
        """Stop naming a conversation by an older key: its next message begins another."""
        for key in self._keys:
            key.named.pop(name, None)

    def sweep(self) -> None:
        """Drop names that were not used for an hour, and destroy keys that have no more use."""
        now = self._clock()
        for key in self._keys:
            while key.named and now - next(iter(key.named.values())) >= self._idle:
                key.named.popitem(last=False)
        for key in [*self._keys]:
            age = now - key.made
            if age >= self._life or (age >= self._rotation and not key.named):
                key.destroy()
                self._keys.remove(key)

    def key_ages(self) -> list[float]:
        """Return the ages of the keys that are held, in seconds, the oldest first."""
        return [self._clock() - key.made for key in self._keys]
