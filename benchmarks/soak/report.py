"""The soak's section of `docs/scaling.md` and its figure."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from benchmarks.soak.crowd import Crowd
from benchmarks.soak.resident import Memory

HEADING = "## The soak"


@dataclass
class Soak:
    """Everything that one run measured."""

    day: str
    machine: str
    minutes: float
    warm: float
    """Minutes at the beginning that no slope is taken from."""
    measured: float
    """Answers a second without a pause, before."""
    memory: Memory
    crowd: Crowd
    logged: dict[str, int] = field(default_factory=dict)
    """Lines that the processes logged above INFO, by what they say."""
    keys: int = 0
    """Keys in Redis at the end."""


def section(soak: Soak) -> str:
    """Return the section, from its heading to the last line."""
    crowd, settled = soak.crowd, soak.memory.since(60 * soak.warm)
    rate = crowd.answers["page"] / (60 * soak.minutes)
    waits = sorted(crowd.waited)
    far = waits[int(0.95 * (len(waits) - 1))]
    wrong = "none" if not crowd.errors else ", ".join(f"{k} ({v})" for k, v in crowd.errors.items())
    logged = (
        "none" if not soak.logged else ", ".join(f"`{k}` ({v})" for k, v in soak.logged.items())
    )
    lines = [
        HEADING,
        f"Written by `python -m benchmarks.soak` on {soak.day}: {soak.machine}, other programs"
        " beside it.",
        f"For {soak.minutes:g} minutes everything that a deployment runs, with people who come,"
        " talk and go: nine",
        "of ten close their page, one leaves it open. Everyone writes what nobody has written"
        " before.",
        "",
        "| | |",
        "|---|---|",
        f"| answers a second without a pause, two workers, just before | {soak.measured:.1f} |",
        f"| answers a second in the soak | {rate:.1f} ({rate / soak.measured:.0%}) |",
        f"| answers on the page, on Telegram | {crowd.answers['page']:,},"
        f" {crowd.answers['Telegram']:,} |",
        f"| conversations on the page, on Telegram | {crowd.conversations['page']:,},"
        f" {crowd.conversations['Telegram']:,} |",
        f"| an answer: median, 95th percentile | {1000 * statistics.median(waits):.0f} ms,"
        f" {1000 * far:.0f} ms |",
        f"| errors | {wrong} |",
        f"| warnings and errors in the logs | {logged} |",
        f"| keys in Redis at the end | {soak.keys:,} |",
        "",
        f"Resident memory without shared segments, from minute {soak.warm:g} on:",
        "",
        "| part | first tenth (MB) | last tenth (MB) | most (MB) | slope (MB an hour) |",
        "|---|---|---|---|---|",
    ]
    for part, held in settled.held.items():
        first, last = settled.ends(part)
        lines.append(
            f"| {part} | {first:.1f} | {last:.1f} | {max(held):.1f} | {settled.slope(part):+.1f} |"
        )
    lines += ["", "![Resident memory](figures/soak.svg)", ""]
    return "\n".join(lines)


def write_section(path: Path, text: str) -> None:
    """Put the section in the place of the last one, which ends at the next heading."""
    page = path.read_text("utf-8")
    old = re.compile(rf"^{re.escape(HEADING)}\n.*?(?=^## )", re.MULTILINE | re.DOTALL)
    if not old.search(page):
        raise SystemExit(f"{path.name} has no section {HEADING!r} before another")
    path.write_text(old.sub(lambda _: text + "\n", page, count=1), "utf-8")


def draw(soak: Soak, path: Path) -> None:
    """Draw the memory of each part as it was."""
    pyplot.rcParams.update({"svg.hashsalt": "sidedoor", "svg.fonttype": "none", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(5.5, 3.4))
    minutes = [at / 60 for at in soak.memory.at]
    for part, held in soak.memory.held.items():
        axes.plot(minutes, held, label=part, linewidth=1)
    axes.set_xlabel("minute")
    axes.set_ylabel("resident memory (MB)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, ncol=2, loc="center right")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
