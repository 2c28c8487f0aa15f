"""What may be said once and is in no event, slot or log: receipts, opened tickets, answers.

An action puts a place into its bubble, and the channel fills the place as it sends. What is held
here is in memory, by conversation, for as long as the conversation is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache

from bot.privacy.lifetimes import LIFE_SECONDS, MOST_CONVERSATIONS
from bot.referrals.desk import Desk, Opened, desk
from bot.referrals.errors import DeskUnavailable

logger = logging.getLogger(__name__)

RECEIPT, ANSWER, NEW = "⟦receipt⟧", "⟦answer⟧", "⟦new⟧"
"""Places in a bubble: for a new receipt, for an answer of the unit (a bubble for each), and for the
mark of an answer that was not read before."""


@dataclass
class _Held:
    """Of one conversation: when it was used, its opened ticket, what was sent by draft."""

    used: float
    opened: Opened | None = None
    sendings: dict[str, asyncio.Future[str | None]] = field(default_factory=dict)
    receipt: str | None = None
    """A receipt that is to be shown."""
    draft: str | None = None
    """What was sent last, until its sender is told."""


class InConfidence:
    """What conversations hold in confidence, by pseudonym."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing; `clock` gives seconds."""
        self._clock = clock
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._telling: set[str] = set()

    def opened(self, conversation: str) -> Opened | None:
        """Return the ticket that the conversation has open."""
        self.sweep()
        held = self._held.get(conversation)
        return held.opened if held else None

    def keep_opened(self, conversation: str, opened: Opened | None) -> None:
        """Hold an opened ticket, or let go of it."""
        if opened is not None or conversation in self._held:
            self._of(conversation).opened = opened

    async def send_once(
        self,
        conversation: str,
        draft: str,
        content: str,
        send: Callable[[], Awaitable[str | None]],
    ) -> None:
        """Send a draft with this content unless it is being sent or was sent; hold its receipt.

        A turn that is given up does not stop a sending, and finds it when it is tried again. One
        that failed is as if it had never been.
        """
        held = self._of(conversation)
        sending = held.sendings.get(draft + content)
        if sending is None or (sending.done() and (sending.cancelled() or sending.exception())):
            sending = asyncio.ensure_future(send())
            sending.add_done_callback(lambda done: done.cancelled() or done.exception())
            held.sendings[draft + content] = sending
        held.receipt, held.draft = await asyncio.shield(sending), draft

    async def take_back(
        self, conversation: str, draft: str, withdraw: Callable[[], Awaitable[None]]
    ) -> None:
        """Withdraw a draft of which nothing may have gone; what is being sent, once it is there."""
        held = self._held.get(conversation)
        for name, sending in (held.sendings if held else {}).items():
            if name.startswith(draft) and not sending.done():
                sending.add_done_callback(lambda _: asyncio.ensure_future(withdraw()))
        await withdraw()

    def take_receipt(self, conversation: str) -> str | None:
        """Return the receipt that is to be shown now, and let go of it."""
        held = self._held.get(conversation)
        if held is None:
            return None
        receipt, held.receipt = held.receipt, None
        held.sendings.clear()
        return receipt

    def begin_telling(self, conversation: str) -> str | None:
        """Note that the conversation is being told now that what it sent went; return its draft.

        There is none if another process sent it.
        """
        self._telling.add(conversation)
        held = self._held.get(conversation)
        if held is None:
            return None
        draft, held.draft = held.draft, None
        return draft

    def end_telling(self, conversation: str) -> None:
        """Note that this has come to its end, well or not."""
        self._telling.discard(conversation)

    def is_telling(self, conversation: str) -> bool:
        """Whether the conversation is being told now."""
        return conversation in self._telling

    def let_go(self, conversation: str) -> None:
        """Let go of everything that the conversation holds."""
        self._held.pop(conversation, None)

    def sweep(self) -> None:
        """Let go of what ended conversations held, and of the oldest if there is too much."""
        limit = self._clock() - LIFE_SECONDS
        while self._held:
            conversation, held = next(iter(self._held.items()))
            if held.used > limit and len(self._held) <= MOST_CONVERSATIONS:
                return
            del self._held[conversation]

    def _of(self, conversation: str) -> _Held:
        self.sweep()
        held = self._held.setdefault(conversation, _Held(self._clock()))
        held.used = self._clock()
        self._held.move_to_end(conversation)
        return held


@cache
def in_confidence() -> InConfidence:
    """Return what this process holds."""
    return InConfidence()


async def withdraw(conversation: str, draft: str) -> None:
    """Take back what may have been sent with a draft that a conversation still holds."""
    at = desk()
    await in_confidence().take_back(conversation, draft, lambda: at.withdraw(draft))


def unit_accepts(deanery: str | None) -> bool:
    """Whether a ticket can be sent to the deanery's unit now; not while its database is away."""
    return deanery is not None and _ask_desk(lambda at: at.accepts(deanery), unknown=False)


def receipts_in_use() -> bool:
    """Whether any unit here takes tickets; without one nothing in a conversation is different.

    While that is not known, because the database has been away since this process began, there
    may be receipts, and words that are meant for a unit.
    """
    return _ask_desk(lambda at: at.in_use(), unknown=True)


def _ask_desk(question: Callable[[Desk], bool], unknown: bool) -> bool:
    """Return the desk's answer, or `unknown` if its database cannot be reached."""
    try:
        return question(desk())
    except DeskUnavailable:
        logger.warning("referrals are not available")
        return unknown
