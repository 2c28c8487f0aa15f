"""Slips of the fingers are mended, and what is no slip stays."""

from __future__ import annotations

import pytest

from bot.nlu.language import read
from bot.nlu.text import as_read


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("drnk. cant do tihs anymroe", "drink. cant do this anymore"),
        ("teh ward, adn hte bleep", "teh ward, and the bleep"),
        ("i wnat to slepe", "i wnat to sleep"),
        ("nver agian", "never again"),
        ("my arcp outcom was a 3", "my arcp outcome was a 3"),
        ("he dosent listen", "he doesnt listen"),
    ],
)
def test_slips_are_mended(typed: str, read_as: str):
    assert as_read(typed) == read_as


@pytest.mark.parametrize(
    "typed",
    [
        "im ct1 in itu with dr prakesh at the jr",
        "atypical presentation, naps between cases",
        "K of 6.8, gave CaGluc and actrapid",
        "estoy muy cansado de todo esto",
        "je suis très fatigué, je pleure chaque matin",
        "dunno, cba tbh",
        "Priyanka and Oluwaseun swapped",
        "",
        "😀😀",
    ],
)
def test_what_is_no_slip_stays(typed: str):
    assert as_read(typed) == typed


def test_patterns_see_the_mended_words():
    assert [token.text for token in read("nver wake up")] == ["never", "wake", "up"]
