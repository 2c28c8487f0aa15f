"""The page `docs/performance.md` and its figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from benchmarks.against_stock.clone import Cold, FromCold
from benchmarks.against_stock.measuring import Block
from benchmarks.against_stock.turn_profile import TurnProfile, profile_table

OURS, STOCK = "ours", "stock"
COLOURS = {OURS: "#0072b2", STOCK: "#d55e00"}
LABELS = {OURS: "Sidedoor", STOCK: "stock Rasa"}


@dataclass
class Results:
    """Everything that one run measured; seconds, megabytes, answers a second."""

    day: str
    machine: str
    load: float
    sample: int
    everything: int
    epochs: str
    training: dict[str, tuple[float, float]] = field(default_factory=dict)
    start: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    blocks: dict[str, dict[int, list[Block]]] = field(default_factory=dict)
    lengths: dict[str, dict[int, Block]] = field(default_factory=dict)
    silent: dict[str, float] = field(default_factory=dict)
    """Share of messages to which nothing was said: its learnt policy chose to listen."""
    encoder: tuple[float, float] = (0.0, 0.0)
    cores: int = 1
    cold: FromCold | None = None
    """None if it was left out."""
    profile: TurnProfile | None = None

    def best(self, who: str, chats: int) -> Block:
        """Return the block of median throughput."""
        blocks = sorted(self.blocks[who][chats], key=lambda block: block.per_second)
        return blocks[len(blocks) // 2]


def page(r: Results, notes: str) -> str:
    """Return the page."""
    lines = [
        "# How quick it is, beside stock Rasa",
        "",
        f"Written by `python -m benchmarks.against_stock` on {r.day}: {r.machine}, load"
        f" {r.load:.1f} before.",
        "One run: both servers running, the same client and the same messages, in turns;"
        f" {len(r.blocks[OURS][1])} blocks of each kind.",
        "",
        "*Stock* is Rasa 3.6 with its own default configuration, trained for"
        f" {r.epochs} on a sample of {r.sample:,}",
        f"of our {r.everything:,} messages, with one fixed reply for each intent and no actions.",
        f"To {r.silent[STOCK]:.0%} of the messages it said nothing, its policy choosing to listen,"
        " which makes it quicker.",
        "*Sidedoor* is trained on all, with every feature on but the limits on how fast one may"
        f" write; it left {r.silent[OURS]:.0%} unanswered.",
        "",
        "| | stock Rasa | Sidedoor | ratio | wanted | holds |",
        "|---|---|---|---|---|---|",
    ]

    def row(
        what: str, stock: float, ours: float, shown: str, ratio: float, wanted: str, held: bool
    ) -> None:
        lines.append(
            f"| {what} | {shown.format(stock)} | {shown.format(ours)} | {ratio:.2f} | {wanted} |"
            f" {'yes' if held else '**no**'} |"
        )

    def plain(what: str, stock: str, ours: str, ratio: str = "") -> None:
        lines.append(f"| {what} | {stock} | {ours} | {ratio} | | |")

    crowd = max(c for c in r.blocks[OURS] if c <= 32)
    fast = {who: r.best(who, crowd).per_second for who in (OURS, STOCK)}
    row(
        f"answers a second, {crowd} chats", fast[STOCK], fast[OURS], "{:.1f}",
        fast[OURS] / fast[STOCK], "≥ 5", fast[OURS] >= 5 * fast[STOCK],
    )  # fmt: skip
    single = {who: 1000 * r.best(who, 1).median for who in (OURS, STOCK)}
    row(
        "median answer, one chat (ms)", single[STOCK], single[OURS], "{:.0f}",
        single[OURS] / single[STOCK], "≤ 0.25", single[OURS] <= single[STOCK] / 4,
    )  # fmt: skip
    memory = r.memory
    row(
        "memory, resident (MB)", memory[STOCK], memory[OURS], "{:.0f}",
        memory[OURS] / memory[STOCK], "≤ 0.5", memory[OURS] <= memory[STOCK] / 2,
    )  # fmt: skip
    start = {who: sorted(times)[len(times) // 2] for who, times in r.start.items()}
    row(
        "start to first answer (s)", start[STOCK], start[OURS], "{:.1f}",
        start[OURS] / start[STOCK], "≤ 0.33", start[OURS] <= start[STOCK] / 3,
    )  # fmt: skip
    marks = sorted(r.lengths[OURS])
    growth = {who: _growth(r.lengths[who], marks) for who in (OURS, STOCK)}
    row(
        f"turn {marks[-1]} / turn {marks[0]}", growth[STOCK], growth[OURS], "{:.2f}",
        growth[OURS] / growth[STOCK], "ours ≤ 1.2", growth[OURS] <= 1.2,
    )  # fmt: skip
    training = {who: seconds for who, (seconds, _) in r.training.items()}
    row(
        "training (s)", training[STOCK], training[OURS], "{:.0f}",
        training[OURS] / training[STOCK], "ours ≤ 120", training[OURS] <= 120,
    )  # fmt: skip
    plain("processor time of training (s)", *(f"{r.training[w][1]:.0f}" for w in (STOCK, OURS)))
    if r.cold is not None:
        cold = {
            STOCK: Cold(r.cold.installing_stock, training[STOCK], start[STOCK]),
            OURS: r.cold.ours,
        }
        plain(
            "cold clone to conversation (s); of it installing, training, starting",
            *(
                f"{c.whole:.0f}; {c.installing:.0f}, {c.training:.0f}, {c.starting:.0f}"
                for c in (cold[STOCK], cold[OURS])
            ),
            f"{cold[OURS].whole / cold[STOCK].whole:.2f}",
        )
    for chats in sorted(r.blocks[OURS]):
        ours, stock = r.best(OURS, chats), r.best(STOCK, chats)
        plain(
            f"{chats} chats: answers a second; median and 95th percentile (ms)",
            *(
                f"{b.per_second:.1f}; {1000 * b.median:.0f}, {1000 * b.far:.0f}"
                for b in (stock, ours)
            ),
            f"{ours.per_second / stock.per_second:.2f}",
        )
    alone = {who: 1000 * r.best(who, 1).cost for who in (OURS, STOCK)}
    full = {who: 1000 * r.best(who, crowd).cost for who in (OURS, STOCK)}
    plain("processor time an answer, one chat (ms)", f"{alone[STOCK]:.0f}", f"{alone[OURS]:.0f}")
    plain(f"the same, {crowd} chats (ms)", f"{full[STOCK]:.0f}", f"{full[OURS]:.0f}")
    for mark in marks:
        plain(
            f"turn {mark}: median answer (ms)",
            *(f"{1000 * r.lengths[who][mark].median:.0f}" for who in (STOCK, OURS)),
        )
    one, together = (1000 * seconds for seconds in r.encoder)
    limit = 1000 * r.cores / together
    lines += [
        "",
        "![Answers a second](figures/throughput.svg)",
        "",
        "![Turn time and length of a conversation](figures/length.svg)",
        "",
        "## The limit",
        f"The sentence encoder alone, without any framework, takes {one:.1f} ms of one core for",
        f"a message, and {together:.1f} ms each for eight together. Nothing that reads with it",
        f"can answer more than {limit:.0f} messages a second on {r.cores} cores, or one message",
        f"in less than {one:.1f} ms. Sidedoor reaches {fast[OURS]:.1f} a second"
        f" ({100 * fast[OURS] / limit:.0f} % of the limit)",
        f"and one answer in {single[OURS]:.0f} ms ({single[OURS] / one:.1f} times the limit).",
        "",
        *_profile(r.profile),
        *_cold(r.cold),
        notes.strip(),
        "",
    ]
    return "\n".join(lines)


def _profile(profile: TurnProfile | None) -> list[str]:
    if profile is None:
        return []
    return [
        "## Where a turn goes",
        "`sidedoor run` with its seams timed from outside, and one person who writes over HTTP"
        f" ({profile.turns} messages).",
        "Of each part its own time; the mean of the middle half of the turns by length, so that the"
        " parts add up.",
        f"The timing itself takes {1000 * profile.timing:.2f} ms of it.",
        "`.venv/bin/python -m benchmarks.against_stock.turn_profile` prints this table alone.",
        "",
        *profile_table(profile),
        "",
    ]


def _cold(cold: FromCold | None) -> list[str]:
    if cold is None:
        return []
    held = cold.packages - cold.downloads
    warmth = "warm" if held > 0.9 * cold.packages else "cold" if not held else "partly warm"
    return [
        "## From a cold clone to a conversation",
        f"The package cache was {warmth}: it held {held} of the {cold.packages} packages that our"
        " lock file names.",
        "Ours is `git clone` from the same disk and `make run` until a message was answered. It"
        " installs what checks and",
        "tests need too. Of stock Rasa the same versions are installed into a fresh environment"
        " with the same uv,",
        "which is there already; its training is that of the sample above, and its start the"
        " median above.",
        "",
    ]


def _growth(blocks: dict[int, Block], marks: list[int]) -> float:
    return blocks[marks[-1]].median / blocks[marks[0]].median


def draw(r: Results, folder: Path) -> None:
    """Draw both figures into `folder`."""
    pyplot.rcParams.update({"svg.hashsalt": "sidedoor", "svg.fonttype": "none", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(5.5, 3))
    for who in (STOCK, OURS):
        chats = sorted(r.blocks[who])
        axes.plot(
            chats, [r.best(who, c).per_second for c in chats], marker="o", color=COLOURS[who],
            label=LABELS[who],
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(r.blocks[OURS]), [str(c) for c in sorted(r.blocks[OURS])])
    axes.set_xlabel("chats at once")
    axes.set_ylabel("answers a second")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    _save(figure, folder / "throughput.svg")
    figure, axes = pyplot.subplots(figsize=(5.5, 3))
    for who in (STOCK, OURS):
        marks = sorted(r.lengths[who])
        axes.plot(
            marks, [1000 * r.lengths[who][m].median for m in marks], marker="o", color=COLOURS[who],
            label=LABELS[who],
        )  # fmt: skip
    axes.set_xlabel("turn of a conversation")
    axes.set_ylabel("median answer (ms)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    _save(figure, folder / "length.svg")


def _save(figure: pyplot.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
