"""One run: the model is loaded once and asked about every set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.examples import Example
from bot.nlu.harm_examples import NO_ROUTE
from bot.nlu.harms import HARMS_FOUND
from bot.nlu.risk import RISK
from bot.nlu.routes import routes, told_now
from bot.nlu.taxonomy import FACETS, OWN_RISK
from bot.paths import MESSAGES
from bot.recognise import Recogniser
from evaluation import headline, noise
from evaluation.answers import Answers, ask
from evaluation.headline import Answered
from evaluation.known import Known, ask_known
from evaluation.measures import Bin, Counts, Rate, count, macro_f1, pooled, reliability
from evaluation.refit import (
    ADAPTER,
    EncoderRow,
    Point,
    Vectors,
    adapted_row,
    frozen_row,
    learning_curve,
    messages_changed,
    read_training,
    recipe,
    vectors_of,
)
from evaluation.reports import (
    HARD_NEGATIVES,
    FacetReport,
    IntentReport,
    RiskReport,
    RiskRow,
    alarms_on_ordinary,
    has_own_risk,
    intent_report,
    risk_report,
    share,
    signal_reports,
    where,
)
from evaluation.sets import (
    CHAT,
    PLAIN,
    SAFETY,
    TOLD,
    Line,
    columns,
    read_doctors,
    read_harms,
    read_real_risk,
    read_second,
    read_set,
    read_talks,
    signal_truth,
    texts,
)

EVERY_LABEL = "all labels"

NEAR = 0.95
"""Cosine from which an evaluation message is too near to a training example."""


@dataclass(frozen=True)
class Taught:
    """What the model was taught: counts of the examples."""

    files: dict[str, int]
    labels: dict[str, Counter[str]]
    intents: Counter[str]
    risks: Counter[str]


@dataclass(frozen=True)
class NoiseRow:
    """Figures of the chat and safety sets, written in one way."""

    name: str
    f1: dict[str, float]
    intents: Rate
    own_risk: Rate
    alarms: Rate


@dataclass(frozen=True)
class Reader:
    """The model, or a second reader, against one reader's labels.

    Both are facet -> figures: `macro` with how many labels it is over, and pooled counts.
    """

    name: str
    macro: dict[str, tuple[float, int]]
    micro: dict[str, Counts]


@dataclass(frozen=True)
class Real:
    """Real speech, in aggregates."""

    sentences: int
    readers: list[Reader]
    risk_lines: int
    recall: RiskRow
    alarms: list[RiskRow]


@dataclass(frozen=True)
class HarmRow:
    """Messages of one route: how many got it, and how many at once, not asked about first.

    The last row of a list is of messages without a route: how many were left alone, and how many
    were at most asked about; the last but one is of all the routes together.
    """

    route: str
    found: Rate
    at_once: Rate


@dataclass(frozen=True)
class TalkReport:
    """Talks of people who are at no risk: turns and whole talks in which nothing was said of one.

    `unrouted` counts talks in which, besides, no harm's route came at once.
    """

    turns: Rate
    talks: Rate
    unrouted: Rate


@dataclass(frozen=True)
class Run:
    """Everything that the card prints."""

    taught: Taught
    recipe: dict[str, Any]
    messages_changed: bool
    overlap: dict[str, tuple[Rate, Rate]]
    sizes: dict[str, int]
    signals: dict[str, dict[str, FacetReport]]
    second: dict[str, list[Reader]]
    intents: IntentReport
    harms: list[HarmRow]
    risk: RiskReport
    ordinary: list[RiskRow]
    talks: TalkReport
    noise: list[NoiseRow]
    calibration: dict[tuple[str, str], list[Bin]]
    curve: list[Point]
    encoders: list[EncoderRow]
    known: list[Known]
    real: Real | None
    headline: dict[str, float]
    quick: dict[str, float]


def run(recogniser: Recogniser, real: Path | None, say: Callable[[str], None]) -> Run:
    """Measure everything; `say` gets a line a step."""
    sets = {name: read_set(name) for name in (CHAT, TOLD, PLAIN, SAFETY)}
    answered: dict[str, Answered] = {}
    for name, lines in sets.items():
        say(f"Asking about the {name} set ({len(lines)}) ...")
        answered[name] = (lines, ask(recogniser, texts(lines)))
    say("Asking again with typos and lost capitals ...")
    noisy = _noise(recogniser, answered)
    known = ask_known(recogniser)
    harms = _harms(recogniser)
    say("Listening to whole talks ...")
    talks = _talks(recogniser)
    real_speech = _real(recogniser, real) if real else None
    say("Fitting heads again for the learning curve ...")
    training = read_training()
    points, weights, biases = learning_curve(adapted := vectors_of(training, sets, ADAPTER))
    say("Fitting heads on the encoder as it was before adaptation ...")
    frozen = vectors_of(training, sets, None)
    quick_chat = headline.quick_chat(len(sets[CHAT]))
    quick_lines = [sets[CHAT][i] for i in quick_chat]
    return Run(
        taught=_taught(training.examples),
        recipe=recipe(),
        messages_changed=messages_changed(),
        overlap=_overlap(frozen),
        sizes={name: len(lines) for name, lines in sets.items()},
        signals={name: signal_reports(*answered[name]) for name in (CHAT, TOLD, PLAIN)},
        second={name: _second(name, *answered[name]) for name in (CHAT, TOLD, PLAIN)},
        intents=intent_report(*answered[CHAT]),
        harms=harms,
        risk=risk_report(*answered[SAFETY]),
        ordinary=alarms_on_ordinary([(name, *answered[name]) for name in (CHAT, TOLD, PLAIN)]),
        talks=talks,
        noise=noisy,
        calibration=_calibration(answered),
        curve=points,
        encoders=[frozen_row(frozen), adapted_row(adapted, weights, biases)],
        known=known,
        real=real_speech,
        headline=headline.headline(
            answered,
            harms_quiet=harms[-1].found,
            harms_routed=harms[-2].found,
            talk_turns_quiet=talks.turns,
            talks_undisturbed=talks.talks,
        ),
        quick=headline.quick(
            {CHAT: (quick_lines, answered[CHAT][1].some(quick_chat)), SAFETY: answered[SAFETY]}
        ),
    )


def _taught(examples: Sequence[Example]) -> Taught:
    return Taught(
        files={
            path.name: sum(1 for line in path.open(encoding="utf-8") if line.strip())
            for path in sorted(MESSAGES.glob("*.jsonl"))
        },
        labels={f: Counter(label for e in examples for label in getattr(e, f)) for f in FACETS},
        intents=Counter(e.intent for e in examples),
        risks=Counter(e.risk for e in examples),
    )


def _overlap(frozen: Vectors) -> dict[str, tuple[Rate, Rate]]:
    """Return, for each set, how many messages are training examples, or nearly (`NEAR`)."""
    taught = {example.text.strip().lower() for example in frozen.examples}
    result = {}
    for name, (lines, encoded) in frozen.sets.items():
        nearest = (encoded @ frozen.train.T).max(1)
        same = sum(text.strip().lower() in taught for text in texts(lines))
        near = int((nearest > NEAR).sum())
        result[name] = Rate(same, len(lines)), Rate(near, len(lines))
    return result


def _noise(recogniser: Recogniser, answered: dict[str, Answered]) -> list[NoiseRow]:
    chat, safety = answered[CHAT][0], answered[SAFETY][0]
    rows = [_noise_row("as written", answered[CHAT], answered[SAFETY])]
    for name, change in (
        ("no capitals", noise.lost_capitals),
        ("no capitals, no apostrophes", noise.lost_apostrophes),
        ("no capitals, typos", lambda said: noise.typos(noise.lost_capitals(said))),
    ):
        changed = [(lines, ask(recogniser, change(texts(lines)))) for lines in (chat, safety)]
        rows.append(_noise_row(name, *changed))
    return rows


def _noise_row(name: str, chat: Answered, safety: Answered) -> NoiseRow:
    lines, answers = safety
    said = answers.own_risk()
    return NoiseRow(
        name,
        {facet: report.macro for facet, report in signal_reports(*chat).items()},
        intent_report(*chat).accuracy,
        share(has_own_risk(lines), said),
        share(where(lines, HARD_NEGATIVES), said),
    )


def _harms(recogniser: Recogniser) -> list[HarmRow]:
    """Return a row for every route, then one of all of them, then one of messages without any."""
    examples = read_harms()
    told = {name: [e for e in examples if e.route == name] for name in (*routes(), NO_ROUTE)}
    counted: dict[str, tuple[list[bool], list[bool]]] = {}
    for name, lines in told.items():
        parsed = [recogniser.parse(e.text) for e in lines]
        found, at_once = [p[HARMS_FOUND] for p in parsed], [told_now(p, {}) for p in parsed]
        if name == NO_ROUTE:
            counted[name] = [not f for f in found], [not f for f in at_once]
        else:
            counted[name] = [name in f for f in found], [name in f for f in at_once]
    rows = [
        HarmRow(name, *(Rate(sum(column), len(column)) for column in columns))
        for name, columns in counted.items()
    ]
    every = HarmRow("all routes", *(_sum(rows[:-1], part) for part in ("found", "at_once")))
    return [*rows[:-1], every, rows[-1]]


def _talks(recogniser: Recogniser) -> TalkReport:
    talks = [[recogniser.parse(text) for text in talk] for talk in read_talks()]
    alarms = [[parsed[RISK] in OWN_RISK for parsed in talk] for talk in talks]
    routed = [any(told_now(parsed, {}) for parsed in talk) for talk in talks]
    turns = [alarm for talk in alarms for alarm in talk]
    quiet = [not any(talk) for talk in alarms]
    unrouted = [q and not r for q, r in zip(quiet, routed, strict=True)]
    return TalkReport(
        Rate(turns.count(False), len(turns)),
        Rate(sum(quiet), len(quiet)),
        Rate(sum(unrouted), len(unrouted)),
    )


def _sum(rows: Sequence[HarmRow], part: str) -> Rate:
    rates = [getattr(row, part) for row in rows]
    return Rate(sum(rate.hits for rate in rates), sum(rate.total for rate in rates))


def _calibration(answered: dict[str, Answered]) -> dict[tuple[str, str], list[Bin]]:
    """Return (what, set) -> bins."""
    result = {}
    for name in (CHAT, TOLD, PLAIN):
        lines, answers = answered[name]
        truth = signal_truth(line.example for line in lines)
        for facet in FACETS:
            chosen = columns(facet)
            bins = reliability(answers.probabilities[:, chosen], truth[:, chosen])
            result[facet, name] = bins
        result[EVERY_LABEL, name] = reliability(answers.probabilities, truth)
    lines, answers = answered[CHAT]
    right = [i == line.example.intent for i, line in zip(answers.ranked, lines, strict=True)]
    result["intent", CHAT] = reliability(answers.confidences, np.array(right))
    for name, (lines, answers) in answered.items():
        result["own risk", name] = reliability(answers.own, has_own_risk(lines))
    return result


def _second(name: str, lines: Sequence[Line], answers: Answers) -> list[Reader]:
    """Return the model against both readers of a set, and these against each other."""
    places, again = read_second(name)
    first, second = signal_truth(lines[i].example for i in places), signal_truth(again)
    found = answers.labels[places]
    return [
        _reader("model against the set's labels", first, found),
        _reader("model against the second reader", second, found),
        _reader("second reader against the set's labels", first, second),
    ]


def _real(recogniser: Recogniser, folder: Path) -> Real:
    pairs = read_doctors(folder)
    first, second = (signal_truth(reader) for reader in zip(*pairs, strict=True))
    found = ask(recogniser, [example.text for example, _ in pairs]).labels
    lines = read_real_risk(folder)
    risk = ask(recogniser, texts(lines))
    return Real(
        len(pairs),
        [
            _reader("model against reader 1", first, found),
            _reader("model against reader 2", second, found),
            _reader("reader 2 against reader 1", first, second),
            _reader("reader 1 against reader 2", second, first),
        ],
        len(lines),
        _real_risk("own risk found", has_own_risk(lines), risk),
        [
            _real_risk(kind, where(lines, [kind]) & ~has_own_risk(lines), risk)
            for kind in sorted({line.kind for line in lines})
            if any(line.kind == kind and line.example.risk == "none" for line in lines)
        ],
    )


def _real_risk(name: str, chosen: np.ndarray, answers: Answers) -> RiskRow:
    return RiskRow(name, {s: share(chosen, answers.own_risk(s)) for s in answers.risks})


def _reader(name: str, truth: np.ndarray, found: np.ndarray) -> Reader:
    table = count(truth, found)
    facets = {facet: [table[i] for i in columns(facet)] for facet in FACETS}
    return Reader(
        name,
        {facet: macro_f1(rows) for facet, rows in facets.items()},
        {facet: pooled(rows) for facet, rows in facets.items()},
    )
