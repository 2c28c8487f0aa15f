"""Ship the vectors of all examples with the adapter: `python -m training.vectors`.

Writes nlu_data/recogniser/vectors.npz for the adapter that is there. What ships already stays as it
is; new examples are added and examples that are gone are left out.
"""

from __future__ import annotations

from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import read_examples
from bot.nlu.harm_examples import read_harm_examples
from bot.nlu.shipped_vectors import adapter_kind, ship_vectors, text_key
from bot.nlu.text import as_read
from bot.paths import RECOGNISER


def ship() -> None:
    """Write the vectors of every message and harm."""
    adapter = RECOGNISER / "adapter.safetensors"
    texts = [as_read(example.text) for example in (*read_examples(), *read_harm_examples())]
    vectors = example_vectors(texts, adapter)
    ship_vectors(adapter_kind(adapter), dict(zip(map(text_key, texts), vectors, strict=True)))


if __name__ == "__main__":
    ship()
