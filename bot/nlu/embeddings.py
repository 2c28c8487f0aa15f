"""The sentence encoder as a Rasa dense featurizer."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    INTENT,
    METADATA,
    METADATA_EXAMPLE,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoder import SentenceEncoder, verify_weights
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import Example
from bot.nlu.taxonomy import FACETS
from bot.nlu.text import as_read, windows
from bot.paths import ROOT

WINDOWS = "windows"
"""Message key: vectors (n, 384) of a message and, of a long one, of its parts, so that nothing
hides in its middle."""

PARTS = "parts"
"""Message key: the texts of these, as they are read."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddings(DenseFeaturizer, GraphComponent):
    """Gives each message one sentence vector of 384 numbers."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`adapter`: path of a low-rank adapter, from the project's root; none if null."""
        return {**DenseFeaturizer.get_default_config(), "adapter": None}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbeddings:
        """Load the encoder."""
        return cls(execution_context.node_name, config)

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        """Load the encoder with the adapter that `config` names, if any."""
        super().__init__(name, config)
        self._adapter = ROOT / config["adapter"] if config.get("adapter") else None
        self._encoder = SentenceEncoder(self._adapter)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Check that the adapter exists.

        Raises:
            InvalidConfigException: naming the file that is missing.
        """
        adapter = config.get("adapter")
        if adapter and not (ROOT / adapter).exists():
            raise InvalidConfigException(f"config.yml: adapter {adapter} does not exist")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Verify the weights' checksum, then add a sentence vector to every example."""
        verify_weights()
        messages = [m for m in training_data.training_examples if m.get(TEXT)]
        vectors = example_vectors([as_read(m.get(TEXT)) for m in messages], self._adapter)
        for message, vector in zip(messages, vectors, strict=True):
            self._attach(message, vector)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add a sentence vector to every message that has text, and windows to long ones."""
        parts: list[str] = []
        places: list[tuple[Message, slice]] = []
        for message in messages:
            text = as_read(message.get(TEXT) or "")
            if text:
                start = len(parts)
                parts += [text, *windows(text)]
                places.append((message, slice(start, len(parts))))
        vectors = self._encoder.encode(parts) if parts else np.empty((0, 0))
        for message, place in places:
            self._attach(message, vectors[place][0])
            message.set(WINDOWS, vectors[place])
            message.set(PARTS, parts[place])
        return messages

    def _attach(self, message: Message, vector: np.ndarray) -> None:
        message.add_features(
            Features(vector[np.newaxis], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
        )


def sentence_vectors(messages: list[Message]) -> np.ndarray:
    """Return the vectors that `SentenceEmbeddings` gave, as an array (len(messages), 384)."""
    return np.concatenate([m.get_dense_features(TEXT)[1].features for m in messages])


def labelled_examples(training_data: TrainingData) -> list[Message]:
    """Return the examples of `nlu_data/`, without those that Rasa adds for stories."""
    return [m for m in training_data.training_examples if m.get(TEXT) and m.get(METADATA)]


def example_of(message: Message) -> Example:
    """Return the labelled example that a training message was made from."""
    labels = message.get(METADATA)[METADATA_EXAMPLE]
    facets = {facet: tuple(labels[facet]) for facet in FACETS}
    return Example(message.get(TEXT), message.get(INTENT), risk=labels["risk"], **facets)
