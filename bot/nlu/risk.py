"""Risk to life in a message: curated patterns and a trained classifier.

A miss costs more than a false alarm, so neither can veto the other; what each said is
seen apart under `risk_sources`.
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

from bot.nlu.decisions import shipped_decisions
from bot.nlu.embeddings import (
    PARTS,
    WINDOWS,
    SentenceEmbeddings,
    example_of,
    labelled_examples,
    sentence_vectors,
)
from bot.nlu.harm_examples import with_harms
from bot.nlu.heads import sigmoid
from bot.nlu.language import DOC, SpacyLanguage
from bot.nlu.risk_head import DECIDED, OWN, RiskHead, fit_risk_head
from bot.nlu.risk_patterns import RiskPatterns
from bot.nlu.taxonomy import NO_RISK, OWN_RISK, risk_order
from bot.paths import ROOT

RISK = "risk"
"""Message key: the decision, one label of the taxonomy's `risk`."""

RISK_SOURCES = "risk_sources"
"""Message key: what each detector said, {"patterns": label, "classifier": label}."""

RISK_SCORES = "risk_scores"
"""Message key: calibrated probability of any own risk (`own`) and of `third_party`."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class RiskDetector(GraphComponent):
    """Decides the risk of every message."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what has to come earlier in the pipeline."""
        return [SpacyLanguage, SentenceEmbeddings]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`adapter`: as `SentenceEmbeddings` has it, so that examples get the same vectors."""
        return {"adapter": None}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Load the curated patterns; the classifier is untrained."""
        self._adapter = ROOT / config["adapter"] if config.get("adapter") else None
        self._model_storage = model_storage
        self._resource = resource
        self._patterns = RiskPatterns.from_file()
        self._head: RiskHead | None = None
        self._decisions = shipped_decisions()

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
            detector._head = RiskHead.load(folder)
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier on the examples' metadata and on the harms, and store it."""
        messages = labelled_examples(training_data)
        examples = [example_of(message) for message in messages]
        risks, texts = [e.risk for e in examples], [e.text for e in examples]
        head = fit_risk_head(*with_harms(sentence_vectors(messages), risks, texts, self._adapter))
        with self._model_storage.write_to(self._resource) as folder:
            head.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `risk`, `risk_sources` and `risk_scores` on every message."""
        for message in messages:
            scaled = self._scaled(message)
            sources = {
                "patterns": self._patterns.risk_of(message.get(DOC)),
                "classifier": self._classify(message, scaled),
            }
            decision = next(r for r in risk_order() if r in sources.values())
            message.set(RISK, decision, add_to_output=True)
            message.set(RISK_SOURCES, sources, add_to_output=True)
            scores = {name: sigmoid(score) for name, score in scaled.items()}
            message.set(RISK_SCORES, scores or dict.fromkeys(DECIDED, 0.0), add_to_output=True)
        return messages

    def _classify(self, message: Message, scaled: Mapping[str, float]) -> str:
        if not scaled:
            return NO_RISK
        if scaled[OWN] >= self._decisions[f"risk/{OWN}"].threshold:
            highest = self._trained().probabilities(message.get(WINDOWS)).max(0)
            return max(OWN_RISK, key=lambda risk: highest[risk_order().index(risk)])
        if scaled["third_party"] >= self._decisions["risk/third_party"].threshold:
            return "third_party"
        return NO_RISK

    def _scaled(self, message: Message) -> dict[str, float]:
        """Return the scaled score of what is decided, the highest over the message's parts.

        Nothing for a message without words.
        """
        vectors = message.get(WINDOWS)
        if vectors is None:
            return {}
        scaled = {}
        for name, scores in self._trained().scores(vectors, message.get(PARTS)).items():
            decision = self._decisions[f"risk/{name}"]
            scaled[name] = float(decision.slope * scores.max() + decision.offset)
        return scaled

    def _trained(self) -> RiskHead:
        assert self._head is not None, "the detector has to be loaded before it is used"
        return self._head
