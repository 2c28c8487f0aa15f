"""The encoder says what the network says, in either precision, alone and among others."""

import numpy as np
import pytest

from bot.nlu.encoder import SentenceEncoder
from bot.paths import RECOGNISER
from tests.minilm_in_numpy import Reference

ADAPTER = RECOGNISER / "adapter.safetensors"
TEXTS = [
    "hi",
    "I have not slept since the nights began",
    "You carry on, because somebody has to, and then one morning in the car park you can't, and you"
    " sit there with the engine running and the radio on until it is too late to be on time.",
    "and then " * 300,
]


@pytest.mark.parametrize("adapter", [None, ADAPTER], ids=["published", "adapted"])
@pytest.mark.parametrize(("precision", "least"), [("float32", 0.99999), ("int8", 0.98)])
def test_vectors_are_those_of_the_network_spelled_out(adapter, precision, least):
    expected = Reference(adapter).encode(TEXTS)
    assert (SentenceEncoder(adapter, precision).encode(TEXTS) * expected).sum(1).min() > least


def test_the_adapter_changes_what_is_said():
    plain, adapted = SentenceEncoder().encode(TEXTS), SentenceEncoder(ADAPTER).encode(TEXTS)
    assert (plain * adapted).sum(1).max() < 0.9


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_has_the_same_vector_alone_and_among_others(text):
    reader = SentenceEncoder()
    alone, among = reader.encode([text])[0], reader.encode(TEXTS)[TEXTS.index(text)]
    assert float(alone @ among) > 0.9999


def test_vectors_are_of_unit_length_and_near_in_meaning_is_near_in_cosine():
    reader = SentenceEncoder()
    vectors = reader.encode(["I can't sleep", "I lie awake all night", "The parcel came on Monday"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_nothing_is_left_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    SentenceEncoder()
    assert list(tmp_path.iterdir()) == []
