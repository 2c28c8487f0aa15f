"""The twenty conversations again: what has to hold in every turn, and what the signed page says."""

import pytest

from tests.crisis_conversations import HEAD, PAGE, conversations, hold, section

CONVERSATIONS = conversations()

RENEW = "run `python -m tests.crisis_conversations`, read what changed, and have it signed again"


@pytest.fixture(scope="module")
def held(agent, loop):
    """Return who held each conversation, in their order."""
    return [hold(agent, loop, conversation) for conversation in CONVERSATIONS]


def written():
    """Return the head of the page and its sections."""
    head, *sections = PAGE.read_text(encoding="utf-8").removesuffix("\n").split("\n\n## ")
    return head, sections


@pytest.mark.parametrize("at", range(len(CONVERSATIONS)))
def test_what_is_answered_is_what_the_page_says(held, at):
    now = section(at + 1, CONVERSATIONS[at], held[at]).removeprefix("\n## ")
    assert written()[1][at] == now, RENEW


@pytest.mark.parametrize("at", range(len(CONVERSATIONS)))
def test_nothing_is_repeated_and_nobody_is_left_alone(held, at):
    before = set()
    for bubbles in held[at].seen[1:]:
        texts = {b.text.split("\n")[0] for b in bubbles}
        assert not texts & before, texts & before
        before = texts
        assert all(len(b.text.split()) <= 70 for b in bubbles)
        assert all(b.text.count("?") <= 1 for b in bubbles)
        assert bubbles[-1].buttons or "?" in bubbles[-1].text
        assert not any("unit" in b.text.lower().split() for b in bubbles)


def test_there_are_twenty_and_the_page_holds_nothing_else():
    head, sections = written()
    assert head == HEAD, RENEW
    titles = [f"{n}. {c['title']}" for n, c in enumerate(CONVERSATIONS, 1)]
    assert [one.partition("\n")[0] for one in sections] == titles, RENEW
    assert len(titles) == 20
