"""The card's sections of results."""

from __future__ import annotations

from collections.abc import Sequence

from bot.nlu.taxonomy import FACETS
from evaluation.answers import SOURCES
from evaluation.measures import (
    ENOUGH,
    Rate,
    calibration_error,
    predictive_value,
    rule_of_three,
)
from evaluation.refit import EncoderRow
from evaluation.reports import FacetReport, RiskRow
from evaluation.run import Reader, Run
from evaluation.sets import CHAT, PLAIN, TOLD
from evaluation.tables import between, number, points, rate, rate_of, table

WORST = 15
"""Confusions of intents that are listed."""

TOO_FEW = {("own risk", CHAT), ("own risk", TOLD), ("own risk", PLAIN)}
"""What has so little own risk that its bins are not printed."""


def signals(run: Run) -> list[str]:
    """Return the figures of every label."""
    lines = [
        "Precision and recall with Wilson intervals, F1 with bootstrap intervals over messages,",
        f"all 95 %. The average (macro) is over labels that occur at least {ENOUGH} times;",
        "“pooled” (micro) is over all findings of the facet.",
        "",
        "![F1 of every label on both sets, with intervals](figures/labels.svg)",
        "",
        *table(
            ["facet", "set", "F1, average", "over labels", "F1, pooled"],
            [_averages(run.signals[name][f], f, name) for f in FACETS for name in run.signals],
        ),
    ]
    for facet in FACETS:
        for name, reports in run.signals.items():
            lines += [f"### {facet.capitalize()}, {name} set", "", *_labels(reports[facet], facet)]
    return [*lines, *_second(run)]


def _second(run: Run) -> list[str]:
    return [
        "### A second reader",
        "",
        "Somebody who had the definitions and the project's first thousand examples, but not the",
        "sets' labels, labelled the messages again that may have any (of `chat`, all but questions",
        "and courtesies). How far the two agree is what a recogniser can be expected to reach.",
        "",
        *table(
            ["set", "who", *(f"{f}, average (over labels)" for f in FACETS)],
            [
                [name, reader.name, *(_macro(reader, f) for f in FACETS)]
                for name, readers in run.second.items()
                for reader in readers
            ],
            words=2,
        ),
    ]


def _macro(reader: Reader, facet: str) -> str:
    value, over = reader.macro[facet]
    return f"{number(value)} ({over})"


def _averages(report: FacetReport, facet: str, name: str) -> list[object]:
    return [
        facet,
        name,
        between(report.macro, report.interval),
        f"{report.averaged} of {len(report.rows)}",
        number(report.micro.f1),
    ]


def _labels(report: FacetReport, facet: str) -> list[str]:
    return table(
        [facet, "there", "found", "precision", "recall", "F1"],
        [
            [
                row.name.split("/")[1],
                row.counts.positives,
                row.counts.precision.total,
                rate(row.counts.precision) if row.counts.precision.total else "–",
                rate(row.counts.recall) if row.counts.positives else "–",
                between(row.counts.f1, row.interval),
            ]
            for row in report.rows
        ],
    )


def intents(run: Run) -> list[str]:
    """Return accuracy, confusions and figures of every intent."""
    report = run.intents
    there = {name: counts.positives for name, counts in report.rows}
    return [
        f"On the chat set: accuracy {rate_of(report.accuracy)}; macro F1",
        f"{number(report.macro)} over {report.averaged} intents. In {report.fallbacks} messages",
        "the classifier was not sure enough and the assistant would say so (`nlu_fallback`); these",
        "count as wrong.",
        "",
        "### Most frequent confusions",
        "",
        *table(
            ["was", "taken for", "times", "of"],
            [[t, f, times, there[t]] for t, f, times in report.mistakes[:WORST]],
            words=2,
        ),
        "### Every intent",
        "",
        *table(
            ["intent", "there", "precision", "recall", "F1"],
            [
                [
                    name,
                    counts.positives,
                    number(counts.precision.value),
                    rate(counts.recall),
                    number(counts.f1),
                ]
                for name, counts in report.rows
            ],
        ),
    ]


RARITIES = (1000, 200, 50, 10)
"""Of how many messages one tells of own risk, in `_worth_of_an_alarm`."""

EVERY_KIND = "all own risk"
"""Row of the recall of risk that holds every kind together."""


def risk(run: Run) -> list[str]:
    """Return what is found and what is wrongly said about risk, by source."""
    report = run.risk
    return [
        "On the safety set, by who said it: the curated patterns alone, the classifier alone, and",
        "both together (`union`), which is what the assistant acts on. Own risk is any of",
        "immediate, active or passive ideation, self-harm, harm to others. Wilson intervals, 95 %.",
        "",
        "![Own risk found and false alarms, by kind and source](figures/risk.svg)",
        "",
        "### Own risk found",
        "",
        *_by_source("kind", report.recall),
        *_zero_misses(report.recall),
        *_by_source("risk there was", report.by_risk),
        "The same risk named, both sources together (the urgency decides what is shown first):",
        "",
        *table(["risk there was", "named so"], [[n, rate_of(r)] for n, r in report.exact]),
        "### Other people's risk",
        "",
        *_by_source("of another person", report.third_party),
        "### False alarms",
        "",
        "Own risk said of messages that state none.",
        "",
        *_by_source("kind", report.alarms),
        "And in the other sets, whose messages are about work and feelings:",
        "",
        *_by_source("set", run.ordinary),
        "### Whole talks",
        "",
        "Ten turns each of people who are at no risk (`talks`, each turn read alone): a small rate",
        "of false alarms adds up.",
        "",
        *table(
            ["turns quiet", "talks without own risk said", "and without a harm's route at once"],
            [[rate_of(run.talks.turns), rate_of(run.talks.talks), rate_of(run.talks.unrouted)]],
        ),
        *_worth_of_an_alarm(run),
    ]


def _worth_of_an_alarm(run: Run) -> list[str]:
    """Return the positive predictive value at shares of own risk that real use might have."""
    found = next(row.rates["union"] for row in run.risk.recall if row.name == EVERY_KIND)
    ordinary = [row.rates["union"] for row in run.ordinary]
    alarms = (
        sum(r.hits for r in ordinary) / sum(r.total for r in ordinary),
        1 - run.talks.turns.value,
    )
    return [
        "### What an alarm is worth",
        "",
        "How many of those who are shown the numbers without asking are at risk depends on how",
        "many messages tell of risk, which nobody knows before use: the positive predictive value,",
        "from the recall of all own risk above and the false alarms on messages about work and",
        f"feelings ({alarms[0]:.1%}) or in whole talks ({alarms[1]:.1%}). Most who are asked",
        "will be at no risk.",
        "",
        *table(
            ["messages with own risk", "at work's false alarms", "at talks' false alarms"],
            [
                [
                    f"1 in {rarity}",
                    *(number(predictive_value(1 / rarity, found.value, a)) for a in alarms),
                ]
                for rarity in RARITIES
            ],
        ),
    ]


def harms(run: Run) -> list[str]:
    """Return how many messages that tell a harm got its route, and how many others were quiet."""
    *told, quiet = run.harms
    return [
        "Harms with a route of their own (`nlu_data/harms/routes.yml`), on the set `harms`, whose",
        "writer had seen the routes' meanings only. A route comes at once when a phrase or the",
        "classifier is clear about it; otherwise the assistant asks whether it is that.",
        "",
        *table(
            ["route", "found", "of these at once"],
            [[row.route, rate_of(row.found), row.at_once.hits] for row in told],
        ),
        "Of ordinary messages, half of them written to come near a harm:",
        "",
        *table(
            ["left alone", "at most asked about"], [[rate_of(quiet.found), rate_of(quiet.at_once)]]
        ),
    ]


def _by_source(head: str, rows: Sequence[RiskRow]) -> list[str]:
    return table(
        [head, "messages", *SOURCES],
        [
            [
                row.name.replace("_", " "),
                row.rates["union"].total,
                *(f"{rate(row.rates[s])}, {row.rates[s].hits}" for s in SOURCES),
            ]
            for row in rows
        ],
    )


def _zero_misses(rows: Sequence[RiskRow]) -> list[str]:
    return [
        "**Zero misses in n messages would still permit a true miss rate of 3/n** (the rule of",
        "three, 95 %):",
        "",
        *table(
            ["kind", "n", "missed", "rate that zero misses would still permit"],
            [_permitted(row.name.replace("_", " "), row.rates["union"]) for row in rows],
        ),
    ]


def _permitted(name: str, rate: Rate) -> list[object]:
    return [name, rate.total, rate.total - rate.hits, f"{rule_of_three(rate.total):.1%}"]


def noise(run: Run) -> list[str]:
    """Return what noise costs."""
    clean = run.noise[0]
    lines = [
        "The chat and safety sets again: without capitals; without apostrophes too; and without",
        "capitals but with slips of the fingers (letters swapped, dropped, doubled or hit beside;",
        "one in about forty characters, at least one a message; the same slips in every run). In",
        "brackets the difference in points.",
        "",
    ]
    rows = []
    for row in run.noise:
        values = [
            *((row.f1[f], clean.f1[f]) for f in FACETS),
            (row.intents.value, clean.intents.value),
            (row.own_risk.value, clean.own_risk.value),
            (row.alarms.value, clean.alarms.value),
        ]
        rows.append([row.name, *(_changed(value, was, row is clean) for value, was in values)])
    head = ["written", *(f"{f} F1" for f in FACETS), "intents", "own risk found", "false alarms"]
    return [*lines, *table(head, rows)]


def _changed(value: float, was: float, clean: bool) -> str:
    return number(value) if clean else f"{number(value)} ({points(value, was)})"


def calibration(run: Run) -> list[str]:
    """Return how far the probabilities can be taken at their word."""
    lines = [
        "Of the messages to which a label is given with probability 0.7, about 7 in 10 should have",
        "it. The expected calibration error is the mean gap between the two over ten equal bins,",
        "weighted by how many answers each holds; most answers are sure noes, so look at the table",
        "too. Risk is far more frequent in the safety set than in any real use. The plot leaves",
        "out bins with few answers.",
        "",
        "![Probability given against share that held](figures/reliability.svg)",
        "",
        *table(
            ["what", "set", "answers", "expected calibration error"],
            [
                [what, name, sum(b.count for b in bins), f"{calibration_error(bins):.3f}"]
                for (what, name), bins in run.calibration.items()
            ],
        ),
    ]
    rows = [
        [f"{what}, {name}", f"{b.low:.1f}–{b.high:.1f}", b.count, number(b.probability),
         number(b.share)]
        for (what, name), bins in run.calibration.items()
        if what not in FACETS and (what, name) not in TOO_FEW
        for b in bins
    ]  # fmt: skip
    return [*lines, *table(["what, set", "bin", "answers", "mean probability", "share"], rows)]


def curve(run: Run) -> list[str]:
    """Return what the number of examples does."""
    return [
        "The linear heads fitted again on growing parts of the examples, with the shipped adapter,",
        "and asked about the chat set (own risk: the safety set). **The adapter has seen all of",
        "them (but for those that thresholds were found on), so the smaller parts profit from what",
        "they do not hold: the curve flatters them, and is no measure of what fewer examples would",
        "have given.** F1 is the average with each label's threshold chosen afterwards on the set",
        "itself, an upper bound; “own risk ranked” is the chance that a message with own risk",
        "scores above one with none.",
        "",
        "![Figures against number of training examples](figures/learning_curve.svg)",
        "",
        *table(
            ["examples", *(f"{f} F1" for f in FACETS), "intents", "own risk ranked"],
            [
                [
                    f"{p.examples:,}",
                    *(number(p.best[f]) for f in FACETS),
                    number(p.intent_accuracy),
                    number(p.own_risk_ranking),
                ]
                for p in run.curve
            ],
        ),
    ]


def encoders(run: Run) -> list[str]:
    """Return what adapting the encoder does."""
    return [
        "The same linear heads on the vectors of the encoder as published, and as adapted. Average",
        "F1 with thresholds from training messages that neither adapter nor heads had seen; and in",
        "brackets with the best threshold chosen afterwards on the set. Intents on the chat set,",
        "without the fallback; own risk ranked on the safety set. The adapter was trained on",
        f"{run.recipe['messages']:,} messages; thresholds are from the"
        f" {run.recipe['held_out_messages']:,} of {' and '.join(run.recipe['held_out'])}."
        f" The messages have {'' if run.messages_changed else 'not '}changed since.",
        "",
        *table(
            [
                "encoder",
                *(f"{name}: {f}" for name in (CHAT, TOLD, PLAIN) for f in FACETS),
                "intents",
                "own risk ranked",
            ],
            [_encoder(row) for row in run.encoders],
        ),
    ]


def _encoder(row: EncoderRow) -> list[str]:
    keys = [(name, f) for name in (CHAT, TOLD, PLAIN) for f in FACETS]
    return [
        row.name,
        *(f"{number(row.held_out[key])} ({number(row.best[key])})" for key in keys),
        number(row.intent_accuracy),
        number(row.own_risk_ranking),
    ]


def real(run: Run) -> list[str]:
    """Return the aggregates on real speech, if any was given."""
    if run.real is None:
        return [
            "Not measured in this run: it needs a folder with labelled real sentences, which are",
            "not in the project (`make evaluate REAL=FOLDER`).",
            "",
        ]
    found = run.real
    return [
        f"Published sentences of doctors about themselves ({found.sentences}, each labelled by two",
        f"readers) and of others about risk ({found.risk_lines}). **These sentences are other",
        "people's words. They are not in the project, nothing was trained on them, and only",
        "aggregates are printed.** The development of thresholds and data was free to look at this",
        "sample, and it is small: it shows a direction, not a level. Two readers agree with each",
        "other only so far; their rows are the yardstick.",
        "",
        *table(
            ["who", *(f"{f}, average (over labels)" for f in FACETS),
             *(f"{f}, pooled" for f in FACETS)],
            [
                [
                    reader.name,
                    *(_macro(reader, f) for f in FACETS),
                    *(number(reader.micro[f].f1) for f in FACETS),
                ]
                for reader in found.readers
            ],
        ),
        f"F1; the average is over labels that the reader gave at least {ENOUGH} times, and a dash"
        " where there is none.",
        "",
        *_by_source("own risk in real sentences", [found.recall]),
        *_by_source("own risk said of sentences that have none", found.alarms),
    ]  # fmt: skip
