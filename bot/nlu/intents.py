"""What a message does in the conversation: the intent classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.embeddings import SentenceEmbeddings, labelled_examples, sentence_vectors
from bot.nlu.heads import fit_logistic
from bot.nlu.targets import INTENT_STRENGTH

RANKED = 5
"""How many intents the ranking holds."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent):
    """Multinomial logistic regression over the sentence vector.

    Rasa's own LogisticRegressionClassifier fixes the strength of the regularisation for
    sparse features; on unit vectors it stays far too unsure.
    """

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
        self._intents: tuple[str, ...] = ()
        self._weights = np.empty((0, 0))
        self._biases = np.empty(0)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentClassifier:
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
    ) -> IntentClassifier:
        """Load a trained classifier."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder, np.load(folder / "intents.npz") as file:
            classifier._intents = tuple(str(name) for name in file["intents"])
            classifier._weights, classifier._biases = file["weights"], file["biases"]
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier and store it."""
        examples = labelled_examples(training_data)
        targets = np.array([example.get(INTENT) for example in examples])
        model = fit_logistic(sentence_vectors(examples), targets, INTENT_STRENGTH)
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(
                folder / "intents.npz",
                intents=model.classes_,
                weights=model.coef_.astype(np.float32),
                biases=model.intercept_,
            )
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking` on every message."""
        for message in messages:
            ranking = self._ranking(message)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, message: Message) -> list[dict[str, Any]]:
        if message.get_dense_features(TEXT)[1] is None:
            return [{"name": "nonsense", "confidence": 1.0}]
        scores = self._weights @ sentence_vectors([message])[0] + self._biases
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
        best = np.argsort(-scores)[:RANKED]
        return [{"name": self._intents[i], "confidence": float(scores[i])} for i in best]
