"""What a message would mean in a crisis: answers, reasons not to ring, signs that arrive sideways.

Curated phrases only (`nlu_data/patterns/signs.yml`). What a sign means depends on what was asked
and what was said before, so the dialogue decides, in `bot/dialogue/context.py`. Beside them, what
a message plainly asks (`nlu_data/patterns/asked.yml`), for `bot/dialogue/reading.py`, and which
concerns its words name outright (`nlu_data/patterns/named.yml`), for `bot/dialogue/memory.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.language import DOC, SpacyLanguage
from bot.nlu.phrases import PhraseTable
from bot.paths import PATTERNS

SIGNS = "signs"
"""Message key: labels of `nlu_data/patterns/signs.yml` that the message holds."""

ASKED = "asked_about"
"""Message key: labels of `nlu_data/patterns/asked.yml` that the message holds."""

NAMED = "named"
"""Message key: labels of `nlu_data/patterns/named.yml` that the message holds."""

TABLES = {SIGNS: "signs", ASKED: "asked", NAMED: "named"}
"""Message key -> file of `nlu_data/patterns/` with its phrases."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class CrisisSigns(GraphComponent):
    """Finds the signs in every message, what it plainly asks, and the concerns that it names."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what has to come earlier in the pipeline."""
        return [SpacyLanguage]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CrisisSigns:
        """Load the phrases."""
        return cls({key: PhraseTable.from_file(PATTERNS / f"{n}.yml") for key, n in TABLES.items()})

    def __init__(self, tables: Mapping[str, PhraseTable]) -> None:
        """Take the phrases, by the message's key for them."""
        self._tables = tables

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the examples as they are: nothing is trained."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `signs`, `asked_about` and `named` on every message."""
        for message in messages:
            for key, table in self._tables.items():
                message.set(key, table.labels_in(message.get(DOC)), add_to_output=True)
        return messages
