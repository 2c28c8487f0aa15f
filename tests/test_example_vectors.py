"""Vectors of the examples: what ships is the adapter's and covers the data; the rest is made."""

import json

import numpy as np
import pytest

from bot.nlu import example_vectors as module
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import read_examples
from bot.nlu.harm_examples import read_harm_examples
from bot.nlu.shipped_vectors import SHORT, adapter_kind, ship_vectors, shipped_vectors, text_key
from bot.nlu.text import as_read
from bot.paths import RECOGNISER

ADAPTER = RECOGNISER / "adapter.safetensors"
EVERY = 500
"""Of the shipped vectors, one in this many is computed again."""


def every_text() -> list[str]:
    return [as_read(e.text) for e in (*read_examples(), *read_harm_examples())]


def test_nearly_every_example_has_a_vector_that_ships_so_that_a_clone_trains_quickly():
    shipped = shipped_vectors(adapter_kind(ADAPTER))
    keys = {text_key(text)[:SHORT] for text in every_text()}
    assert len(keys - set(shipped)) / len(keys) < 0.05, "run python -m training.decisions"


def test_what_ships_is_what_the_adapter_says():
    texts = every_text()[::EVERY]
    shipped = shipped_vectors(adapter_kind(ADAPTER))
    pairs = [(t, v) for t in texts if (v := shipped.get(text_key(t)[:SHORT])) is not None]
    assert len(pairs) > len(texts) / 2
    computed = SentenceEncoder(ADAPTER).encode([text for text, _ in pairs])
    # what eight bits round to differs a little with the machine's instructions
    assert (computed * np.stack([v for _, v in pairs])).sum(1).min() > 0.99


def test_the_vectors_of_another_adapter_are_not_taken(tmp_path):
    file = tmp_path / "vectors.npz"
    ship_vectors("one", {text_key("hello"): np.eye(384)[0]}, file)
    assert list(shipped_vectors("one", file)) == [text_key("hello")[:SHORT]]
    assert shipped_vectors("two", file) == {}
    assert shipped_vectors("one", tmp_path / "none.npz") == {}


def test_shipping_what_ships_changes_nothing(tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    random = np.random.default_rng(1).normal(size=(200, 384))
    unit = random / np.linalg.norm(random, axis=1, keepdims=True)
    keys = [text_key(str(n)) for n in range(len(unit))]
    ship_vectors("one", dict(zip(keys, unit, strict=True)), first)
    again = shipped_vectors("one", first)
    ship_vectors("one", {key: again[key[:SHORT]] for key in keys}, second)
    assert first.read_bytes() == second.read_bytes()


@pytest.fixture
def counted(monkeypatch):
    """The texts that had to be computed, as they are."""
    computed: list[str] = []

    class Counting(SentenceEncoder):
        def encode(self, texts, batch_tokens=512):
            computed.extend(texts)
            return super().encode(texts, batch_tokens)

    monkeypatch.setattr(module, "SentenceEncoder", Counting)
    return computed


def test_only_what_is_neither_shipped_nor_kept_is_computed(tmp_path, counted):
    known, new = every_text()[0], "a sentence that is in no file of ours, about a blue kettle"
    first = example_vectors([known, new, known], ADAPTER, tmp_path)
    assert counted == [new]
    second = example_vectors([new, known], ADAPTER, tmp_path)
    assert counted == [new]
    assert np.array_equal(first[[1, 0]], second)
    shipped = shipped_vectors(adapter_kind(ADAPTER))[text_key(known)[:SHORT]]
    assert np.array_equal(first[0], shipped)
    assert np.array_equal(first[2], shipped)


def test_a_kept_file_that_is_broken_is_made_again(tmp_path, counted):
    kind = adapter_kind(ADAPTER)
    (tmp_path / f"example_vectors_{kind}.npz").write_bytes(b"cut off")
    example_vectors(["about a blue kettle and a goat"], ADAPTER, tmp_path)
    assert counted == ["about a blue kettle and a goat"]


def test_the_recipe_names_the_adapter_that_ships():
    recipe = json.loads((RECOGNISER / "recipe.json").read_text(encoding="utf-8"))
    assert recipe["adapter_sha256"].startswith(adapter_kind(ADAPTER).partition("-")[0])
