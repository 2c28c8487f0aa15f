"""Whatever breaks in the running program, the person gets the numbers, on the page and in Telegram.

The program is one process, met over HTTP by a browser and by a Bot API server. A word in a message
makes a part fail (tests/canary_program.py); the disk, the database and the process fail in earnest.
"""

import resource
import time
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from redis import Redis

from bot.channels.conversation import fallback_bubbles
from tests.fake_telegram import FakeTelegram
from tests.services import redis_server
from tests.test_canary import Program, running
from tests.test_crisis import KINDS
from tests.test_web_channel import Page

NUMBERS = ("999", "111", "116 123")
CARD = [bubble.text for bubble in fallback_bubbles()]
RISK = KINDS["active_ideation"]
ORDINARY = "my rota is awful and i am tired"

PARTS_OF_A_TURN = (
    "SpacyLanguage",
    "SentenceEmbeddings",
    "IntentClassifier",
    "SignalClassifier",
    "RiskDetector",
    "SafetyPolicy",
    "Wording",
    "EphemeralTrackerStore",
)


@dataclass
class Channels:
    """Somebody new on the page and somebody new in Telegram, at one program."""

    program: Program
    telegram: FakeTelegram
    page: Page
    chat: int

    def say(self, words: str) -> dict[str, list[str]]:
        """Write `words` on both; return the texts of each answer."""
        before = len(self.telegram.texts(self.chat))
        update = self.telegram.say(self.chat, words)
        assert self.page.send(text=words).status_code == 200
        self.telegram.wait_answered(update, limit=90)
        return {
            "web": [message["text"] for message in self.page.messages],
            "telegram": self.telegram.texts(self.chat)[before:],
        }


@contextmanager
def somebody(program: Program, telegram: FakeTelegram):
    with program.client() as browser:
        chat = 800_000_000 + telegram.next_number()
        telegram.wait_answered(telegram.say(chat, "/start"))
        yield Channels(program, telegram, Page(browser).start(), chat)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """Return the program with parts that fail when asked, and its fake Telegram."""
    folder, telegram = tmp_path_factory.mktemp("failures"), FakeTelegram()
    with running(folder, telegram, "INFO", SIDEDOOR_DATA=str(folder / "data")) as program:
        yield program, telegram
    telegram.stop()


@pytest.fixture
def channels(started):
    """Return somebody new on both channels."""
    with somebody(*started) as both:
        yield both


def assert_card(answers):
    for channel, texts in answers.items():
        assert texts[:2] == CARD, (channel, texts)


def assert_numbers_first(answers):
    for channel, texts in answers.items():
        assert all(number in texts[0] for number in NUMBERS), (channel, texts)


@pytest.mark.parametrize("words", [ORDINARY, RISK])
@pytest.mark.parametrize("part", PARTS_OF_A_TURN)
def test_a_part_that_raises_brings_the_card(channels, part, words):
    answers = channels.say(f"fail-{part} {words}")
    answered_before = part == "EphemeralTrackerStore" and words == ORDINARY
    for channel, texts in answers.items():
        card = any(all(n in text for n in NUMBERS) for text in texts)
        assert card or (texts and answered_before), (channel, texts)
    assert_numbers_first(channels.say(RISK))


def test_an_action_that_raises_brings_the_card(channels):
    assert_card(channels.say(f"fail-ActionReplyToTalk {ORDINARY}"))
    assert_numbers_first(channels.say(f"fail-ActionCrisis {RISK}"))
    assert all("116 123" in "".join(texts) for texts in channels.say("no").values())


def test_a_turn_that_never_ends_brings_the_card(channels):
    assert_card(channels.say(f"hang- {ORDINARY}"))
    assert_numbers_first(channels.say(RISK))


def test_a_channel_that_raises_leaves_nobody_without_the_numbers(channels):
    """The page shows its own numbers for an answer like this (tests/page)."""
    before = len(channels.telegram.texts(channels.chat))
    update = channels.telegram.say(channels.chat, f"fail-channel {ORDINARY}")
    channels.telegram.wait_answered(update)
    assert channels.telegram.texts(channels.chat)[before:][:2] == CARD
    assert channels.page.send(text=f"fail-channel {ORDINARY}").status_code == 500
    assert_numbers_first(channels.say(RISK))


def test_a_full_disk_changes_nothing_that_is_said(channels):
    """No file of the program may grow by a byte: the log, the marks, anything."""
    pid = channels.program.process.pid
    log = channels.program.folder / "stderr"
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        size = log.stat().st_size
        assert_numbers_first(channels.say(RISK))
        assert_card(channels.say(f"fail-ActionCrisis {RISK}"))
        assert all(texts for texts in channels.say("no").values())
        assert log.stat().st_size == size
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert_numbers_first(channels.say("I want to kill myself"))


def test_a_database_that_is_full_or_gone_brings_the_card(tmp_path):
    """The state of conversations is in Redis; then the process is killed, and starts again."""
    telegram = FakeTelegram()
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as redis:
        settings = {"SIDEDOOR_REDIS_URL": redis.url, "SIDEDOOR_DATA": str(tmp_path / "data")}
        with (
            running(tmp_path, telegram, "INFO", **settings) as program,
            somebody(program, telegram) as channels,
        ):
            with Redis.from_url(redis.url) as client:
                client.config_set("maxmemory", 1)
                assert_numbers_first(channels.say(RISK))
                client.config_set("maxmemory", 0)
                assert_numbers_first(channels.say(RISK))
                client.shutdown(nosave=True)
            for words in (RISK, ORDINARY):
                assert_card(channels.say(words))
            before = len(telegram.texts(channels.chat))
            hanging = telegram.say(channels.chat, f"hang- {RISK}")
            telegram.wait(lambda: any(hanging["update_id"] in ids for ids in telegram.fetched))
            time.sleep(0.5)
            program.process.kill()
            program.process.wait(30)
            with pytest.raises(httpx.TransportError):
                channels.page.send(text=RISK)
        del settings["SIDEDOOR_REDIS_URL"]
        with running(tmp_path, telegram, "INFO", **settings) as program:
            telegram.wait_answered(hanging, limit=90)
            answered = telegram.texts(channels.chat)[before:]
            assert all(number in answered[0] for number in NUMBERS), answered
            with somebody(program, telegram) as channels:
                assert_numbers_first(channels.say(RISK))
    telegram.stop()
