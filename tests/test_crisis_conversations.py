"""The twenty conversations again: what has to hold in every turn of each."""

import pytest

from tests.crisis_conversations import PAGE, conversations, hold

CONVERSATIONS = conversations()


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda c: c["title"])
def test_nothing_is_repeated_and_nobody_is_left_alone(agent, loop, conversation):
    person = hold(agent, loop, conversation)
    before = set()
    for bubbles in person.seen[1:]:
        texts = {b.text.split("\n")[0] for b in bubbles}
        assert not texts & before, texts & before
        before = texts
        assert all(len(b.text.split()) <= 70 for b in bubbles)
        assert all(b.text.count("?") <= 1 for b in bubbles)
        assert bubbles[-1].buttons or "?" in bubbles[-1].text
        assert not any("unit" in b.text.lower().split() for b in bubbles)


def test_there_are_twenty_and_the_page_holds_each():
    assert len(CONVERSATIONS) == 20
    page = PAGE.read_text(encoding="utf-8")
    assert [c["title"] for c in CONVERSATIONS if f". {c['title']}\n" not in page] == []
