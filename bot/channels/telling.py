"""Telling somebody that what they handed over went, with its receipt if it has one.

A ticket is written first, and its sender told afterwards. Until the words have gone out the
conversation owes them (the slot `referral_owed`): if the assistant is killed in between, or they
cannot be sent, they are said with the next message, with a new receipt in place of one that
perhaps nobody saw.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.events import SlotSet

from bot.dialogue.in_confidence import InConfidence, in_confidence
from bot.dialogue.referral import HANDED_OVER, OWED
from bot.referrals.desk import Desk, desk

logger = logging.getLogger(__name__)

TOLD = ("utter_referral_sent_receipt", "utter_referral_sent_contact")
"""The responses with which the sender of a ticket is told that it went."""


def tells(said: Iterable[str]) -> bool:
    """Whether responses of these names tell somebody that what they handed over went."""
    return any(name in TOLD for name in said)


class Telling:
    """While it is told; the names of the responses that went out are to be given to `went`.

    At the end, if it went out, that is noted for the unit, and what was handed over is let go of.
    """

    def __init__(
        self,
        agent: Agent,
        conversation: str,
        at: Desk | None = None,
        held: InConfidence | None = None,
    ) -> None:
        """Take the agent, and the conversation's name."""
        self._agent = agent
        self._conversation = conversation
        self._desk = at or desk()
        self._held = held or in_confidence()
        self._went = False
        self._draft: str | None = None

    def went(self, said: Iterable[str]) -> None:
        """Note that a bubble made of the responses `said` was handed to the network."""
        self._went = self._went or tells(said)

    async def __aenter__(self) -> Telling:
        self._draft = self._held.begin_telling(self._conversation)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._went:
                await self._desk.shown(self._draft or await self._draft_of_another())
                await let_go(self._agent, self._conversation)
        except Exception as failed:  # they were told; the next message asks again what is known
            logger.error("not noted that it was told: error=%s", type(failed).__name__)
        finally:
            self._held.end_telling(self._conversation)

    async def _draft_of_another(self) -> str:
        """Return the draft of what another process sent, and this one tells of."""
        tracker = await self._agent.tracker_store.retrieve(self._conversation)
        return str(tracker.get_slot("referral_draft") if tracker is not None else None)


async def let_go(agent: Agent, conversation: str) -> None:
    """Let go of what was handed over, once its sender was told."""
    async with agent.lock_store.lock(conversation):
        tracker: Any = await agent.tracker_store.retrieve(conversation)
        if tracker is None or not tracker.get_slot(OWED):
            return
        for name in HANDED_OVER:
            tracker.update(SlotSet(name, None))
        await agent.tracker_store.save(tracker)
