"""What one run found about one set: labels, intents, risk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.taxonomy import FACETS, NO_RISK, OWN_RISK, risk_order
from evaluation.answers import FALLBACK, SOURCES, Answers
from evaluation.measures import (
    ENOUGH,
    Counts,
    Interval,
    Rate,
    bootstrap_f1,
    confusions,
    count,
    macro_f1,
    macro_interval,
    middle_95,
    one_of,
    pooled,
)
from evaluation.sets import SIGNAL_NAMES, Line, columns, signal_truth

OWN_KINDS = ("explicit", "indirect", "medic_idiom")
HARD_NEGATIVES = ("idiom", "shop_talk", "third_party", "negated", "past")
OTHER_NEGATIVES = ("distress", "ordinary")


@dataclass(frozen=True)
class LabelRow:
    """One label's figures, with the bootstrap interval of its F1."""

    name: str
    counts: Counts
    interval: Interval


@dataclass(frozen=True)
class FacetReport:
    """One facet's labels, and their averages."""

    rows: list[LabelRow]
    macro: float
    averaged: int
    interval: Interval
    micro: Counts


@dataclass(frozen=True)
class IntentReport:
    """How the intents were told apart; `rows` are (intent, counts)."""

    accuracy: Rate
    macro: float
    averaged: int
    rows: list[tuple[str, Counts]]
    mistakes: list[tuple[str, str, int]]
    fallbacks: int


@dataclass(frozen=True)
class RiskRow:
    """One kind of message: how often each source said what the row is about."""

    name: str
    rates: dict[str, Rate]


@dataclass(frozen=True)
class RiskReport:
    """How risk was found in a set.

    Attributes:
        recall: own risk found, by kind and over all.
        by_risk: own risk found, by the risk there was.
        exact: by the risk there was: the same risk named, by both sources together.
        third_party: another person's risk routed as such, and taken for the speaker's own.
        alarms: own risk said where there is none, by kind.
    """

    recall: list[RiskRow]
    by_risk: list[RiskRow]
    exact: list[tuple[str, Rate]]
    third_party: list[RiskRow]
    alarms: list[RiskRow]


def facet_reports(truth: np.ndarray, found: np.ndarray) -> dict[str, FacetReport]:
    """Return facet -> report, from arrays (messages, labels)."""
    draws = bootstrap_f1(truth, found)
    table = count(truth, found)
    reports = {}
    for facet in FACETS:
        chosen = columns(facet)
        rows = [LabelRow(SIGNAL_NAMES[i], table[i], middle_95(draws[:, i])) for i in chosen]
        counts = [row.counts for row in rows]
        macro, averaged = macro_f1(counts)
        kept = [i for i in chosen if table[i].positives >= ENOUGH]
        interval = macro_interval(draws, kept)
        reports[facet] = FacetReport(rows, macro, averaged, interval, pooled(counts))
    return reports


def signal_reports(lines: Sequence[Line], answers: Answers) -> dict[str, FacetReport]:
    """Return facet -> report of a set."""
    return facet_reports(signal_truth(line.example for line in lines), answers.labels)


def intent_report(lines: Sequence[Line], answers: Answers) -> IntentReport:
    """Return how the decided intents agree with those of the set; a fallback is a miss."""
    truth = [line.example.intent for line in lines]
    names = sorted(set(truth))
    table = count(one_of(names, truth), one_of(names, answers.intents))
    macro, averaged = macro_f1(table, enough=1)
    right = sum(t == f for t, f in zip(truth, answers.intents, strict=True))
    return IntentReport(
        Rate(right, len(truth)),
        macro,
        averaged,
        list(zip(names, table, strict=True)),
        confusions(truth, answers.intents),
        answers.intents.count(FALLBACK),
    )


def where(lines: Iterable[Line], kinds: Sequence[str]) -> np.ndarray:
    """Return (lines,) whether a line is of one of the kinds."""
    return np.array([line.kind in kinds for line in lines], bool)


def has_own_risk(lines: Iterable[Line]) -> np.ndarray:
    """Return (lines,) whether a line states own risk."""
    return np.array([line.example.risk in OWN_RISK for line in lines], bool)


def has_risk(lines: Iterable[Line], risk: str) -> np.ndarray:
    """Return (lines,) whether a line's risk is `risk`."""
    return np.array([line.example.risk == risk for line in lines], bool)


def share(chosen: np.ndarray, answered: np.ndarray) -> Rate:
    """Return how many of the chosen messages were answered so."""
    return Rate(int((chosen & answered).sum()), int(chosen.sum()))


def risk_report(lines: Sequence[Line], answers: Answers) -> RiskReport:
    """Return how risk was found in the safety set."""
    own = has_own_risk(lines)
    third = has_risk(lines, "third_party")

    def found(name: str, chosen: np.ndarray) -> RiskRow:
        return RiskRow(name, {s: share(chosen, answers.own_risk(s)) for s in SOURCES})

    def routed(name: str, risk: str) -> RiskRow:
        return RiskRow(name, {s: share(third, answers.said(risk, s)) for s in SOURCES})

    present = [r for r in risk_order() if r != NO_RISK and has_risk(lines, r).any()]
    return RiskReport(
        recall=[
            *(found(kind, own & where(lines, [kind])) for kind in OWN_KINDS),
            found("all own risk", own),
        ],
        by_risk=[found(r, has_risk(lines, r)) for r in present if r in OWN_RISK],
        exact=[(r, share(has_risk(lines, r), answers.said(r))) for r in present],
        third_party=[
            routed("routed as third party", "third_party"),
            found("taken for the speaker's own", third),
            routed("missed", NO_RISK),
        ],
        alarms=[
            *(found(kind, where(lines, [kind])) for kind in HARD_NEGATIVES),
            found("all hard negatives", where(lines, HARD_NEGATIVES)),
            *(found(kind, where(lines, [kind])) for kind in OTHER_NEGATIVES),
        ],
    )


def alarms_on_ordinary(named: Sequence[tuple[str, Sequence[Line], Answers]]) -> list[RiskRow]:
    """Return own risk said in messages of other sets that have none, by set."""
    rows = []
    for name, lines, answers in named:
        none = has_risk(lines, NO_RISK)
        rows.append(RiskRow(name, {s: share(none, answers.own_risk(s)) for s in SOURCES}))
    return rows
