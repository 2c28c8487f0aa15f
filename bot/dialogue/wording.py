"""Chooses among the sentences of `domain/`: the one said longest ago, joined into bubbles."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import Any

from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.interpolator import interpolate_text
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.dialogue.memory import SAID

ANSWERS = ("utter_answer_", "utter_asked_")
"""What the names of answers begin with, which are not given again and again."""

TOLD_ALL = "utter_told_all"
"""Said in place of an answer that is used up, unless its first variant's metadata names another."""

AGAIN = "again"
"""Value of that metadata for what may be repeated."""

LATELY = 6
"""Turns in which an answer is not given again in the same words."""


class UnknownResponseError(LookupError):
    """An action asked for a response that `domain/` does not have."""


class Wording(TemplatedNaturalLanguageGenerator):
    """Rasa's response generator, with a memory and with composition.

    * Of a response's variants it takes one not yet said in this conversation; when all
      have been said, the one said longest ago. So nothing is repeated before it must be.
      Which unsaid one comes first differs between conversations, and is fixed within one;
      `metadata: {order: listed}` on the first variant keeps the order of the file.
    * An answer of which every variant was said lately is not said again: what is said instead
      owns up to it. `metadata: {used_up: …}` names that, or "again" where it may be repeated.
    * `parts`, a list of response names, makes one bubble of several responses.
    * `choices`, a list of intents, keeps only the buttons that mean one of them.
    * `phrases`, variable -> response name, fills variables with other responses' texts.

    What was said is remembered as ids in the bot events' metadata, not as text.
    """

    def __init__(
        self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None
    ) -> None:
        """Take the responses of `domain`; `endpoint_config` is Rasa's, and not used."""
        super().__init__(domain.responses if domain else {})

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return the bubble as Rasa's response dictionary.

        Raises:
            UnknownResponseError: if a part is not in the domain or has no fitting variant.
        """
        parts = kwargs.pop("parts", None) or [utter_action]
        slots = tracker.current_slot_values()
        recent = _last_said(tracker)
        if len(parts) == 1:
            parts = [self._instead(parts[0], slots, output_channel, tracker)]
        chosen = [
            self._choose(part, slots, output_channel, recent, tracker.sender_id) for part in parts
        ]
        for variable, name in (kwargs.pop("phrases", None) or {}).items():
            phrase = self._choose(name, slots, output_channel, recent, tracker.sender_id)[1]
            kwargs[variable] = phrase["text"]
        bubble: dict[str, Any] = {SAID: [name for name, _ in chosen]}
        texts = [v["text"] for _, v in chosen if v.get("text")]
        bubble["text"] = interpolate_text(" ".join(texts), {**slots, **kwargs})
        kept = kwargs.pop("choices", None)
        buttons = [
            copy.copy(button)
            for _, v in chosen
            for button in v.get("buttons") or []
            if kept is None or button["payload"].partition("{")[0].lstrip("/") in kept
        ]
        if buttons:
            bubble["buttons"] = buttons
        return bubble

    def _choose(
        self,
        name: str,
        slots: dict[str, Any],
        channel: str,
        recent: dict[str, int],
        conversation: str,
    ) -> tuple[str, dict[str, Any]]:
        fitting, ids = self._fitting(name, slots, channel)
        variants = self.responses[name]

        listed = (variants[0].get("metadata") or {}).get("order") == "listed"

        def rank(index: int) -> tuple[int, bytes]:
            draw = hashlib.blake2b(f"{conversation} {ids[index]}".encode(), digest_size=8)
            return recent.get(ids[index], -1), bytes([index]) if listed else draw.digest()

        best = min(range(len(ids)), key=rank)
        return ids[best], fitting[best]

    def _fitting(
        self, name: str, slots: dict[str, Any], channel: str
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the variants of a response that fit the conversation, and their ids."""
        if name not in self.responses:
            raise UnknownResponseError(f"domain/ has no response {name}")
        fitting = ResponseVariationFilter(self.responses).responses_for_utter_action(
            name, channel, slots
        )
        if not fitting:
            raise UnknownResponseError(f"no variant of {name} fits the conversation")
        variants = self.responses[name]
        ids = [f"{name}:{next(i for i, v in enumerate(variants) if v is f)}" for f in fitting]
        return fitting, ids

    def _instead(
        self, name: str, slots: dict[str, Any], channel: str, tracker: DialogueStateTracker
    ) -> str:
        """Return what is said for `name`: itself, unless it is an answer that is used up."""
        metadata = (self.responses.get(name) or [{}])[0].get("metadata") or {}
        instead = metadata.get("used_up", TOLD_ALL if name.startswith(ANSWERS) else AGAIN)
        if instead == AGAIN:
            return name
        lately = _said_lately(tracker)
        used_up = all(id_ in lately for id_ in self._fitting(name, slots, channel)[1])
        return str(instead) if used_up else name


def _last_said(tracker: DialogueStateTracker) -> dict[str, int]:
    """Return variant id -> when it was last said, as a number that grows."""
    return {variant: at for at, variant in enumerate(_said(tracker))}


def _said(tracker: DialogueStateTracker) -> Iterator[str]:
    for event in tracker.events:
        if isinstance(event, BotUttered):
            yield from event.metadata.get(SAID, ())


def _said_lately(tracker: DialogueStateTracker) -> set[str]:
    """Return the variants said in answer to the messages of the last turns."""
    said: list[set[str]] = [set()]
    for event in tracker.events:
        if isinstance(event, UserUttered):
            said.append(set())
        elif isinstance(event, BotUttered):
            said[-1].update(event.metadata.get(SAID, ()))
    return set().union(*said[-LATELY - 1 :])
