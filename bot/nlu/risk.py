"""Risk to life in a message: curated patterns and a trained classifier.

A miss costs more than a false alarm, so neither can veto the other; what each said is
seen apart under `risk_sources`.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.decisions import shipped_decisions
from bot.nlu.embeddings import (
    WINDOWS,
    SentenceEmbeddings,
    example_of,
    labelled_examples,
    sentence_vectors,
)
from bot.nlu.heads import LabelHeads, fit_label_heads, sigmoid
from bot.nlu.language import DOC, SpacyLanguage
from bot.nlu.risk_patterns import RiskPatterns
from bot.nlu.targets import LABEL_STRENGTH, OWN, label_names, label_targets
from bot.nlu.taxonomy import NO_RISK, OWN_RISK, risk_order

RISK = "risk"
"""Message key: the decision, one label of the taxonomy's `risk`."""

RISK_SOURCES = "risk_sources"
"""Message key: what each detector said, {"patterns": label, "classifier": label}."""

RISK_SCORES = "risk_scores"
"""Message key: risk -> calibrated probability, with `own` for any own risk."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RiskDetector(GraphComponent):
    """Decides the risk of every message."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what has to come earlier in the pipeline."""
        return [SpacyLanguage, SentenceEmbeddings]

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Load the curated patterns; the classifier is untrained."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._patterns = RiskPatterns.from_file()
        self._heads: LabelHeads | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RiskDetector:
        """Make a detector whose classifier is untrained."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> RiskDetector:
        """Load a trained detector."""
        detector = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            detector._heads = LabelHeads.load(folder / "risk.npz")
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Fit one head a risk, and one for "any own risk", and store them."""
        examples = labelled_examples(training_data)
        names = [name for name in label_names() if name.startswith("risk/")]
        targets = label_targets(map(example_of, examples))[:, -len(names) :]
        heads = fit_label_heads(
            sentence_vectors(examples), targets, names, LABEL_STRENGTH, shipped_decisions()
        )
        with self._model_storage.write_to(self._resource) as folder:
            heads.save(folder / "risk.npz")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `risk`, `risk_sources` and `risk_scores` on every message."""
        for message in messages:
            scores = self._scores(message)
            sources = {
                "patterns": self._patterns.risk_of(message.get(DOC)),
                "classifier": self._classify(scores),
            }
            decision = next(r for r in risk_order() if r in sources.values())
            probabilities = {risk: sigmoid(score) for risk, score in scores.items()}
            message.set(RISK, decision, add_to_output=True)
            message.set(RISK_SOURCES, sources, add_to_output=True)
            message.set(RISK_SCORES, probabilities, add_to_output=True)
        return messages

    def _scores(self, message: Message) -> dict[str, float]:
        """Return risk -> scaled score, the highest over the message and its windows."""
        assert self._heads is not None, "the detector has to be loaded before it is used"
        vectors = message.get(WINDOWS)
        if vectors is None:
            return {}
        highest = self._heads.scores(vectors).max(0)
        names = (label.split("/")[1] for label in self._heads.labels)
        return dict(zip(names, map(float, highest), strict=True))

    def _classify(self, scores: dict[str, float]) -> str:
        assert self._heads is not None
        thresholds = dict(zip(scores, self._heads.thresholds, strict=False))
        if scores and scores[OWN] >= thresholds[OWN]:
            return max(OWN_RISK, key=lambda risk: scores[risk])
        if scores and scores["third_party"] >= thresholds["third_party"]:
            return "third_party"
        return NO_RISK
