"""The linguistics: spaCy tokens, lemmas, curated entities, scopes of negation and persons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from bot.deanery import deanery_names
from bot.nlu.scope import mark_scope
from bot.nlu.screening import ScreenedMatcher
from bot.nlu.text import as_read
from bot.paths import PATTERNS

DOC = "spacy_doc"
"""Message key: the spaCy document of the cleaned text; never part of the output."""

_LOWERED = "lowered"


class PatternFileError(ValueError):
    """A line of a pattern file is not what it has to be."""


def read_pattern_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of JSON lines.

    Raises:
        PatternFileError: naming the file and line that is not JSON.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise PatternFileError(f"{path.name}, line {number}: {error.msg}") from None


@lru_cache(maxsize=1)
def spacy_language() -> Language:
    """Return blank English with lemmas, sentences and our entities; no downloaded model."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", ";", "…"]})
    nlp.add_pipe("lemmatizer", config={"mode": "lookup"})
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    nlp.initialize()
    ruler.matcher = ScreenedMatcher(nlp.vocab, validate=False)
    ruler.add_patterns(list(_entity_patterns()))
    return nlp


@lru_cache(maxsize=1)
def pattern_vocabulary() -> Vocab:
    """Return the vocabulary that patterns are compiled with.

    No message's words come into it, so that it can stay when the language, whose vocabulary
    keeps every word it met, is thrown away (`bot/privacy/words.py`). A matcher gives hashes;
    names in this vocabulary are not in that of the document.
    """
    return Vocab()


def read(text: str) -> Doc:
    """Return the spaCy document of `text` as it is read, with scopes (`bot.nlu.scope`)."""
    return mark_scope(spacy_language()(as_read(text)))


def in_lower_case(doc: Doc) -> Doc:
    """Return `doc`, or if it has words in capitals, the document of its text in lower case.

    spaCy leaves "DON'T" in one piece. The second reading is kept with the first, for whoever else
    asks for it.
    """
    if not any(token.is_upper and len(token) > 1 for token in doc):
        return doc
    if _LOWERED not in doc.user_data:
        doc.user_data[_LOWERED] = read(doc.text.lower())
    return doc.user_data[_LOWERED]


def _entity_patterns() -> Iterator[dict[str, Any]]:
    """Yield entity ruler patterns of the entity files and of the deaneries' names."""
    for path in sorted((PATTERNS / "entities").glob("*.jsonl")):
        for row in read_pattern_lines(path):
            for pattern in row["patterns"]:
                yield {"label": path.stem, "id": row["value"], "pattern": pattern}
    for key, names in deanery_names().items():
        for name in names:
            yield {"label": "deanery", "id": key, "pattern": name}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SpacyLanguage(GraphComponent):
    """Reads each message with spaCy and reports the curated entities as Rasa entities."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpacyLanguage:
        """Load spaCy's English and the pattern files."""
        spacy_language()
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are: nothing is trained on documents."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the document and the entities of every message."""
        for message in messages:
            doc = read(message.get(TEXT) or "")
            message.set(DOC, doc)
            entities = [
                {
                    "entity": span.label_,
                    "value": span.ent_id_,
                    "start": span.start_char,
                    "end": span.end_char,
                    "extractor": "SpacyLanguage",
                }
                for span in doc.ents
            ]
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
