"""Conversation state in Redis, for more than one process: the same wiping, the same hour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from redis.exceptions import RedisError, ResponseError

from bot.dialogue.state import EphemeralTrackerStore
from bot.privacy.lifetimes import LIFE_SECONDS
from bot.redis_client import RedisClient

PREFIX = "sidedoor:conversation:"
"""What the keys begin with; a conversation's pseudonym follows."""


class RedisNotFitError(RuntimeError):
    """The Redis cannot be reached, or would keep conversations longer than we say."""


class RedisTrackerStore(EphemeralTrackerStore):
    """Keeps wiped trackers in a Redis that forgets them an hour after their last message.

    Redis deletes by itself, so that a process that dies leaves nothing behind. On the web page any
    worker can go on with a conversation (`bot/channels/web_shared.py`); one on Telegram belongs to
    the process that began it, which holds its pseudonym's key and its buttons.
    """

    def __init__(
        self,
        address: str,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        life: int = LIFE_SECONDS,
        **kwargs: Any,
    ) -> None:
        """Take the address, such as redis://127.0.0.1:6379/0; nothing is connected yet."""
        super().__init__(domain, event_broker, **kwargs)
        self._redis = RedisClient(address, decode_responses=True)
        self._life = life

    async def check(self) -> None:
        """Make sure that Redis answers and writes nothing to disk.

        Raises:
            RedisNotFitError: saying what is wrong and how to mend it.
        """
        try:
            await self._redis().ping()
            kept = {
                name: (await self._redis().config_get(name)).get(name)
                for name in ("save", "appendonly")
            }
        except ResponseError:
            raise RedisNotFitError(
                "SIDEDOOR_REDIS_URL: this Redis does not say whether it writes to disk;"
                " allow CONFIG GET"
            ) from None
        except RedisError as error:
            raise RedisNotFitError(
                f"SIDEDOOR_REDIS_URL: Redis does not answer ({type(error).__name__});"
                " start it or correct the address"
            ) from None
        if kept["save"] or kept["appendonly"] != "no":
            raise RedisNotFitError(
                "SIDEDOOR_REDIS_URL: this Redis writes to disk;"
                " start it with --save '' --appendonly no"
            )

    async def _hold(self, tracker: DialogueStateTracker) -> None:
        serialised = SerializedTrackerAsText.serialise_tracker(tracker)
        await self._redis().set(PREFIX + tracker.sender_id, serialised, ex=self._life)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation's tracker, or None if it has ended or never was."""
        serialised = await self._redis().get(PREFIX + sender_id)
        return self.deserialise_tracker(sender_id, serialised) if serialised else None

    async def delete(self, sender_id: str) -> None:
        """Forget the conversation."""
        self.forgotten += 1
        await self._redis().delete(PREFIX + sender_id)

    async def keys(self) -> Iterable[str]:
        """Return the ids of the conversations that are held."""
        found = self._redis().scan_iter(match=f"{PREFIX}*")
        return [key.removeprefix(PREFIX) async for key in found]

    def drop_expired(self) -> None:
        """Do nothing: Redis deletes."""
