"""Recognition beside the conversations: together what waits, each to whoever asked."""

import asyncio
import threading

import pytest
from rasa.core.channels.channel import UserMessage

from bot import recognition as module
from bot.recognition import MOST_TOGETHER, Recognition

TEXTS = (
    "i failed my exam and i cant tell anyone",
    "would my supervisor be told?",
    "i want to kill myself",
    "THE GMC SCARES ME",
    "",
    ("my consultant shouted at me in front of the ward " * 8).strip(),
)


def test_messages_read_together_are_recognised_as_when_read_alone(agent):
    together = agent.processor.parse_together([UserMessage(text) for text in TEXTS])
    for text, found in zip(TEXTS, together, strict=True):
        alone = agent.processor.parse_together([UserMessage(text)])[0]
        assert found["text"] == alone["text"] == text
        assert found["intent"]["name"] == alone["intent"]["name"]
        assert found["intent"]["confidence"] == pytest.approx(
            alone["intent"]["confidence"], abs=0.01
        )
        for key in ("signals", "risk", "risk_sources", "signs", "harms", "entities"):
            assert found[key] == alone[key], (text, key)


def test_what_waits_is_read_in_one_pass_and_goes_to_whoever_asked():
    passes, gate = [], threading.Event()

    def parse(messages):
        gate.wait(30)
        passes.append(len(messages))
        return [{"text": message.text} for message in messages]

    async def ask():
        recognition = Recognition(parse)
        asked = [recognition.of(UserMessage(str(number))) for number in range(MOST_TOGETHER + 3)]
        tasks = [asyncio.ensure_future(one) for one in asked]
        await asyncio.sleep(0.05)
        gate.set()
        return await asyncio.gather(*tasks)

    answers = asyncio.run(ask())
    assert [answer["text"] for answer in answers] == [str(n) for n in range(MOST_TOGETHER + 3)]
    assert sum(passes) == MOST_TOGETHER + 3
    assert 1 < max(passes) <= MOST_TOGETHER


def test_a_message_that_cannot_be_read_fails_alone():
    gate = threading.Event()

    def parse(messages):
        gate.wait(30)
        if any(message.text == "poison" for message in messages):
            raise ValueError("poison")
        return [{"text": message.text} for message in messages]

    async def ask():
        recognition = Recognition(parse)
        asked = [recognition.of(UserMessage(text)) for text in ("a", "poison", "b", "c")]
        tasks = [asyncio.ensure_future(one) for one in asked]
        await asyncio.sleep(0.05)
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, poison, *others = asyncio.run(ask())
    assert isinstance(poison, ValueError)
    assert [first["text"], *(one["text"] for one in others)] == ["a", "b", "c"]


def test_an_answer_that_nobody_waits_for_any_more_does_no_harm():
    gate = threading.Event()

    def parse(messages):
        gate.wait(30)
        return [{"text": message.text} for message in messages]

    async def ask():
        recognition = Recognition(parse)
        given_up = asyncio.ensure_future(recognition.of(UserMessage("first")))
        await asyncio.sleep(0.05)
        given_up.cancel()
        gate.set()
        return await recognition.of(UserMessage("second"))

    assert asyncio.run(ask()) == {"text": "second"}


def test_other_work_is_done_between_two_messages():
    order = []

    def parse(messages):
        order.append("message")
        return [{} for _ in messages]

    async def ask():
        recognition = Recognition(parse)
        await recognition.of(UserMessage("a"))
        recognition.between(lambda: order.append("work"))
        await recognition.of(UserMessage("b"))

    asyncio.run(ask())
    assert order == ["message", "work", "message"]


def test_a_pass_that_does_not_end_hangs_and_is_not_counted(monkeypatch):
    entered, gate = threading.Event(), threading.Event()

    def parse(messages):
        entered.set()
        gate.wait(30)
        return [{} for _ in messages]

    async def ask():
        recognition = Recognition(parse)
        asked = asyncio.ensure_future(recognition.of(UserMessage("a")))
        await asyncio.to_thread(entered.wait, 30)
        assert (recognition.hangs, recognition.passes) == (False, 0)
        monkeypatch.setattr(module, "HANGS_SECONDS", 0)
        assert (recognition.hangs, recognition.passes) == (True, 0)
        gate.set()
        await asked
        done = threading.Event()
        recognition.between(done.set)  # the thread has noted the end of the pass before
        await asyncio.to_thread(done.wait, 30)
        assert recognition.passes >= 1

    asyncio.run(ask())


def test_a_pass_that_raised_has_ended_too():
    def parse(messages):
        raise ValueError("poison")

    async def ask():
        recognition = Recognition(parse)
        with pytest.raises(ValueError, match="poison"):
            await recognition.of(UserMessage("a"))
        done = threading.Event()
        recognition.between(lambda: 1 / 0)
        recognition.between(done.set)
        await asyncio.to_thread(done.wait, 30)
        assert recognition.passes >= 2  # this one may be noted already
        assert not recognition.hangs

    asyncio.run(ask())
