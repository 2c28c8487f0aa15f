"""Which kind of crisis holds, and when the call is pressed for: every ordered pair of kinds."""

from itertools import product

import pytest

from bot.content import responses
from bot.dialogue import context
from bot.dialogue.context import DENIED, SIDEWAYS
from bot.dialogue.urgency import (
    ASKED_FOR,
    CALL_FIRST,
    DOUBTS,
    ESCALATED_AT,
    MINUTES,
    URGENCY,
    family,
    kind_after,
    presses_for_the_call,
)
from bot.nlu.taxonomy import OWN_RISK

PAIRS = list(product(URGENCY, URGENCY))


def test_every_kind_that_can_begin_a_crisis_has_its_place():
    named = [getattr(context, name) for name in dir(context) if name.isupper()]
    kinds = {name for name in named if isinstance(name, str) and f"utter_crisis_ask_{name}" in ALL}
    assert set(URGENCY) == kinds | set(OWN_RISK) | {ASKED_FOR}
    assert len(set(URGENCY)) == len(URGENCY)
    assert URGENCY[-1] == context.UNSURE


ALL = {name for file in responses().values() for name in file}


@pytest.mark.parametrize("kind", URGENCY)
def test_every_kind_opens_and_asks_in_words_of_its_own(kind):
    assert f"utter_crisis_ask_{kind}" in ALL
    assert kind == ASKED_FOR or f"utter_crisis_open_{kind}" in ALL


@pytest.mark.parametrize(("new", "before"), PAIRS)
def test_a_doubt_never_takes_the_place_of_a_sign(new, before):
    if new in DOUBTS and before not in DOUBTS:
        assert kind_after(new, before) == before


@pytest.mark.parametrize(("new", "before"), PAIRS)
def test_a_milder_sign_of_the_same_trouble_never_softens_it(new, before):
    kept = kind_after(new, before)
    assert kept in (new, before)
    if family(new) == family(before) or before in MINUTES:
        assert URGENCY.index(kept) <= min(URGENCY.index(new), URGENCY.index(before))


@pytest.mark.parametrize(("new", "before"), PAIRS)
def test_another_trouble_is_taken_up(new, before):
    if new not in DOUBTS and before not in MINUTES and family(new) != family(before):
        assert kind_after(new, before) == new


@pytest.mark.parametrize("state", ["asked", "staying"])
@pytest.mark.parametrize(("told", "before"), PAIRS)
def test_the_third_sign_of_whatever_kinds_presses_or_asks_for_the_call(told, before, state):
    if told not in DOUBTS:
        pressed = presses_for_the_call(told, before, state, ESCALATED_AT)
        assert pressed or kind_after(told, before) in CALL_FIRST


@pytest.mark.parametrize(("told", "before"), PAIRS)
def test_a_sign_while_they_are_stayed_with_presses_when_it_is_the_same_trouble(told, before):
    kept = kind_after(told, before)
    pressed = presses_for_the_call(told, before, "staying", 2)
    if told not in (*DOUBTS, DENIED) and kept == before:
        assert pressed
    if kept in CALL_FIRST and kept != before:
        assert not pressed, "its own question is the call"
    if family(kept) != family(before):
        assert not pressed, "another trouble is asked about first"


@pytest.mark.parametrize(("told", "before"), PAIRS)
def test_doubts_are_never_pressed(told, before):
    if told in DOUBTS:
        for state, signs in product(("no", "asked", "staying", "eased"), (0, 1, 5)):
            assert not presses_for_the_call(told, before, state, signs)


@pytest.mark.parametrize("before", [kind for kind in URGENCY if family(kind) == "self"])
def test_calm_after_the_question_is_pressed_and_a_denial_is_not(before):
    assert presses_for_the_call(SIDEWAYS, before, "asked", 2)
    assert not presses_for_the_call(DENIED, before, "staying", 2)
