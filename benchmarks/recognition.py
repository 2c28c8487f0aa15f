"""How long recognition takes: `python -m benchmarks.recognition`.

The whole NLU and the frozen encoder alone read the same messages of 25 words, in turn, on one core
in one run, so that the ratio holds on a busy machine; the times in milliseconds hold only there.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from bot.environment import prepare

prepare()

from bot.nlu.encoder import SentenceEncoder  # noqa: E402  (the environment comes first)
from bot.nlu.examples import read_examples  # noqa: E402
from bot.nlu.language import read  # noqa: E402
from bot.privacy.logs import configure_logs  # noqa: E402
from bot.recognise import Recogniser  # noqa: E402

WORDS = 25
ROUNDS = 3


def messages() -> list[str]:
    """Return the training examples of exactly `WORDS` words."""
    return [e.text for e in read_examples() if len(e.text.split()) == WORDS][:80]


def timed(act: Callable[[str], object], text: str) -> float:
    """Return the milliseconds that `act` takes for `text`."""
    started = time.perf_counter()
    act(text)
    return 1000 * (time.perf_counter() - started)


def main() -> None:
    """Measure, and print a Markdown table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    configure_logs("ERROR")
    frozen = SentenceEncoder()
    acts: dict[str, Callable[[str], object]] = {
        "the whole NLU": Recogniser.load().parse,
        "of it, spaCy with all entities": read,
        "the frozen encoder alone": lambda text: frozen.encode([text]),
    }
    texts = messages()
    times: dict[str, list[float]] = {name: [] for name in acts}
    for text in texts[:5]:
        for act in acts.values():
            act(text)
    for _ in range(ROUNDS):
        for text in texts:
            for name, act in acts.items():
                times[name].append(timed(act, text))
    base = statistics.median(times["the frozen encoder alone"])
    print(f"{len(texts)} messages of {WORDS} words, {ROUNDS} rounds, one core\n")
    print("| | median, ms | 95th percentile, ms | times the frozen encoder |\n|---|---|---|---|")
    for name, values in times.items():
        median, late = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        print(f"| {name} | {median:.1f} | {late:.1f} | {median / base:.2f} |")


if __name__ == "__main__":
    main()
