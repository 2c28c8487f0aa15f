"""What is hard to read, out of place, or broken: a decent answer every time."""

import pytest

from bot.channels.conversation import as_text, fallback_bubbles, parse_payload


@pytest.mark.parametrize(
    "text",
    ["", "   ", "🙂", "🙂🙂🙂", "asdf jkl qwer", "\x00\x01\x02", "?", "...", "x" * 10_000,
     "nights " * 2_000, "\u202e\u200bhello", "/restart", '/share{"concern": "money"}', "//", "{}",
     "<script>alert(1)</script>", "%s %d {0} {concern}", "ちょっと疲れました"],
)  # fmt: skip
def test_every_text_gets_an_answer(person, text):
    person.open()
    bubbles = person.say(text)
    assert bubbles
    assert all(b.text.strip() for b in bubbles)
    assert "went wrong on my side" not in person.text


def test_two_unclear_messages_bring_the_help_card_and_the_menu(person):
    person.open()
    person.say("kjhsdf sdfkjh")
    assert {"utter_unclear"} == {name for b in person.seen[-1] for name in b.said}
    person.say("zxcvb qwe")
    assert "116 123" in person.seen[-1][0].text
    assert person.seen[-1][1].buttons


def test_another_language_is_told_so_with_the_numbers(person):
    person.open()
    person.say("estoy muy cansado y no sé qué hacer con mi trabajo en el hospital")
    assert "English" in person.text
    assert "999" in person.text


def test_abuse_is_met_calmly(person):
    person.open()
    person.say("fuck off you useless piece of shit bot")
    assert "?" in person.text


def test_text_with_a_slash_is_text(person):
    person.open()
    person.say("/session_start")
    assert person.slot("turn") == 2


@pytest.mark.parametrize(
    ("text", "read"),
    [("/start", "start"), (" / /x", "x"), ("/", ""), ("a/b", "a/b"), ("\n/forget", "forget")],
)
def test_no_text_can_be_a_rasa_command(text, read):
    assert as_text(text) == read


def test_a_payload_becomes_an_intent_with_entities():
    data = parse_payload('/choose_deanery{"deanery": "wales"}')
    assert data["intent"]["name"] == "choose_deanery"
    assert data["entities"] == [{"entity": "deanery", "value": "wales"}]


def test_a_crash_in_an_action_is_answered_with_the_help_card(person, monkeypatch):
    async def crash(*_):
        raise RuntimeError("nobody may read this")

    person.open()
    actions = person.agent.action_endpoint.actions
    monkeypatch.setitem(actions, "action_reply_to_talk", crash)
    person.say("my rota is awful and i am tired")
    assert "116 123" in person.seen[-1][0].text
    assert "went wrong on my side" in person.seen[-1][1].text


def test_a_failing_agent_is_answered_with_the_help_card(person, monkeypatch):
    async def crash(*_):
        raise RuntimeError("nobody may read this")

    monkeypatch.setattr(person.agent, "handle_message", crash)
    person.say("hello")
    assert person.seen[-1] == fallback_bubbles()


def test_forgetting_resets_what_was_remembered(person):
    person.open()
    person.say("im tired after nights")
    person.say("please forget everything i said and delete my data")
    assert person.slot("talk_turns") == 0
    assert person.slot("concerns_heard") == []
