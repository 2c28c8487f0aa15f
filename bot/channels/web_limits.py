"""How much one conversation and one address may ask; in memory only."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """`burst` requests at once, and `per_second` more as time goes on."""

    burst: float
    per_second: float


@dataclass(frozen=True)
class Limits:
    """The limits of the web chat.

    A whole hospital may share one address, so its rate lets fifty people write without a
    pause. Opening costs more, so that one address cannot, within the hour that a conversation
    lives, open as many as are held (`MOST_CONVERSATIONS`) and push out everybody else's.
    """

    conversation: Rate = Rate(20, 1)
    address: Rate = Rate(400, 20)
    opening_costs: float = 5
    turns_at_once: int = 200


class Buckets:
    """Counts requests by key: each key has a bucket that empties with use and fills with time."""

    MOST = 100_000
    """Keys held at once; beyond, the one unused longest is dropped."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        """Start with every bucket full; `clock` gives seconds."""
        self._rate = rate
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, key: bytes, cost: float = 1) -> float:
        """Take `cost` from the bucket of `key`; return 0, or the seconds until that is possible."""
        now = self._clock()
        left, at = self._held.pop(key, (self._rate.burst, now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_second)
        wait = max(0.0, (cost - left) / self._rate.per_second)
        self._held[key] = (left if wait else left - cost, now)
        self.sweep()
        return wait

    def __len__(self) -> int:
        return len(self._held)

    def sweep(self) -> None:
        """Forget the keys whose bucket has surely filled again, and those beyond `MOST`."""
        now = self._clock()
        fill = self._rate.burst / self._rate.per_second
        while self._held:
            _, at = next(iter(self._held.values()))
            if now - at < fill and len(self._held) <= self.MOST:
                return
            self._held.popitem(last=False)


class AddressBuckets(Buckets):
    """Buckets by network address. The address itself is not kept, only a keyed digest of it."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        """Draw the key, which dies with the process."""
        super().__init__(rate, clock)
        self._key = secrets.token_bytes(32)

    def take_of(self, address: str, cost: float = 1) -> float:
        """Take from the bucket of `address`; one household's IPv6 addresses share a bucket."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            network = b"unknown"
        else:
            mapped = getattr(parsed, "ipv4_mapped", None) or parsed
            network = mapped.packed[:8] if mapped.version == 6 else mapped.packed
        return self.take(hashlib.blake2b(network, key=self._key).digest(), cost)


def client_address(peer: str, forwarded: str, proxies: int) -> str:
    """Return who asks: the peer, or what the outermost of our `proxies` has noted.

    Only the last entries of `X-Forwarded-For` come from our own proxies; whoever sends the
    request can write anything before them.
    """
    noted = [entry.strip() for entry in forwarded.split(",") if entry.strip()]
    if proxies == 0 or not noted:
        return peer
    return noted[max(0, len(noted) - proxies)]
