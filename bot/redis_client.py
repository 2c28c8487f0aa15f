"""The connection to Redis: one client for each event loop, and how long it may take to answer."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import RedisError

PATIENCE_SECONDS = 3
"""Seconds after which Redis counts as down, and the person gets the help card."""

REDIS_ERRORS = (RedisError, OSError, asyncio.TimeoutError)
"""What a call raises when Redis is down or away."""


class RedisClient:
    """Gives the client of the running event loop; connections cannot move to another."""

    def __init__(self, address: str, **options: Any) -> None:
        """Take the address, such as redis://127.0.0.1:6379/0; nothing is connected yet."""
        self._address = address
        self._options = options
        self._client: Redis | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> Redis:
        """Return the client."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = Redis.from_url(
                self._address,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
                # After a Redis has started again, each connection that was held is found lost by
                # whoever uses it next: nobody is to get the help card for that.
                retry=Retry(NoBackoff(), 1),
                retry_on_error=[LostError],
                **self._options,
            )
        return self._client
