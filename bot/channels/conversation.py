"""What every channel shares: text that stays text, buttons that we issued, and never silence."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from bot.paths import DOMAIN

logger = logging.getLogger(__name__)

OPEN = "/open_conversation"
"""Payload that opens a conversation."""

MAX_TEXT = 10_000
"""Characters of a message that a channel passes on: of a longer one, the beginning and the end."""

Handler = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Button:
    """A choice: the id that we issued, the title that is seen, and what it means to the agent."""

    id: str
    title: str
    payload: str


@dataclass(frozen=True)
class Bubble:
    """One message of the assistant."""

    text: str
    buttons: tuple[Button, ...] = ()


def as_text(text: str) -> str:
    """Return `text` such that Rasa cannot read it as a command.

    Rasa takes anything that begins with "/" for an intent, which would let anybody fire
    any intent; only the buttons we issued may.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT // 2]} {text[-MAX_TEXT // 2 :]}"
    return re.sub(r"^[\s/]+", "", text)


def parse_payload(payload: str) -> dict[str, Any]:
    """Return a button's payload, such as `/choose{"deanery": "wales"}`, as Rasa parse data."""
    match = re.fullmatch(r"/(\w+)(\{.*\})?", payload)
    if match is None:
        raise ValueError(f"{payload!r} is not a payload")
    entities = json.loads(match.group(2) or "{}")
    return {
        "text": "",
        "intent": {"name": match.group(1), "confidence": 1.0},
        "entities": [{"entity": key, "value": value} for key, value in entities.items()],
    }


async def ask_agent(
    handle: Handler,
    sender_id: str,
    channel: str,
    text: str | None = None,
    payload: str | None = None,
    deanery: str | None = None,
) -> list[Bubble]:
    """Send one message or button press to the agent and return what it says.

    Whatever fails, the person gets the help card, never silence.
    """
    collector = CollectingOutputChannel()
    message = UserMessage(
        text=as_text(text) if text is not None else "",
        output_channel=collector,
        sender_id=sender_id,
        input_channel=channel,
        parse_data=parse_payload(payload) if payload else None,
        metadata={"deanery": deanery} if deanery else {},
    )
    try:
        await handle(message)
    except Exception as error:  # nobody is left without an answer; the words are not logged
        logger.error("turn failed: error=%s", type(error).__name__)
    bubbles = [_bubble(m) for m in collector.messages if m.get("text")]
    return bubbles or fallback_bubbles()


def _bubble(message: dict[str, Any]) -> Bubble:
    buttons = tuple(
        Button(secrets.token_hex(4), b["title"], b["payload"]) for b in message.get("buttons") or ()
    )
    return Bubble(message["text"].strip(), buttons)


@lru_cache(maxsize=1)
def fallback_bubbles() -> list[Bubble]:
    """Return what is said when the agent cannot answer: a plain sentence and the help card."""
    with (DOMAIN / "crisis.yml").open(encoding="utf-8") as file:
        responses = yaml.safe_load(file)["responses"]
    names = ("utter_action_failed", "utter_help_card")
    return [Bubble(responses[name][0]["text"]) for name in names]
