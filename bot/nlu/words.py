"""Yes-or-no classifiers over words and pairs of words, beside those over sentence vectors.

An adapted encoder has seen every training message, so its heads are surer of themselves than they
are right; words are learnt separately and weigh against that. See
docs/decisions/0009-words-beside-vectors.md for the figures.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.nlu.heads import SEED, fit_each
from bot.nlu.text import as_read

WORD_STRENGTH = 20.0
"""Inverse regularisation (sklearn's C)."""

WORD_SHARE = 1.0
"""What a word score counts against a vector score, before calibration."""

_TOKENS = r"(?u)\b\w+\b|[?!]"


@dataclass(frozen=True)
class WordHeads:
    """Heads over TF-IDF of words and pairs: `weights` (features, labels), `biases` (labels,)."""

    vectorizer: TfidfVectorizer
    weights: np.ndarray
    biases: np.ndarray

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Return scores (texts, labels), already multiplied by `WORD_SHARE`."""
        return np.stack([self._scores(as_read(text)) for text in texts])

    def _scores(self, text: str) -> np.ndarray:
        """Return the scores (labels,) of one cleaned text.

        The same as `vectorizer.transform(texts) @ weights`, for which SciPy would convert all
        weights to double precision each time, and scikit-learn check itself.
        """
        vocabulary = self.vectorizer.vocabulary_
        counts = Counter(
            at for term in self._terms(text) if (at := vocabulary.get(term)) is not None
        )
        if not counts:
            return self.biases.astype(np.float64)
        at = np.fromiter(counts, np.intp)
        values = (1.0 + np.log(np.fromiter(counts.values(), np.float64))) * self._rarity[at]
        return (values / np.linalg.norm(values)) @ self.weights[at] + self.biases

    @cached_property
    def _terms(self) -> Callable[[str], list[str]]:
        return self.vectorizer.build_analyzer()

    @cached_property
    def _rarity(self) -> np.ndarray:
        return np.asarray(self.vectorizer.idf_)

    def scaled(self, slopes: np.ndarray) -> WordHeads:
        """Return heads whose scores are multiplied by `slopes` (labels,)."""
        weights = (self.weights * slopes).astype(np.float32)
        return WordHeads(self.vectorizer, weights, (self.biases * slopes).astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write the heads into `folder`."""
        vocabulary = {word: int(at) for word, at in self.vectorizer.vocabulary_.items()}
        (folder / "words.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        np.savez(
            folder / "words.npz",
            rarity=self.vectorizer.idf_,
            weights=self.weights,
            biases=self.biases,
        )

    @classmethod
    def load(cls, folder: Path) -> WordHeads:
        """Read heads written by `save`."""
        vocabulary = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        with np.load(folder / "words.npz") as file:
            vectorizer = _vectorizer(vocabulary=vocabulary)
            vectorizer.idf_ = file["rarity"]
            return cls(vectorizer, file["weights"], file["biases"])


def fit_word_heads(texts: Sequence[str], targets: np.ndarray) -> WordHeads:
    """Fit one head for each column of `targets` (texts, labels), 0 or 1."""
    vectorizer = _vectorizer(min_df=2)
    features = vectorizer.fit_transform([as_read(text) for text in texts])
    features.sum_duplicates()  # now, and not by several threads at once

    def fit(column: np.ndarray) -> LogisticRegression:
        model = LogisticRegression(C=WORD_STRENGTH, solver="liblinear", random_state=SEED)
        return model.fit(features, column)

    models = fit_each(fit, targets)
    weights = np.stack([WORD_SHARE * m.coef_[0] for m in models], axis=1).astype(np.float32)
    biases = np.array([WORD_SHARE * m.intercept_[0] for m in models], np.float32)
    return WordHeads(vectorizer, weights, biases)


def _vectorizer(**options: object) -> TfidfVectorizer:
    return TfidfVectorizer(
        lowercase=True, ngram_range=(1, 2), sublinear_tf=True, token_pattern=_TOKENS, **options
    )
