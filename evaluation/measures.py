"""The measures: pure functions of truth and answers, each checked by hand in the tests."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

ENOUGH = 9
"""Positives from which a label counts in a macro average."""

DRAWS = 1000
"""Resamplings of a bootstrap interval."""

SEED = 20

Z = 1.959964
"""Standard deviations of a 95 % interval."""

Interval = tuple[float, float]


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share; not a number when there were none to count."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> Interval:
        """The Wilson interval of 95 %."""
        return wilson(self.hits, self.total)


@dataclass(frozen=True)
class Counts:
    """How often a label was found rightly, found wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def positives(self) -> int:
        """How often the label was there."""
        return self.right + self.missed

    @property
    def precision(self) -> Rate:
        """How many of the findings were right."""
        return Rate(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Rate:
        """How many of those that were there were found."""
        return Rate(self.right, self.positives)

    @property
    def f1(self) -> float:
        """The harmonic mean of both; not a number for a label neither there nor found."""
        double = 2 * self.right
        total = double + self.wrong + self.missed
        return double / total if total else math.nan


def count(truth: np.ndarray, found: np.ndarray) -> list[Counts]:
    """Return the counts of every column of two arrays (messages, labels) of truth values."""
    right = (truth & found).sum(0)
    return [
        Counts(int(r), int(f - r), int(t - r))
        for r, t, f in zip(right, truth.sum(0), found.sum(0), strict=True)
    ]


def pooled(table: Iterable[Counts]) -> Counts:
    """Return the counts of all labels together (whose F1 is the micro average)."""
    rows = list(table)
    return Counts(
        sum(r.right for r in rows), sum(r.wrong for r in rows), sum(r.missed for r in rows)
    )


def macro_f1(table: Iterable[Counts], enough: int = ENOUGH) -> tuple[float, int]:
    """Return the mean F1 of the labels with `enough` positives, and how many they are."""
    scores = [row.f1 for row in table if row.positives >= enough]
    return (sum(scores) / len(scores) if scores else math.nan), len(scores)


def wilson(hits: int, total: int, z: float = Z) -> Interval:
    """Return the score interval of a proportion (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    scale = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == total else min(1.0, middle + half)
    return low, high


def rule_of_three(total: int) -> float:
    """Return the miss rate that none in `total` does not exclude at 95 % (Hanley 1983)."""
    return min(1.0, 3 / total) if total else 1.0


def predictive_value(prevalence: float, recall: float, false_alarms: float) -> float:
    """Return the share of alarms that are right (Bayes); all three are shares of 1."""
    right = prevalence * recall
    return right / (right + (1 - prevalence) * false_alarms)


def bootstrap_f1(
    truth: np.ndarray, found: np.ndarray, draws: int = DRAWS, seed: int = SEED
) -> np.ndarray:
    """Return an array (draws, labels): F1 on messages drawn with replacement."""
    messages = len(truth)
    chance = np.full(messages, 1 / messages)
    times = np.random.default_rng(seed).multinomial(messages, chance, size=draws)
    right = times @ (truth & found).astype(np.int64)
    total = times @ truth.astype(np.int64) + times @ found.astype(np.int64)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, 2 * right / total, np.nan)


def middle_95(values: np.ndarray) -> Interval:
    """Return what the middle 95 % of `values` lie between."""
    kept = values[~np.isnan(values)]
    if not len(kept):
        return math.nan, math.nan
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)


def macro_interval(draws: np.ndarray, kept: Sequence[int]) -> Interval:
    """Return the bootstrap interval of the macro F1 over the columns `kept`."""
    if not len(kept):
        return math.nan, math.nan
    scores = draws[:, list(kept)]
    there = ~np.isnan(scores)
    sums = np.where(there, scores, 0).sum(1)
    return middle_95(sums / np.maximum(there.sum(1), 1))


@dataclass(frozen=True)
class Bin:
    """Answers of about the same probability."""

    low: float
    high: float
    count: int
    probability: float
    share: float


def reliability(probabilities: np.ndarray, happened: np.ndarray, bins: int = 10) -> list[Bin]:
    """Return, for each bin with answers, their mean probability and how many held."""
    probabilities, happened = np.ravel(probabilities), np.ravel(happened)
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    result = []
    for i in range(bins):
        chosen = index == i
        if chosen.any():
            mean = float(probabilities[chosen].mean())
            share = float(happened[chosen].mean())
            result.append(Bin(i / bins, (i + 1) / bins, int(chosen.sum()), mean, share))
    return result


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap, weighted by the bins' counts."""
    total = sum(b.count for b in bins)
    if not total:
        return math.nan
    return sum(b.count * abs(b.probability - b.share) for b in bins) / total


def confusions(truth: Sequence[str], found: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return (true, found, how often) of what was mistaken, most often first."""
    pairs = Counter((t, f) for t, f in zip(truth, found, strict=True) if t != f)
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return [(true, wrong, times) for (true, wrong), times in ordered]


def one_of(names: Sequence[str], values: Sequence[str]) -> np.ndarray:
    """Return an array (messages, names) that marks each message's value."""
    return np.array([[value == name for name in names] for value in values], bool)


def ranking(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the chance that a positive scores above a negative (the area under the ROC)."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return math.nan
    ranks = rankdata(scores)[truth].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))
