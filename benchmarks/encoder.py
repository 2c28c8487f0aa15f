"""What a message costs in the encoder: `python -m benchmarks.encoder`, in a minute.

Three ways to run the same adapted network, in turns within one run: spelled out in NumPy (as tests
compare with), and by CTranslate2 in both precisions. Processor time of one core; read the ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bot.environment import prepare

prepare()

from bot.nlu.encoder import SentenceEncoder  # noqa: E402  (the environment comes first)
from bot.nlu.examples import read_examples  # noqa: E402
from bot.paths import RECOGNISER  # noqa: E402
from tests.minilm_in_numpy import Reference  # noqa: E402

ADAPTER = RECOGNISER / "adapter.safetensors"
MESSAGES = 200
ROUNDS = 3


def main() -> None:
    """Measure, and print a Markdown table."""
    examples = list(read_examples())
    texts = [e.text for e in examples[:: len(examples) // MESSAGES]][:MESSAGES]
    ways: dict[str, Callable[[list[str]], object]] = {
        "NumPy": Reference(ADAPTER).encode,
        "CTranslate2, float32": SentenceEncoder(ADAPTER, "float32").encode,
        "CTranslate2, int8": SentenceEncoder(ADAPTER, "int8").encode,
    }
    spent: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for together in (1, 8):
            for start in range(0, len(texts), together):
                part = texts[start : start + together]
                for name, encode in ways.items():
                    began = time.process_time()
                    encode(part)
                    used = 1000 * (time.process_time() - began) / len(part)
                    spent.setdefault((name, together), []).append(used)
    print("| | one message, ms | of eight together, ms | times as quick, one |\n|---|---|---|---|")
    slowest = statistics.median(spent["NumPy", 1])
    for name in ways:
        one, eight = (statistics.median(spent[name, together]) for together in (1, 8))
        print(f"| {name} | {one:.1f} | {eight:.1f} | {slowest / one:.1f} |")


if __name__ == "__main__":
    main()
