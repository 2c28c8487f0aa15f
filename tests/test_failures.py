"""Whatever breaks, the person gets the numbers; and a crisis goes on after it."""

import pytest

from bot.channels.conversation import fallback_bubbles
from tests.test_crisis import KINDS, NUMBERS


class BrokenError(RuntimeError):
    """What is raised; it carries words that no log may have."""


async def broken(*_, **__):
    raise BrokenError("words that somebody wrote")


def has_the_numbers(person):
    return all(number in person.text for number in NUMBERS)


@pytest.mark.parametrize(
    "words", ["hello", KINDS["active_ideation"], "I gave ten times the dose", "whats the unit"]
)
def test_recognition_that_raises(person, monkeypatch, words):
    person.open()
    monkeypatch.setattr(person.agent.processor, "parse_message", broken)
    person.say(words)
    assert has_the_numbers(person)
    assert person.seen[-1] == fallback_bubbles()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("action_crisis", KINDS["active_ideation"]),
        ("action_crisis", "help"),
        ("action_route", "I gave ten times the dose"),
        ("action_someone_else", "my colleague says she wants to die"),
        ("action_reply_to_talk", "my rota is awful and im tired"),
        ("action_answer", "what is the psu"),
    ],
)
def test_an_action_that_raises(person, monkeypatch, action, words):
    person.open()
    monkeypatch.setitem(person.agent.action_endpoint.actions, action, broken)
    person.say(words)
    assert all(number in person.seen[-1][0].text for number in NUMBERS)


def test_a_crisis_goes_on_after_its_action_failed(person, monkeypatch):
    person.open()
    with monkeypatch.context() as patched:
        patched.setitem(person.agent.action_endpoint.actions, "action_crisis", broken)
        person.say(KINDS["active_ideation"])
    assert person.slot("crisis") == "asked"
    person.say("no")
    assert person.slot("crisis") == "staying"
    assert "116 123" in person.text


def test_wording_that_raises(person, monkeypatch):
    person.open()
    monkeypatch.setattr(person.agent.processor.nlg, "generate", broken)
    person.say(KINDS["passive_ideation"])
    assert has_the_numbers(person)


@pytest.mark.parametrize("method", ["save", "retrieve"])
def test_a_store_that_is_gone_or_full(person, monkeypatch, method):
    person.open()
    monkeypatch.setattr(person.agent.tracker_store, method, broken)
    person.say(KINDS["self_harm"])
    assert has_the_numbers(person)


def test_the_register_that_cannot_be_read(person, monkeypatch):
    from actions import crisis_numbers

    def unreadable():
        raise BrokenError("words")

    person.open()
    monkeypatch.setattr(crisis_numbers, "signposts", unreadable)
    person.say(KINDS["immediate"])
    assert has_the_numbers(person)


def test_nothing_of_what_was_raised_is_logged(person, monkeypatch, caplog, capfd):
    person.open()
    monkeypatch.setitem(person.agent.action_endpoint.actions, "action_crisis", broken)
    person.say(KINDS["active_ideation"])
    out = "".join(capfd.readouterr()) + caplog.text
    assert "words that somebody wrote" not in out
    assert "killing myself" not in out
