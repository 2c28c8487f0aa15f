"""The model card belongs to this checkout, and its figures have not fallen."""

import hashlib

import pytest

from bot.training import fingerprint, recognition_inputs
from evaluation.answers import ask
from evaluation.headline import CARD, falls, quick, quick_sets, read_figures
from evaluation.sets import sets_digest, texts

AGAIN = "run `make evaluate` and commit what it writes"


@pytest.fixture(scope="module")
def figures():
    recorded = read_figures()
    assert recorded, f"evaluation/figures.json is missing: {AGAIN}"
    return recorded


def test_card_is_of_these_inputs(figures):
    message = f"docs/model-card.md is stale, an input of the model changed: {AGAIN}"
    assert figures["inputs"] == fingerprint(recognition_inputs), message


def test_card_is_of_these_sets(figures):
    message = f"docs/model-card.md is stale, an evaluation set changed: {AGAIN}"
    assert figures["sets"] == sets_digest(), message


def test_card_was_not_edited_by_hand(figures):
    message = f"docs/model-card.md is not what the run wrote: {AGAIN}"
    assert figures["card"] == hashlib.sha256(CARD.read_bytes()).hexdigest(), message


def test_no_recorded_figure_fell(figures):
    values = {name: row["value"] for name, row in figures["headline"].items()}
    fallen = falls(values, figures["headline"])
    assert not fallen, (
        f"{'; '.join(map(str, fallen))}. Mend it, or accept it with"
        " `make evaluate ACCEPT=1` and say why in the commit"
    )


def test_no_quick_figure_fell(figures, recogniser):
    answered = {
        name: (lines, ask(recogniser, texts(lines))) for name, lines in quick_sets().items()
    }
    fallen = falls(quick(answered), figures["quick"])
    assert not fallen, "; ".join(map(str, fallen))
