"""Risk is found wherever it stands in a long message."""

import pytest

FILLER = "we had another long ward round and the list went on and on. "


@pytest.mark.parametrize("before", [0, 40, 80])
def test_risk_in_a_long_message_is_found(recogniser, before):
    text = FILLER * before + "i want to kill myself. " + FILLER * (80 - before)
    assert recogniser.decide(text)["risk"] == "active_ideation"


def test_a_long_message_without_risk_has_none(recogniser):
    assert recogniser.decide(FILLER * 80)["risk"] == "none"
