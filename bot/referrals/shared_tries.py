"""One limit of tries at receipts over all workers, where they share a Redis.

Redis holds how many tries are left and when that was so: one number of everybody's, and nothing of
who tried or what. It is gone two minutes after the last try, and is never in the database, which
keeps no time finer than a week.
"""

from __future__ import annotations

import logging
import math

from bot.redis_client import REDIS_ERRORS, RedisClient
from bot.referrals import guessing

logger = logging.getLogger(__name__)

KEY = "sidedoor:receipt-tries"
"""The only key."""

TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local most, refill, taken = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = most
if held[1] then
    left = math.min(most, held[1] + math.max(0, now - held[2]) / refill)
end
if left < taken then return 'none' end
left = math.min(most, left - taken)
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return string.format('%.6f', left)
"""
"""Takes tries, or gives them back if `taken` is negative; returns how many are left, or "none"."""


class SharedTries:
    """The tries that all workers together have left."""

    def __init__(self, address: str) -> None:
        """Take the address of Redis; nothing is connected yet."""
        self._redis = RedisClient(address)

    async def take(self) -> float | None:
        """Take one try; return how many are left, or None if there was none.

        A Redis that is away refuses nobody: each worker's own limit holds then.
        """
        left = await self._change(1)
        return None if left == "none" else float(left)

    async def give_back(self) -> None:
        """Give back a try that was not made, or whose receipt was right."""
        await self._change(-1)

    async def _change(self, taken: int) -> str:
        most, refill = guessing.BURST, guessing.REFILL_SECONDS
        arguments = (most, refill, taken, math.ceil(most * refill))
        try:
            return (await self._redis().eval(TAKE, 1, KEY, *arguments)).decode("ascii")
        except REDIS_ERRORS as error:
            logger.warning("tries of receipts not shared: error=%s", type(error).__name__)
            return str(most)
