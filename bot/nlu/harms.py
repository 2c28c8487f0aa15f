"""Harms with a route of their own in a message: curated phrases and a trained classifier.

Neither can veto the other, as in `bot/nlu/risk.py`. It adds labels beside those of the taxonomy and
changes none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.model_selection import StratifiedKFold

from bot.nlu.decisions import threshold_at_false_alarms
from bot.nlu.embeddings import WINDOWS, SentenceEmbeddings
from bot.nlu.harm_examples import NO_ROUTE, harm_vectors
from bot.nlu.heads import SEED, at_once, fit_logistic
from bot.nlu.language import DOC, SpacyLanguage
from bot.nlu.phrases import PhraseTable
from bot.nlu.risk import RISK
from bot.nlu.routes import EMERGENCY, OTHER_ROUTES, routes
from bot.paths import PATTERNS, ROOT

HARMS_FOUND = "harms"
"""Message key: the routes that the message tells, the first to be answered first.

A medical emergency is first, then what the phrases found, then what the classifier found. A message
of risk to somebody else (`bot/nlu/risk.py`) always has a route that says whose.
"""

HARM_SOURCES = "harm_sources"
"""Message key: what each detector said, {"patterns": [route], "classifier": [route], "clear":
[route]}; `clear` are those of the classifier's of which it is sure enough to be taken at its word.
"""

STRENGTH = 10.0
"""Inverse regularisation (sklearn's C)."""

FALSE_ALARMS = 0.012
"""Share of ordinary training messages, unseen by the head, at which the threshold is put.

About half of these are harms that the labels of `nlu_data/messages/` do not know.
"""

CLEAR_ALARMS = 0.004
"""The same share for what is clear: what is found, but not clear, is asked about first."""

FOLDS = 3

ALSO = 0.3
"""Probability from which a second route is told as well, once the message tells any."""


@dataclass(frozen=True)
class HarmHead:
    """Multinomial logistic regression over the routes and `none`.

    A message tells a harm when the probability of all routes together reaches `threshold`, in
    log-odds, and tells it clearly from `clear`; which one is the most probable.
    """

    labels: tuple[str, ...]
    weights: np.ndarray
    biases: np.ndarray
    threshold: float
    clear: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return probabilities (messages, labels)."""
        scores = features @ self.weights.T + self.biases
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)

    def routes_in(self, windows: np.ndarray, threshold: float) -> list[str]:
        """Return the routes that reach `threshold` in a message's vectors `windows`, in order."""
        probabilities = self.probabilities(windows)
        scores = _log_odds(1 - probabilities[:, self.labels.index(NO_ROUTE)])
        found: dict[str, float] = {}
        for row, score in zip(probabilities, scores, strict=True):
            if score < threshold:
                continue
            told = {n: float(p) for n, p in zip(self.labels, row, strict=True) if n != NO_ROUTE}
            best = max(told, key=told.__getitem__)
            for name, p in told.items():
                if name == best or p >= ALSO:
                    found[name] = max(found.get(name, 0.0), p)
        return [name for name in routes() if name in found]

    def whose(self, windows: np.ndarray) -> str:
        """Return the likeliest of the routes about somebody else."""
        columns = [self.labels.index(name) for name in OTHER_ROUTES]
        return OTHER_ROUTES[int(self.probabilities(windows)[:, columns].max(0).argmax())]

    def save(self, path: Path) -> None:
        """Write the head to one `.npz` file."""
        np.savez(
            path,
            labels=np.array(self.labels),
            weights=self.weights,
            biases=self.biases,
            threshold=self.threshold,
            clear=self.clear,
        )

    @classmethod
    def load(cls, path: Path) -> HarmHead:
        """Read a head written by `save`."""
        with np.load(path) as f:
            labels = tuple(str(label) for label in f["labels"])
            return cls(labels, f["weights"], f["biases"], float(f["threshold"]), float(f["clear"]))


def fit_harm_head(features: np.ndarray, labels: list[str]) -> HarmHead:
    """Fit the head, and find its thresholds on messages that the head has not seen (folds)."""
    names = (*routes(), NO_ROUTE)
    targets = np.array([names.index(label) for label in labels])
    told = targets != names.index(NO_ROUTE)
    features = features.astype(np.float64, copy=False)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, targets))
    seen = [*(seen for seen, _ in folds), np.arange(len(targets))]
    *folded, model = at_once(partial(fit_logistic, features[s], targets[s], STRENGTH) for s in seen)
    scores = np.empty(len(targets))
    for (_, unseen), fitted in zip(folds, folded, strict=True):
        none = list(fitted.classes_).index(names.index(NO_ROUTE))
        scores[unseen] = _log_odds(1 - fitted.predict_proba(features[unseen])[:, none])
    thresholds = [
        threshold_at_false_alarms(scores, told.astype(int), share)[0]
        for share in (FALSE_ALARMS, CLEAR_ALARMS)
    ]
    return HarmHead(
        names, model.coef_.astype(np.float32), model.intercept_.astype(np.float32), *thresholds
    )


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class HarmDetector(GraphComponent):
    """Finds the harms of every message."""

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
        """Load the curated phrases; the classifier is untrained."""
        self._adapter = ROOT / config["adapter"] if config.get("adapter") else None
        self._model_storage = model_storage
        self._resource = resource
        self._phrases = PhraseTable.from_file(PATTERNS / "harms.yml")
        self._head: HarmHead | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HarmDetector:
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
    ) -> HarmDetector:
        """Load a trained detector."""
        detector = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            detector._head = HarmHead.load(folder / "harms.npz")
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier on the examples of `nlu_data/harms/` and ordinary messages."""
        routes_told, vectors = harm_vectors(self._adapter)
        head = fit_harm_head(vectors, routes_told)
        with self._model_storage.write_to(self._resource) as folder:
            head.save(folder / "harms.npz")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `harms` and `harm_sources` on every message."""
        assert self._head is not None, "the detector has to be loaded before it is used"
        for message in messages:
            vectors = message.get(WINDOWS)
            sources: dict[str, list[str]] = {
                "patterns": self._phrases.labels_in(message.get(DOC)),
                "classifier": [],
                "clear": [],
            }
            if vectors is not None:
                sources["classifier"] = self._head.routes_in(vectors, self._head.threshold)
                sources["clear"] = self._head.routes_in(vectors, self._head.clear)
            found = list(dict.fromkeys([*sources["patterns"], *sources["classifier"]]))
            if (
                vectors is not None
                and message.get(RISK) == "third_party"
                and not any(name in OTHER_ROUTES for name in found)
            ):
                found.append(self._head.whose(vectors))
            found.sort(key=lambda name: name != EMERGENCY)  # keeps the order otherwise
            message.set(HARMS_FOUND, found, add_to_output=True)
            message.set(HARM_SOURCES, sources, add_to_output=True)
        return messages
