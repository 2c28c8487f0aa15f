"""The card's figures, as SVG that is the same for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from bot.nlu.taxonomy import FACETS
from evaluation.answers import SOURCES
from evaluation.measures import Bin
from evaluation.refit import Point
from evaluation.reports import FacetReport, RiskReport, RiskRow
from evaluation.run import EVERY_LABEL

FEW = 10
"""Answers below which a bin is not drawn."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Told apart by colour-blind people too (Okabe and Ito)."""

MARKERS = ("o", "s", "^", "D", "v", "P")

pyplot.rcParams.update(
    {
        "svg.hashsalt": "sidedoor",
        "svg.fonttype": "none",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
    }
)


def draw_labels(signals: Mapping[str, Mapping[str, FacetReport]], path: Path) -> None:
    """Draw F1 of every label with its interval, a row a label, a colour a set."""
    first = next(iter(signals.values()))
    names = [row.name.replace("/", ": ") for facet in FACETS for row in first[facet].rows]
    figure, axes = pyplot.subplots(figsize=(7.5, 0.27 * len(names) + 0.8))
    for number, (which, reports) in enumerate(signals.items()):
        rows = [row for facet in FACETS for row in reports[facet].rows]
        kept = [i for i, row in enumerate(rows) if row.counts.f1 == row.counts.f1]
        heights = [i + 0.16 * (2 * number - 1) for i in kept]
        scores = [rows[i].counts.f1 for i in kept]
        low = [max(0.0, rows[i].counts.f1 - rows[i].interval[0]) for i in kept]
        high = [max(0.0, rows[i].interval[1] - rows[i].counts.f1) for i in kept]
        axes.errorbar(
            scores, heights, xerr=[low, high], fmt=MARKERS[number], markersize=4,
            color=COLOURS[number], elinewidth=1, label=f"{which} set",
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("F1, with the 95 % bootstrap interval")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.06), ncol=2, frameon=False)
    _save(figure, path)


def draw_risk(report: RiskReport, path: Path) -> None:
    """Draw own risk found, and said where there is none, by kind and source."""
    figure, both = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for axes, rows, title in (
        (both[0], report.recall, "Own risk found (recall)"),
        (both[1], report.alarms, "Own risk said where there is none (false alarms)"),
    ):
        _bars(axes, rows)
        axes.set_title(title, fontsize=9)
    both[0].legend(loc="lower center", bbox_to_anchor=(0.5, -0.42), ncol=3, frameon=False)
    _save(figure, path)


def _bars(axes: pyplot.Axes, rows: Sequence[RiskRow]) -> None:
    for number, source in enumerate(SOURCES):
        rates = [row.rates[source] for row in rows]
        low = [max(0.0, rate.value - rate.interval[0]) for rate in rates]
        high = [max(0.0, rate.interval[1] - rate.value) for rate in rates]
        places = [i + 0.27 * (number - 1) for i in range(len(rows))]
        axes.bar(
            places, [rate.value for rate in rates], 0.25, yerr=[low, high], label=source,
            color=COLOURS[number], error_kw={"elinewidth": 0.8, "ecolor": "#333333"},
        )  # fmt: skip
    names = [row.name.replace("_", " ") for row in rows]
    axes.set_xticks(range(len(rows)), names, rotation=30, ha="right")
    axes.set_ylim(0, 1.02)
    axes.grid(axis="x", visible=False)


def draw_calibration(bins: Mapping[tuple[str, str], Sequence[Bin]], path: Path) -> None:
    """Draw what was said to be probable against what was so, a panel a set."""
    which = list(dict.fromkeys(name for _, name in bins))
    figure, panels = pyplot.subplots(1, len(which), figsize=(3.1 * len(which), 3.4), sharey=True)
    kinds = dict.fromkeys(what for what, _ in bins if what != EVERY_LABEL)
    colours = {what: i for i, what in enumerate(kinds)}
    for axes, name in zip(panels, which, strict=True):
        axes.plot([0, 1], [0, 1], color="#888888", linewidth=0.8, linestyle="--")
        for (what, where), rows in bins.items():
            drawn = [b for b in rows if b.count >= FEW]
            if where == name and what != EVERY_LABEL:
                axes.plot(
                    [b.probability for b in drawn], [b.share for b in drawn], markersize=4,
                    marker=MARKERS[colours[what]], color=COLOURS[colours[what]], label=what,
                )  # fmt: skip
        axes.set_title(f"{name} set", fontsize=9)
        axes.set_xlabel("probability given")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.legend(frameon=False, fontsize=8)
    panels[0].set_ylabel("share that held")
    _save(figure, path)


def draw_curve(points: Sequence[Point], path: Path) -> None:
    """Draw what the number of examples does."""
    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    sizes = [point.examples for point in points]
    lines = {f"{facet} F1": [point.best[facet] for point in points] for facet in FACETS}
    lines["intent accuracy"] = [point.intent_accuracy for point in points]
    lines["own risk ranked"] = [point.own_risk_ranking for point in points]
    for number, (name, values) in enumerate(lines.items()):
        axes.plot(sizes, values, marker=MARKERS[number], color=COLOURS[number], label=name)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training examples")
    axes.set_ylim(0, 1.02)
    axes.legend(frameon=False, loc="lower right")
    _save(figure, path)


def _save(figure: pyplot.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
