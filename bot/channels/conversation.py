"""What every channel shares: text that stays text, buttons that we issued, and never silence."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from bot.channels.confidant import UNAVAILABLE, Confidant, Owed, Taken
from bot.channels.fixed import fixed
from bot.channels.typed_choices import chosen_in
from bot.dialogue.in_confidence import RECEIPT
from bot.dialogue.memory import SAID
from bot.dialogue.reading import CHOSEN
from bot.privacy.identifiers import looks_identifying
from bot.referrals.receipts import read_receipt

logger = logging.getLogger(__name__)

OPEN = "/open_conversation"
"""Payload that opens a conversation."""

TELL = "/tell_referral"
"""Payload by which the agent tells again what its sender may not have been told."""

DROP = "/drop_referral"
"""Payload by which the agent takes it back, while that is so."""

MAX_TEXT = 10_000
"""Characters of a message that a channel passes on: of a longer one, the beginning and the end."""

TURN_SECONDS = 25
"""Seconds after which a turn is given up; the person gets the help card."""

CRISIS = "utter_crisis_"
"""What the names of crisis responses begin with: nothing comes before such a bubble."""

BEGAN_AGAIN = "utter_began_again"
"""Said when somebody goes on in a conversation that is no longer held."""

SHARED_TOO_MUCH = "utter_shared_too_much"
"""Said when a message seems to hold what could tell who somebody is."""

KEPT_BACK = "utter_referral_kept_back"
"""Said when words meant for a unit were answered here instead."""

HELD = "utter_referral_held"
"""Said when they were sealed beside, and wait."""

REMARKS = (BEGAN_AGAIN, SHARED_TOO_MUCH, KEPT_BACK, HELD)
"""What is said beside a reply: before it, unless the reply begins a crisis."""

FORGOTTEN = "utter_forgotten"
"""Said when somebody asked to be forgotten: nothing is held in confidence either."""

Handler = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Button:
    """A choice: the id that we issued, the title that is seen, and what it means to the agent."""

    id: str
    title: str
    payload: str


@dataclass(frozen=True)
class Bubble:
    """One message of the assistant, and the names of the responses it was made of."""

    text: str
    buttons: tuple[Button, ...] = ()
    said: tuple[str, ...] = field(default=(), compare=False)


def as_text(text: str) -> str:
    """Return `text` such that Rasa cannot read it as a command.

    Rasa takes anything that begins with "/" for an intent, which would let anybody fire
    any intent; only the buttons we issued may.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT // 2]} {text[-MAX_TEXT // 2 :]}"
    return re.sub(r"^[\s/]+", "", text)


def as_label(text: str) -> str:
    """Return a text as labels are compared: without case, apostrophes and what surrounds it."""
    return re.sub(r"['’]", "", text).casefold().strip(' \t\n.,;:!?[]()"“”')


def labels_of(bubbles: Iterable[Bubble]) -> dict[str, str]:
    """Return label -> payload of the buttons that are on the screen after these bubbles."""
    return {as_label(b.title): b.payload for bubble in bubbles for b in bubble.buttons}


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


class _Collector(CollectingOutputChannel):
    """Collects what is said, a bubble whole, with the names of its responses.

    It bears the channel's name, by which `domain/` may word a sentence differently.
    """

    def __init__(self, channel: str) -> None:
        super().__init__()
        self._channel = channel

    def name(self) -> str:
        """Return the name of the channel that is collected for."""
        return self._channel

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Keep a bubble."""
        self.messages.append({"text": text, SAID: kwargs.get(SAID)})

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        """Keep a bubble with choices."""
        self.messages.append({"text": text, "buttons": buttons, SAID: kwargs.get(SAID)})


async def ask_agent(
    handle: Handler,
    sender_id: str,
    channel: str,
    text: str | None = None,
    payload: str | None = None,
    deanery: str | None = None,
    continues: bool = False,
    confidant: Confidant | None = None,
    labels: Mapping[str, str] | None = None,
) -> list[Bubble]:
    """Send one message or button press to the agent and return what it says.

    Whatever fails, and if nothing comes in `TURN_SECONDS`, the person gets the help card, never
    silence. `continues` says that the person means to go on: if the conversation is no longer
    held, they are told. `confidant` takes what is typed before the agent does, so that the agent
    never has in clear what is meant for a unit, nor a receipt. A text that is one of the `labels`
    of the buttons on the screen (`labels_of`) is the press of that button; one that chooses and
    says more is read whole, with the choice beside it.
    """
    chosen: list[str] = []
    if text is not None and labels and (meant := labels.get(as_label(text))):
        text, payload = None, meant
    elif text is not None and labels:
        chosen = chosen_in(text, labels)
    collector = _Collector(channel)
    metadata: dict[str, Any] = {"deanery": deanery} if deanery else {}
    if continues:
        metadata["continues"] = True
    if chosen:
        metadata[CHOSEN] = [parse_payload(one) for one in chosen]

    async def hold_turn(words: str, parse_data: dict[str, Any] | None) -> None:
        message = UserMessage(
            text=words,
            output_channel=collector,
            sender_id=sender_id,
            input_channel=channel,
            parse_data=parse_data,
            metadata=metadata,
        )
        try:
            await asyncio.wait_for(handle(message), TURN_SECONDS)
        except Exception as error:  # nobody is left without an answer; the words are not logged
            logger.error("turn failed: error=%s", type(error).__name__)

    pressed = parse_payload(payload) if payload else None
    taken = Taken(None if text is None else as_text(text))
    if confidant is not None:
        owed = await confidant.owed(sender_id, taken.text, pressed)
        if owed is not Owed.NOTHING:
            await hold_turn("", parse_payload(DROP if owed is Owed.DROPPED else TELL))
        if owed in (Owed.ALONE, Owed.DROPPED):
            return await _finished(collector, confidant, sender_id)
        if taken.text is not None:
            try:
                cut, command = len(text or "") > MAX_TEXT, (text or "").lstrip().startswith("/")
                taken = await confidant.take(sender_id, taken.text, cut, command)
            except Exception as error:  # it may be in confidence: the agent does not get it then
                logger.error("not taken in confidence: error=%s", type(error).__name__)
                return fallback_bubbles()
    await hold_turn(taken.text or "", pressed or taken.parse_data)
    return await _finished(collector, confidant, sender_id, taken)


async def _finished(
    collector: _Collector, confidant: Confidant | None, sender_id: str, taken: Taken | None = None
) -> list[Bubble]:
    """Return what was said as bubbles, with remarks on what was `taken`."""
    bubbles = [_bubble(m) for m in collector.messages if m.get("text")]
    bubbles = bubbles or fallback_bubbles()
    taken = taken or Taken()
    if taken.identifying or (taken.text is not None and looks_identifying(taken.text)):
        bubbles.append(Bubble(fixed(SHARED_TOO_MUCH), said=(SHARED_TOO_MUCH,)))
    if taken.kept_back:
        bubbles.append(Bubble(fixed(KEPT_BACK), said=(KEPT_BACK,)))
    if taken.held:
        bubbles.append(Bubble(fixed(HELD), said=(HELD,)))
    if confidant is None:
        return _in_order(bubbles)
    if any(FORGOTTEN in bubble.said for bubble in bubbles):
        confidant.let_go(sender_id)
    return _in_order([b for bubble in bubbles for b in await _filled(confidant, sender_id, bubble)])


async def _filled(confidant: Confidant, sender_id: str, bubble: Bubble) -> list[Bubble]:
    """Return the bubble with what is said in confidence, which the agent never had."""
    try:
        texts = await confidant.fill(sender_id, bubble.text)
    except Exception as error:  # nobody is left without an answer; what it was is not logged
        logger.error("not said in confidence: error=%s", type(error).__name__)
        texts = [fixed(UNAVAILABLE)]
    if RECEIPT in bubble.text and not any(read_receipt(text) for text in texts):
        bubble = replace(bubble, said=())  # it tells nobody that their ticket went
    return [replace(bubble, text=text) for text in texts]


def _in_order(bubbles: list[Bubble]) -> list[Bubble]:
    """Return remarks before the reply, whose question comes last; but nothing before a crisis."""
    remarks = [b for b in bubbles if b.said and b.said[0] in REMARKS]
    reply = [b for b in bubbles if b not in remarks]
    if any(name.startswith(CRISIS) for b in reply[:1] for name in b.said):
        return [*reply[:1], *remarks, *reply[1:]]
    return [*remarks, *reply]


def _bubble(message: dict[str, Any]) -> Bubble:
    buttons = tuple(
        Button(secrets.token_hex(4), b["title"], b["payload"]) for b in message.get("buttons") or ()
    )
    said = tuple(variant.partition(":")[0] for variant in message.get(SAID) or ())
    return Bubble(message["text"].strip(), buttons, said)


def fallback_bubbles() -> list[Bubble]:
    """Return what is said when the agent cannot answer: the help card, then a plain sentence."""
    return [Bubble(fixed("utter_help_card")), Bubble(fixed("utter_action_failed"))]
