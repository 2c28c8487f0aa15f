"""What a message speaks from, what holds its writer back, and what it is about."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.decisions import shipped_decisions
from bot.nlu.embeddings import SentenceEmbeddings, example_of, labelled_examples, sentence_vectors
from bot.nlu.heads import LabelHeads, fit_label_heads, sigmoid
from bot.nlu.targets import LABEL_STRENGTH, label_names, label_targets
from bot.nlu.taxonomy import FACETS
from bot.nlu.words import WordHeads, fit_word_heads

SIGNALS = "signals"
"""Message key: facet -> labels, most probable first."""

SIGNAL_SCORES = "signal_scores"
"""Message key: facet -> label -> calibrated probability."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SignalClassifier(GraphComponent):
    """Recognises stages, patterns and concerns, several at once or none."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what has to come earlier in the pipeline."""
        return [SentenceEmbeddings]

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Make an untrained classifier."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._heads: LabelHeads | None = None
        self._words: WordHeads | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SignalClassifier:
        """Make an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SignalClassifier:
        """Load a trained classifier."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            classifier._heads = LabelHeads.load(folder / "signals.npz")
            classifier._words = WordHeads.load(folder)
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Fit two heads a label, over vectors and over words, and store them."""
        examples = labelled_examples(training_data)
        targets, decisions = label_targets(map(example_of, examples)), shipped_decisions()
        heads = fit_label_heads(
            sentence_vectors(examples), targets, label_names(), LABEL_STRENGTH, decisions
        )
        slopes = np.array([decisions[label].slope for label in label_names()])
        words = fit_word_heads([m.get(TEXT) for m in examples], targets).scaled(slopes)
        with self._model_storage.write_to(self._resource) as folder:
            heads.save(folder / "signals.npz")
            words.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `signals` and `signal_scores` on every message."""
        for message in messages:
            signals: dict[str, list[str]] = {facet: [] for facet in FACETS}
            probabilities: dict[str, dict[str, float]] = {facet: {} for facet in FACETS}
            for name, score, holds in self._scores(message):
                facet, label = name.split("/")
                probabilities[facet][label] = sigmoid(score)
                if holds:
                    signals[facet].append(label)
            message.set(SIGNALS, signals, add_to_output=True)
            message.set(SIGNAL_SCORES, probabilities, add_to_output=True)
        return messages

    def _scores(self, message: Message) -> list[tuple[str, float, bool]]:
        """Return (label, scaled score, whether it holds), the clearest label first."""
        assert self._heads is not None, "the classifier has to be loaded before it is used"
        assert self._words is not None, "its words are loaded with it"
        if message.get_dense_features(TEXT)[1] is None:
            return []
        scores = self._heads.scores(sentence_vectors([message]))[0]
        scores = scores + self._words.scores([message.get(TEXT)])[0]
        margins = scores - self._heads.thresholds
        return [
            (self._heads.labels[i], float(scores[i]), bool(margins[i] >= 0))
            for i in np.argsort(-margins)
        ]
