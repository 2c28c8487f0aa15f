"""The encoder in NumPy: neither its shortcut for GELU nor batches change what it says."""

import numpy as np
import pytest
from scipy.special import erf

from bot.nlu import encoder
from bot.nlu.encoder import SentenceEncoder

TEXTS = [
    "hi",
    "I have not slept since the nights began",
    "You carry on, because somebody has to, and then one morning in the car park you can't, and you"
    " sit there with the engine running and the radio on until it is too late to be on time.",
]


def exact_gelu(x: np.ndarray) -> None:
    """GELU as the weights were trained with it."""
    x *= 0.5 * (1.0 + erf(x * np.float32(0.7071067811865476)))


def test_the_shortcut_leaves_the_vectors_as_they_are(monkeypatch):
    reader = SentenceEncoder()
    quick = reader.encode(TEXTS)
    monkeypatch.setattr(encoder, "_gelu", exact_gelu)
    exact = reader.encode(TEXTS)
    assert (quick * exact).sum(1).min() > 0.99999


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_has_the_same_vector_alone_and_among_others(text):
    reader = SentenceEncoder()
    alone, among = reader.encode([text])[0], reader.encode(TEXTS)[TEXTS.index(text)]
    assert float(alone @ among) > 0.99999


def test_vectors_are_of_unit_length_and_near_in_meaning_is_near_in_cosine():
    reader = SentenceEncoder()
    vectors = reader.encode(["I can't sleep", "I lie awake all night", "The parcel came on Monday"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
