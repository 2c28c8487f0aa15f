"""Typed answers to a form's question: the choices that its buttons offer, in people's own words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from spacy.tokens import Doc, Span

from bot.nlu.extractors import TYPED
from bot.nlu.language import DOC, SpacyLanguage, pattern_vocabulary, read_pattern_lines
from bot.nlu.screening import ScreenedMatcher
from bot.paths import PATTERNS

CHOICES, PUT_RIGHT = PATTERNS / "choices.jsonl", PATTERNS / "put_right.yml"

LONGEST = 8
"""Tokens of a message that may be a choice; whoever writes more is telling something."""


LONGEST_WITH_AN_ASIDE = 48
"""Tokens of a message whose first clause may be a choice, and the rest an aside to it."""

CHANGED = "put_right"
"""Role of an entity that names a choice in words that put an answer right."""

OF_THE_MESSAGE = "message_"
"""What the slots begin with whose answers may be put right while a later one is asked for."""

ENDS_A_CLAUSE = (",", ".", ";", "!", "-", "–", "—", "(", "but", "because", "cos", "cause", "as")
"""Tokens after which the rest is an aside."""


def choices_in(doc: Doc) -> list[dict[str, Any]]:
    """Return the choices that a short message names, as Rasa entities, one of each name at most.

    A row of the pattern file may belong to several entities, as "skip" answers every question;
    the slots' mappings take the one that was asked for. A row that is `whole` counts only if
    nothing else is said: "no" is an answer, "no sleep since Monday" is not. Of a longer message
    the first clause may choose, in `LONGEST` tokens.
    """
    meant = meant_in(doc.text)
    if meant is not None and len(doc) <= LONGEST_WITH_AN_ASIDE:
        part = doc.char_span(*meant, alignment_mode="expand")
        named = _named(doc, part[:LONGEST] if part is not None else None)
        changed = [{**e, "role": CHANGED} for e in named if e["entity"].startswith(OF_THE_MESSAGE)]
        if named:
            return [*named, *changed]
    return _named(doc, doc[: len(doc) if len(doc) <= LONGEST else _first_clause(doc)])


def meant_in(text: str) -> tuple[int, int] | None:
    """Return where `text` says what is meant instead of something else, if it does."""
    marks, instead = _put_right()
    found = [match.end() for mark in marks for match in mark.finditer(text)]
    if found and text[max(found) :].strip():
        return max(found), len(text)
    whole = (pattern.match(text) for pattern in instead)
    return next((match.span(1) for match in whole if match), None)


def _named(doc: Doc, part: Span | None) -> list[dict[str, Any]]:
    """Return the choices that a part of a message names."""
    if part is None or not len(part):
        return []
    first, end = part.start, part.end
    matcher, rows = _matcher()
    found: dict[str, dict[str, Any]] = {}
    words = sum(not token.is_punct for token in part)
    matches = sorted(
        (match for match in matcher(doc) if first <= match[1] and match[2] <= end),
        key=lambda match: (match[1] - match[2], match[1]),
    )
    for row, start, end in matches:  # the longest first
        span = doc[start:end]
        if rows[row].get("whole") and sum(not token.is_punct for token in span) < words:
            continue
        for entity, value in rows[row]["entities"].items():
            found.setdefault(
                entity,
                {
                    "entity": entity,
                    "value": value,
                    "start": span.start_char,
                    "end": span.end_char,
                    "extractor": TYPED,
                },
            )
    return list(found.values())


def _first_clause(doc: Doc) -> int:
    """Return the tokens of a longer message's first clause, none if that is no short answer."""
    if len(doc) > LONGEST_WITH_AN_ASIDE:
        return 0
    length = next((token.i for token in doc if token.lower_ in ENDS_A_CLAUSE), 0)
    return length if length <= LONGEST else 0


@lru_cache(maxsize=1)
def _put_right() -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    """Return the marks after which something else is meant, and the frames around it."""
    held = yaml.safe_load(PUT_RIGHT.read_text(encoding="utf-8"))
    marks, instead = (
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in held[part])
        for part in ("marks", "instead")
    )
    return marks, instead


@lru_cache(maxsize=1)
def _matcher() -> tuple[ScreenedMatcher, dict[int, dict[str, Any]]]:
    """Return the matcher and its rows, by the matcher's number for each."""
    vocabulary = pattern_vocabulary()
    matcher, rows = ScreenedMatcher(vocabulary), {}
    for number, row in enumerate(read_pattern_lines(CHOICES)):
        name = f"choice {number}"
        matcher.add(name, row["patterns"])
        rows[vocabulary.strings[name]] = row
    return matcher, rows


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ChoiceReader(GraphComponent):
    """Adds the choices that a short message names to its entities."""

    @classmethod
    def required_components(cls) -> list[type]:
        """The document comes first."""
        return [SpacyLanguage]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ChoiceReader:
        """Make the reader."""
        return cls()

    def __init__(self) -> None:
        """Read the pattern file."""
        _matcher()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the choices of every message."""
        for message in messages:
            entities = [*(message.get(ENTITIES) or []), *choices_in(message.get(DOC))]
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
