"""The Telegram channel with the trained agent, through the real library, over real HTTP."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from telegram.error import RetryAfter

from bot.channels import (
    conversation,
    telegram_answers,
    telegram_intake,
    telegram_sending,
)
from bot.channels.conversation import as_label, fallback_bubbles
from bot.channels.fixed import fixed
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_answers import COMMANDS, command_in, help_labels, numbers_for_all
from bot.channels.telegram_sending import Pace, split, units
from bot.deanery import CRISIS_LINES, signposts
from bot.dialogue.state import EphemeralTrackerStore
from bot.privacy import message_numbers
from bot.privacy.lifetimes import (
    DELETABLE_SECONDS,
    KEY_ROTATION_SECONDS,
    LIFE_SECONDS,
    NUMBERS_SECONDS,
)
from bot.settings import SettingsError, read_settings
from bot.trends.counting import this_month
from tests import fake_telegram
from tests.clocks import Clock
from tests.fake_telegram import DROP_AFTER, DROP_BEFORE, GARBAGE, HANG, TOKEN, FakeTelegram

NUMBERS = ("999", "116 123")

RISK = "I keep thinking about killing myself"

AGAIN = fixed("utter_began_again", minutes=LIFE_SECONDS // 60)

STALE = fixed("utter_telegram_stale_button", **numbers_for_all())

PRIVACY = 4
"""Bubbles of /privacy."""


@dataclass
class Connected:
    """The channel on the agent's loop, connected to a fake Telegram."""

    telegram: FakeTelegram
    agent: object
    loop: object
    clock: Clock = field(default_factory=Clock)
    channel: TelegramChannel | None = None

    def start(self) -> None:
        """Connect."""
        chosen = read_settings(
            {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": self.telegram.url}
        )
        self.channel = TelegramChannel(chosen, self.clock)
        app = SimpleNamespace(ctx=SimpleNamespace(agent=self.agent))

        async def begin():
            self.channel._running = asyncio.ensure_future(self.channel._run(app))

        self.loop.run(begin())
        self.until(lambda: self.telegram.polls, "the first poll")

    def stop(self) -> None:
        """Disconnect as a stop of the server does."""
        self.loop.run(self.channel._stop())

    def crash(self) -> None:
        """Disconnect as a crash does: nothing is finished or acknowledged."""

        async def cut():
            tasks = [self.channel._running, *self.channel._intake._workers]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.loop.run(cut())

    def until(self, condition, what="", limit=60.0):
        """Let the channel work until the condition holds, and return what it gives."""

        async def wait():
            give_up = time.monotonic() + limit
            while not (found := condition()):
                assert time.monotonic() < give_up, f"waited in vain for {what}"
                await asyncio.sleep(0.01)
            return found

        return self.loop.run(wait())

    def answered(self, *updates) -> None:
        """Let the channel work until the updates are acknowledged."""
        last = max(update["update_id"] for update in updates)
        self.until(lambda: self.telegram.acknowledged > last, "an acknowledgement")

    def say(self, chat: int, text: str | None = None, **more) -> list[str]:
        """Send a message and return what is answered."""
        before = len(self.telegram.to(chat))
        self.answered(self.telegram.say(chat, text, **more))
        return self.telegram.texts(chat)[before:]

    def press(self, chat: int, title: str, data: str | None = None) -> list[str]:
        """Press a button and return what is answered."""
        before = len(self.telegram.to(chat))
        self.answered(self.telegram.press(chat, title, data))
        return self.telegram.texts(chat)[before:]

    def name(self, chat: int) -> str:
        """Return the pseudonym of a chat's conversation."""
        return self.channel._answers._name(chat)

    def tracker(self, chat: int):
        """Return the tracker of a chat's conversation."""
        return self.loop.run(self.agent.tracker_store.retrieve(self.name(chat)))


@pytest.fixture(scope="module", autouse=True)
def _short_waits():
    """Wait less between attempts, so that the tests do not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telegram_intake, "LONGEST_PAUSE_SECONDS", 0.1)
        patch.setattr(telegram_sending, "A_SECOND", 1_000)
        patch.setattr(Pace.__init__, "__defaults__", (1_000,))
        yield


@pytest.fixture(scope="module")
def connection(agent, loop):
    """Return the channel, connected, for many tests; each takes a chat of its own."""
    telegram = FakeTelegram()
    connected = Connected(telegram, agent, loop)
    connected.start()
    yield connected
    connected.stop()
    telegram.stop()


@pytest.fixture
def telegram(connection):
    """Return the fake Telegram of that connection."""
    return connection.telegram


@pytest.fixture
def chat(telegram) -> int:
    """Return somebody new."""
    return 700_000_000 + telegram.next_number()


@pytest.fixture
def own(agent, loop):
    """Return a connection of a test's own, with its own fake Telegram and clock."""
    telegram = FakeTelegram()
    connected = Connected(telegram, agent, loop)
    connected.start()
    yield connected
    connected.stop()
    telegram.stop()


# Conversation


def test_start_opens_with_the_limits_of_telegram(connection, chat):
    said = connection.say(chat, "/start")
    assert len(said) == 3
    assert "isn't end-to-end encrypted" in said[1]
    assert all(message["silent"] for message in connection.telegram.to(chat))


def test_a_whole_conversation_with_buttons(connection, chat):
    connection.say(chat, "/start thames_valley")
    assert connection.press(chat, "Something")
    assert connection.say(chat, "my consultant humiliates me on the ward round")
    said = connection.say(chat, "how do i get in touch with the psu")
    assert any("thamesvalley" in text for text in said)
    for choice in ("Yes", "Exams", "Coaching", "By e-mail"):
        said = connection.press(chat, choice)
    assert "coaching" in said[1]
    assert connection.press(chat, "That's all")


def test_a_link_with_a_deanery_begins_anew_about_it(connection, chat):
    connection.say(chat, "/start")
    connection.say(chat, "im so tired after nights")
    assert len(connection.say(chat, "/start northern_ireland")) == 3
    assert "0808 808 8000" in connection.say(chat, RISK)[0]


@pytest.mark.parametrize("argument", ["atlantis", "../wales", "x" * 64, '{"a": 1}'])
def test_a_link_with_an_unknown_deanery_opens_all_the_same(connection, chat, argument):
    assert len(connection.say(chat, f"/start {argument}")) == 3


def test_start_again_in_a_conversation_shows_the_menu(connection, chat):
    connection.say(chat, "/start")
    assert len(connection.say(chat, "/start")) == 1


def test_help_shows_the_numbers_at_once_even_if_the_agent_is_down(connection, chat, monkeypatch):
    async def crash(*_):
        raise RuntimeError("nobody may read this")

    monkeypatch.setattr(connection.agent, "handle_message", crash)
    counted = []
    monkeypatch.setattr(connection.agent.tracker_store.event_broker, "publish", counted.append)
    said = connection.say(chat, "/help")
    assert counted == []  # the dashboard says so
    assert said[0] == fixed("utter_help_card")
    assert all(number in said[0] for number in NUMBERS)


def test_psu_explains_the_unit(connection, chat):
    assert "deanery" in connection.say(chat, "/psu")[0]


def test_privacy_says_what_is_kept_what_telegram_sees_and_the_limits(connection, chat):
    said = connection.say(chat, "/privacy")
    assert len(said) == PRIVACY
    assert f"{LIFE_SECONDS // 60} minutes" in said[0]
    assert "a count" in said[1]
    assert "isn't end-to-end encrypted" in said[2]


def test_stop_ends_the_conversation_and_wipes_it(connection, chat):
    connection.say(chat, "/start")
    connection.say(chat, "im so tired after nights")
    assert connection.say(chat, "/stop")[-1] == fixed("utter_telegram_stopped")
    assert connection.tracker(chat) is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/start", ("start", "")),
        ("/start wales", ("start", "wales")),
        ("/START@sidedoor_bot wales", ("start", "wales")),
        (" /help\n", ("help", "")),
        ("/helpme", None),
        ("/share", None),
        ("//start", None),
        ("I said /start", None),
        ("/", None),
        ('/choose_deanery{"deanery": "wales"}', None),
    ],
)
def test_only_our_commands_are_commands(text, command):
    assert command_in(text) == command


def test_text_with_a_slash_is_text(connection, chat):
    connection.say(chat, "/start")
    connection.say(chat, '/choose_deanery{"deanery": "northern_ireland"}')
    assert "option 2" in connection.say(chat, RISK)[0]


STANDING = {
    "setMyCommands": lambda said: {c["command"]: c["description"] for c in said["commands"]}[
        "help"
    ],
    "setMyDescription": lambda said: said["description"],
    "setMyShortDescription": lambda said: said["short_description"],
}
"""What Telegram shows by itself, also while the program is down -> the text that is to help."""


def test_what_telegram_shows_by_itself_holds_the_numbers(connection, telegram):
    connection.until(lambda: telegram.count("setMyShortDescription"), "the description")
    calls = dict(telegram.calls)
    assert [each["command"] for each in calls["setMyCommands"]["commands"]] == [*COMMANDS]
    for method, text in STANDING.items():
        for key in CRISIS_LINES:
            assert signposts()[key].value in text(calls[method]), method


def test_what_telegram_shows_by_itself_names_no_reason(connection, telegram):
    connection.until(lambda: telegram.count("setMyShortDescription"), "the description")
    calls = dict(telegram.calls)
    shown = [each["description"] for each in calls["setMyCommands"]["commands"]]
    text = " ".join([*shown, *(text(calls[method]) for method, text in STANDING.items())]).lower()
    for word in (
        "doctor",
        "psu",
        "suicide",
        "crisis",
        "mental",
        "trainee",
        "support",
        "samaritans",
    ):
        assert word not in text


def test_people_are_answered_where_telegram_refuses_to_show_them(agent, loop):
    telegram = FakeTelegram()
    for method in STANDING:
        telegram.faults[method].append(400)
    connected = Connected(telegram, agent, loop)
    connected.start()
    connected.until(lambda: not any(telegram.faults[method] for method in STANDING), "refusals")
    said = connected.say(5, RISK)
    connected.stop()
    telegram.stop()
    assert all(number in said[0] for number in NUMBERS)


def test_typing_is_shown(connection, telegram, chat):
    connection.say(chat, "im tired")
    assert ("sendChatAction", {"chat_id": chat, "action": "typing"}) in telegram.calls


def test_typing_is_shown_for_as_long_as_a_turn_lasts(connection, telegram, chat, monkeypatch):
    monkeypatch.setattr(telegram_sending, "TYPING_SECONDS", 0.05)
    shown = ("sendChatAction", {"chat_id": chat, "action": "typing"})
    right = connection.agent.handle_message
    counted = []

    async def slow(message):
        while telegram.calls.count(shown) < 4:
            await asyncio.sleep(0.01)
        await right(message)
        counted.append(telegram.calls.count(shown))

    monkeypatch.setattr(connection.agent, "handle_message", slow)
    assert connection.say(chat, "im tired")
    assert counted[0] >= 4
    ended = telegram.calls.count(shown)
    connection.say(chat, "/help")
    assert telegram.calls.count(shown) == ended


# Buttons


def test_buttons_carry_short_ids_and_no_meaning(connection, telegram, chat):
    connection.say(chat, "/start")
    for row in telegram.to(chat)[-1]["keyboard"]:
        for button in row:
            assert len(button["callback_data"]) == 8
            int(button["callback_data"], 16)


def test_a_press_is_answered_and_its_keyboard_removed(connection, telegram, chat):
    connection.say(chat, "/start")
    message, _ = telegram.button(chat, "Something")
    connection.press(chat, "Something")
    connection.until(lambda: not message["keyboard"], "the keyboard's removal")
    assert telegram.count("answerCallbackQuery")


def test_writing_uses_up_the_keyboard(connection, telegram, chat):
    connection.say(chat, "/start")
    message, button = telegram.button(chat, "Something")
    connection.say(chat, "im tired")
    connection.until(lambda: not message["keyboard"], "the keyboard's removal")
    said = connection.press(chat, "", button["callback_data"])
    assert said == [STALE]


def restarted(own) -> None:
    """Stop and start it, with new keys and nothing held, as after a restart of the program."""
    store = own.agent.tracker_store
    for name in own.loop.run(store.keys()):
        own.loop.run(store.delete(name))
    own.stop()
    own.start()


def an_hour_later(own) -> None:
    """Let the conversation end."""
    own.clock.now += LIFE_SECONDS + 1
    own.channel.sweep()


@pytest.fixture
def ageing(own, monkeypatch):
    """Return a connection of which conversations end by its clock as well."""
    store = EphemeralTrackerStore(
        own.agent.domain, own.agent.tracker_store.event_broker, clock=own.clock
    )
    monkeypatch.setattr(own.agent, "tracker_store", store)
    monkeypatch.setattr(own.agent.processor, "tracker_store", store)
    return own


@pytest.mark.parametrize("ends", [restarted, an_hour_later])
def test_who_presses_that_they_need_help_now_has_the_numbers_whatever_was_forgotten(ageing, ends):
    ageing.say(5, "/start")
    ends(ageing)
    said = ageing.press(5, "I need help now")
    assert said[0] == fixed("utter_help_card")
    assert said[-1] == AGAIN


@pytest.mark.parametrize("ends", [restarted, an_hour_later])
def test_any_other_old_button_brings_the_numbers_too(ageing, ends):
    ageing.say(5, "/start")
    ends(ageing)
    said = ageing.press(5, "Something's on my mind")
    assert said == [STALE, AGAIN]
    assert all(number in STALE for number in NUMBERS)


def test_an_old_button_for_help_brings_the_card_in_a_conversation_that_goes_on(connection, chat):
    connection.say(chat, "/start")
    message, _ = connection.telegram.button(chat, "I need help now")
    keyboard = message["keyboard"]
    connection.say(chat, "im tired")
    connection.until(lambda: not message["keyboard"], "the keyboard's removal")
    message["keyboard"] = keyboard  # as on a screen that was not drawn anew
    update = connection.telegram.press(chat, "I need help now")
    before = len(connection.telegram.to(chat))
    connection.answered(update)
    said = connection.telegram.texts(chat)[before:]
    assert said[0] == fixed("utter_help_card")
    assert AGAIN not in said


def pressed_without(telegram, chat, message):
    """Deliver a press as Telegram gives it when it does not show the message any more."""
    press = {
        "id": "1",
        "from": {"id": chat, "is_bot": False, "first_name": "Pat"},
        "chat_instance": "1",
        "data": "deadbeef",
        **message,
    }
    update = telegram.update(callback_query=press)
    telegram.deliver(update)
    return update


def test_a_press_on_a_message_that_telegram_does_not_show_is_answered(connection, telegram, chat):
    place = {"id": chat, "type": "private", "first_name": "Pat"}
    hidden = {"message": {"chat": place, "message_id": 7, "date": 0}}
    for message in (hidden, {}):
        before = len(telegram.to(chat))
        connection.answered(pressed_without(telegram, chat, message))
        assert telegram.texts(chat)[before:] == [STALE, AGAIN]


@pytest.mark.parametrize("label", ["I need help now and more", "Something's on my mind", ""])
def test_a_label_that_is_none_of_ours_for_help_is_a_label_like_any_other(label):
    assert as_label(label) not in help_labels()


def test_every_button_that_asks_for_help_is_known_by_its_label():
    assert {as_label(label) for label in ("I need help now", "Show the numbers")} < help_labels()


@pytest.mark.parametrize("data", ["deadbeef", "/need_help_now", '/choose_deanery{"deanery":"x"}'])
def test_a_press_that_we_did_not_issue_is_met_kindly(connection, chat, data):
    connection.say(chat, "/start")
    assert connection.press(chat, "", data) == [STALE]


def test_another_persons_button_does_nothing(connection, telegram, chat):
    connection.say(chat, "/start")
    button = telegram.button(chat, "I need help")[1]["callback_data"]
    other = chat + 1
    connection.say(other, "/start")
    assert connection.press(other, "", button) == [STALE]


def test_a_double_press_counts_once(connection, telegram, chat):
    connection.say(chat, "/start")
    before = len(telegram.to(chat))
    first, second = telegram.press(chat, "What is the PSU"), telegram.press(chat, "What is the PSU")
    connection.answered(first, second)
    said = telegram.texts(chat)[before:]
    assert said.count(STALE) == 1
    assert len(said) > 1


# Other kinds of messages

PHOTO = [{"file_id": "A", "file_unique_id": "B", "width": 9, "height": 9}]
FILE = {"file_id": "A", "file_unique_id": "B"}
STICKER = {**FILE, "width": 9, "height": 9, "is_animated": False, "is_video": False}
KINDS = {
    "photo": PHOTO,
    "voice": {**FILE, "duration": 3},
    "audio": {**FILE, "duration": 3},
    "video": {**FILE, "duration": 3, "width": 9, "height": 9},
    "video_note": {**FILE, "duration": 3, "length": 9},
    "sticker": {**STICKER, "type": "regular"},
    "document": {**FILE, "file_name": "cv.pdf"},
    "dice": {"emoji": "🎲", "value": 3},
    "poll": {
        "id": "1",
        "question": "well?",
        "options": [{"text": "a", "voter_count": 0, "persistent_id": "1"}],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
    },
    "a_kind_of_the_future": {"x": 1},
}
WHERE = {
    "location": {"longitude": 0.1, "latitude": 51.5},
    "contact": {"phone_number": "+447700900123", "first_name": "Pat"},
    "venue": {
        "location": {"longitude": 0.1, "latitude": 51.5},
        "title": "x",
        "address": "y",
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_text_gets_a_kind_fixed_answer_and_nothing_is_fetched(connection, chat, kind):
    connection.say(chat, "/start")
    before = [event.as_dict() for event in connection.tracker(chat).events]
    assert connection.say(chat, **{kind: KINDS[kind]}) == [fixed("utter_telegram_not_text")]
    assert [event.as_dict() for event in connection.tracker(chat).events] == before
    assert connection.telegram.count("getFile") == 0


@pytest.mark.parametrize("kind", WHERE)
def test_where_and_who_somebody_is_is_not_read(connection, chat, kind):
    assert connection.say(chat, **{kind: WHERE[kind]}) == [fixed("utter_telegram_whereabouts")]
    assert connection.tracker(chat) is None


def test_an_album_is_answered_once(connection, telegram, chat):
    connection.say(chat, photo=PHOTO, media_group_id="9")
    assert connection.say(chat, photo=PHOTO, media_group_id="9") == []


def test_a_caption_with_risk_is_answered_as_risk(connection, chat):
    said = connection.say(chat, photo=PHOTO, caption=RISK)
    assert all(number in said[0] for number in NUMBERS)


def test_a_note_by_telegram_is_not_answered(connection, chat):
    assert (
        connection.say(chat, message_auto_delete_timer_changed={"message_auto_delete_time": 9})
        == []
    )


ORIGIN = {"type": "hidden_user", "date": 1, "sender_user_name": "somebody"}


def test_a_forwarded_message_is_not_taken_for_theirs_but_its_risk_is(connection, chat):
    said = connection.say(chat, "my rota is awful", forward_origin=ORIGIN)
    assert said == [fixed("utter_telegram_forwarded")]
    assert "116 123" in connection.say(chat, RISK, forward_origin=ORIGIN)[0]


def edited(telegram, chat, text, **more):
    message = telegram.message(chat, text, **more)
    update = telegram.update(edited_message={**message, "edit_date": message["date"]})
    telegram.deliver(update)
    return update


def test_an_edited_message_is_checked_for_risk_and_is_no_new_turn(connection, telegram, chat):
    connection.say(chat, "/start")
    connection.say(chat, "im so tired")
    turn = connection.tracker(chat).get_slot("turn")
    connection.answered(edited(telegram, chat, "im so very tired"))
    assert telegram.texts(chat)[-1] == fixed("utter_telegram_edited")
    assert connection.tracker(chat).get_slot("turn") == turn
    before = len(telegram.to(chat))
    connection.answered(edited(telegram, chat, RISK))
    assert all(number in telegram.texts(chat)[before] for number in NUMBERS)


def test_what_tells_too_much_in_a_caption_or_an_edit_is_noted_too(connection, telegram, chat):
    shared, phone = fixed("utter_shared_too_much"), "ring me on 07700 900123"
    said = connection.say(chat, photo=PHOTO, caption=phone)
    assert said == [shared, fixed("utter_telegram_not_text")]
    connection.answered(edited(telegram, chat, f"my rota, {phone}"))
    assert telegram.texts(chat)[-2:] == [shared, fixed("utter_telegram_edited")]
    before = len(telegram.to(chat))
    connection.answered(edited(telegram, chat, f"{RISK}, {phone}"))
    said = telegram.texts(chat)[before:]
    assert all(number in said[0] for number in NUMBERS)
    assert said.count(shared) == 1
    assert shared not in connection.say(chat, photo=PHOTO, caption="my rota")


def test_risk_that_cannot_be_read_brings_the_help_card(connection, telegram, chat, monkeypatch):
    async def crash(*_):
        raise RuntimeError("nobody may read this")

    monkeypatch.setattr(connection.agent, "parse_message", crash)
    monkeypatch.setattr(connection.agent, "handle_message", crash)
    connection.answered(edited(telegram, chat, RISK))
    assert telegram.texts(chat) == [bubble.text for bubble in fallback_bubbles()]


# Groups


def group(kind):
    return {"id": -100_123, "type": kind, "title": "ward"}


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_a_group_is_told_why_not_and_left(connection, telegram, chat, kind):
    place = {**group(kind), "id": -chat}
    update = telegram.update(message={**telegram.message(chat, RISK), "chat": place})
    telegram.deliver(update)
    connection.answered(update)
    assert telegram.texts(-chat) == [fixed("utter_telegram_private_only")]
    assert ("leaveChat", {"chat_id": -chat}) in telegram.calls
    assert telegram.texts(chat) == []


def test_being_added_to_a_group_or_channel_is_answered_by_leaving(connection, telegram, chat):
    for place, id_ in (("group", -chat), ("channel", -chat - 1)):
        update = membership(telegram, {**group(place), "id": id_}, chat, "member")
        telegram.deliver(update)
        connection.answered(update)
        assert ("leaveChat", {"chat_id": id_}) in telegram.calls
    assert telegram.texts(-chat) == [fixed("utter_telegram_private_only")]
    assert telegram.texts(-chat - 1) == []


def membership(telegram, place, person, status):
    user = {"id": 123456, "is_bot": True, "first_name": "Sidedoor"}
    was, now = {"user": user, "status": "left"}, {"user": user, "status": status}
    if status == "kicked":
        now["until_date"] = 0
    return telegram.update(
        my_chat_member={
            "chat": place,
            "from": {"id": person, "is_bot": False, "first_name": "Pat"},
            "date": 1,
            "old_chat_member": was,
            "new_chat_member": now,
        }
    )


def test_who_blocks_the_bot_is_forgotten(connection, telegram, chat):
    connection.say(chat, "/start")
    place = {"id": chat, "type": "private", "first_name": "Pat"}
    update = membership(telegram, place, chat, "kicked")
    telegram.deliver(update)
    connection.answered(update)
    assert connection.tracker(chat) is None


def test_a_chat_that_blocks_in_mid_answer_is_forgotten_and_others_go_on(connection, telegram, chat):
    connection.say(chat, "/start")
    telegram.blocked.add(chat)
    assert connection.say(chat, "im tired") == []
    assert connection.tracker(chat) is None
    assert connection.say(chat + 1, "im tired")


# The end of a conversation


def test_after_an_hour_they_are_told_and_the_conversation_is_a_new_one(own, monkeypatch):
    store = EphemeralTrackerStore(own.agent.domain, clock=own.clock)
    monkeypatch.setattr(own.agent, "tracker_store", store)
    monkeypatch.setattr(own.agent.processor, "tracker_store", store)
    own.say(5, "/start")
    own.clock.now = LIFE_SECONDS - 1
    assert fixed("utter_began_again", minutes=60) not in own.say(5, "im so tired after nights")
    own.clock.now += LIFE_SECONDS
    own.channel.sweep()
    said = own.say(5, "as i said, nights")
    assert said[0] == fixed("utter_began_again", minutes=60)
    assert len(said) > 1
    assert own.tracker(5).get_slot("turn") == 1


def test_after_a_restart_they_are_told_also_in_the_middle_of_a_form(own):
    chat = 5
    own.say(chat, "/start")
    assert any("What" in t for t in own.say(chat, "help me write a message to them"))
    old = [b for m in own.telegram.to(chat) for row in m["keyboard"] for b in row][-1]
    own.stop()
    own.start()  # with new keys, as after a restart
    assert own.press(chat, "", old["callback_data"]) == [STALE, AGAIN]
    said = own.say(chat, "exams")
    assert said[0] == fixed("utter_began_again", minutes=60)


def test_the_numbers_come_before_anything_else_after_a_restart_too(own):
    said = own.say(5, f"{RISK}, ring me on 07700 900123")
    assert all(number in said[0] for number in NUMBERS)
    assert said[1:3] == [fixed("utter_began_again", minutes=60), fixed("utter_shared_too_much")]


def test_a_conversation_survives_a_rotation_and_the_next_one_has_another_name(own):
    chat = 5
    own.say(6, "/start")  # makes the key
    own.clock.now = KEY_ROTATION_SECONDS - 60
    own.say(chat, "/start")
    name = own.name(chat)
    own.clock.now = KEY_ROTATION_SECONDS + 60
    said = own.say(chat, "im so tired")
    assert fixed("utter_began_again", minutes=60) not in said
    assert own.name(chat) == name
    own.clock.now += LIFE_SECONDS
    own.channel.sweep()
    assert own.name(chat) != name
    assert len(own.channel._answers._pseudonyms.key_ages()) == 1


# Forgetting


def test_forget_wipes_and_deletes_everything_of_the_last_hours(own):
    chat = 5
    own.say(chat, "/start")
    own.say(chat, "im so tired after nights")
    mine = {message["id"] for message in own.telegram.to(chat)}
    name = own.name(chat)
    said = own.say(chat, "/forget")
    deleted = {number for whose, number in own.telegram.deleted if whose == chat}
    assert mine < deleted
    assert len(deleted) == len(mine) + 3  # and what they wrote
    assert f"{len(deleted)}." in said[0]
    assert own.tracker(chat) is None
    assert name not in str(vars(own.channel._answers._chats))
    assert own.channel._answers._numbers.of(chat) == [own.telegram.to(chat)[-1]["id"]]


def test_forget_takes_back_what_was_counted_as_the_words_for_it_do(own):
    recorder = own.agent.tracker_store.event_broker

    def counted() -> int:
        assert recorder.write_now()
        return recorder._marks.counts([this_month()]).get((this_month(), "channel", "telegram"), 0)

    before = counted()
    for wish in ("/forget", "please forget everything i said and delete my data"):
        own.say(5, "im so tired after nights")
        assert counted() == before + 1
        own.say(5, wish)
        assert counted() == before


@pytest.mark.parametrize("wish", ["/forget", "please forget everything i said and delete my data"])
def test_forget_takes_back_what_was_counted_after_the_conversation_ended(own, monkeypatch, wish):
    recorder, store = own.agent.tracker_store.event_broker, own.agent.tracker_store
    month, clock = this_month(), own.clock
    for part, held in ((recorder, "_taking_part"), (store, "_held")):
        monkeypatch.setattr(part, "_clock", clock)
        monkeypatch.setattr(part, held, OrderedDict())  # the others' are of another clock

    def counted() -> dict:
        assert recorder.write_now()
        return recorder._marks.counts([month])

    before = counted()
    own.say(5, "im so tired after nights")
    assert counted() != before
    clock.now += LIFE_SECONDS + 1
    for sweep in (own.channel.sweep, recorder.sweep, store.drop_expired):
        sweep()
    assert counted() != before
    assert own.tracker(5) is None
    assert not recorder._taking_part
    said = own.say(5, wish)
    assert counted() == before
    assert said[0].startswith(fixed("utter_telegram_forgotten"))


@pytest.mark.parametrize("command", ["/forget", "/stop", "/start wales"])
def test_a_store_that_is_away_leaves_nobody_in_silence_and_loses_no_number(
    own, monkeypatch, command
):
    async def away(_: str) -> None:
        raise ConnectionError("the store is away")

    chat = 5
    own.say(chat, "/start")
    mine = {message["id"] for message in own.telegram.to(chat)}
    with monkeypatch.context() as patch:
        patch.setattr(own.agent.tracker_store, "retrieve", away)
        said = own.say(chat, command)
    assert said[0] == fallback_bubbles()[0].text
    own.say(chat, "/forget")
    deleted = {number for whose, number in own.telegram.deleted if whose == chat}
    assert mine < deleted


@pytest.mark.parametrize(
    "text", ["please forget everything i said and delete my data", "delete my data"]
)
def test_forgetting_is_asked_for_in_plain_words_too(own, text):
    chat = 5
    own.say(chat, "/start")
    said = own.say(chat, text)
    assert said[0].startswith(fixed("utter_telegram_forgotten"))
    assert own.tracker(chat) is None
    assert len(own.telegram.deleted) == 5


def test_what_telegram_refuses_is_told_exactly(own):
    chat = 5
    own.say(chat, "/start")
    own.telegram.undeletable = {own.telegram.to(chat)[0]["id"], own.telegram.to(chat)[1]["id"]}
    own.telegram.faults["deleteMessage"].extend([500, 0])
    said = own.say(chat, "/forget")[0]
    assert fixed("utter_telegram_deleted", deleted=3) in said
    assert fixed("utter_telegram_refused", refused=2, hours=48) in said
    assert fixed("utter_telegram_since_restart", hours=48) in said


@pytest.mark.parametrize("fault", [(429, {"retry_after": 1}), 502, DROP_BEFORE, HANG], ids=str)
def test_deleting_waits_for_telegram(own, monkeypatch, fault):
    own.stop()
    monkeypatch.setattr(telegram_answers, "SLOW_SECONDS", 60)
    monkeypatch.setattr("bot.channels.telegram.ANSWER_SECONDS", 0.5)
    own.start()
    own.say(5, "/start")
    own.telegram.undeletable = {own.telegram.to(5)[0]["id"]}  # so that each is tried
    own.telegram.faults["deleteMessages"].extend([fault, fault])
    own.telegram.faults["deleteMessage"].extend([fault, 0, fault])
    said = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_deleted", deleted=4) in said
    assert fixed("utter_telegram_refused", refused=1, hours=48) in said
    assert len(own.telegram.deleted) == 4


def test_who_waits_for_deleting_is_told(own, monkeypatch):
    monkeypatch.setattr(telegram_answers, "SLOW_SECONDS", 0.1)
    own.say(5, "/start")
    own.telegram.faults["deleteMessages"].append((429, {"retry_after": 1}))
    assert own.say(5, "/forget") == [fixed("utter_telegram_deleting")]
    begins = fixed("utter_telegram_deleted", deleted="?").partition("?")[0]
    own.until(lambda: begins in own.telegram.texts(5)[-1], "what came of it")
    said = own.telegram.texts(5)[-1]
    assert fixed("utter_telegram_forgotten") not in said  # they may have written since


def test_what_is_written_while_telegram_lets_nothing_be_deleted_is_answered(own, monkeypatch):
    """Somebody who wants to die does not wait until their old messages are gone."""
    monkeypatch.setattr(telegram_answers, "SLOW_SECONDS", 0.1)
    own.say(5, "he hit me again last night when I got home")
    mine = {message["id"] for message in own.telegram.to(5)}
    own.telegram.faults["deleteMessages"].extend([(429, {"retry_after": 1})] * 1_000)
    told = own.say(5, "/forget")[0]
    assert "116 123" in told
    assert fixed("utter_telegram_deleting") in told
    said = own.say(5, "I want to die")
    assert all(number in said[0] for number in NUMBERS)
    assert own.telegram.deleted == []
    own.telegram.faults.clear()
    own.until(
        lambda: fixed("utter_telegram_deleted", deleted=len(mine) + 2) in own.telegram.texts(5)[-1],
        "what came of it",
    )
    deleted = {number for _, number in own.telegram.deleted}
    assert mine < deleted
    kept = {message["id"] for message in own.telegram.to(5)} - mine
    assert kept & {m["id"] for m in own.telegram.to(5) if m["text"] in said}
    assert not deleted & kept
    assert own.tracker(5) is not None  # that of what they wrote since


def test_who_asks_again_while_it_goes_on_is_told_of_each_message_once(own, monkeypatch):
    monkeypatch.setattr(telegram_answers, "SLOW_SECONDS", 0.1)
    own.say(5, "/start")
    own.telegram.faults["deleteMessages"].append((429, {"retry_after": 1}))
    own.say(5, "/forget")
    own.say(5, "/forget")
    texts = own.until(
        lambda: len(own.telegram.texts(5)) == 7 and own.telegram.texts(5), "what came of both"
    )
    assert fixed("utter_telegram_deleted", deleted=5) in texts[-2]
    assert fixed("utter_telegram_deleted", deleted=2) in texts[-1]
    assert len(own.telegram.deleted) == len({*own.telegram.deleted}) == 7


def test_a_stop_waits_for_what_is_being_deleted(own, monkeypatch):
    monkeypatch.setattr(telegram_answers, "SLOW_SECONDS", 0.1)
    own.say(5, "/start")
    own.telegram.faults["deleteMessages"].append((429, {"retry_after": 1}))
    own.say(5, "/forget")
    own.stop()
    assert fixed("utter_telegram_deleted", deleted=5) in own.telegram.texts(5)[-1]
    own.start()


def test_what_could_not_be_deleted_in_time_is_told_and_can_be_asked_for_again(own, monkeypatch):
    own.say(5, "/start")
    mine = {message["id"] for message in own.telegram.to(5)}
    with monkeypatch.context() as patch:
        patch.setattr(telegram_sending, "DELETING_SECONDS", 0.2)
        for method in ("deleteMessages", "deleteMessage"):
            own.telegram.faults[method].extend([503] * 100)
        said = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_unreached", unreached=5) in said
    assert own.telegram.deleted == []
    own.telegram.faults.clear()
    assert fixed("utter_telegram_deleted", deleted=7) in own.say(5, "/forget")[0]
    assert mine < {number for _, number in own.telegram.deleted}


def test_who_is_forgotten_is_told_if_numbers_were_dropped_for_want_of_room(own, monkeypatch):
    monkeypatch.setattr(message_numbers, "MOST_MESSAGE_NUMBERS", 6)
    dropped = fixed("utter_telegram_some_dropped", hours=48)
    own.say(5, "/start")
    own.clock.now = 3_600
    own.say(5, "/start")
    own.say(6, "/start")
    said = own.say(5, "/forget")[0]
    assert dropped in said
    own.clock.now += DELETABLE_SECONDS
    assert dropped not in own.say(5, "/forget")[0]


def test_a_server_without_deletion_of_many_is_served_one_by_one(own):
    own.telegram.unsupported.add("deleteMessages")
    own.say(5, "/start")
    assert fixed("utter_telegram_deleted", deleted=5) in own.say(5, "/forget")[0]


def test_a_server_that_answers_deletion_of_many_with_errors_is_served_one_by_one(own):
    own.telegram.faults["deleteMessages"].extend([500] * 20)
    own.say(5, "/start")
    assert fixed("utter_telegram_deleted", deleted=5) in own.say(5, "/forget")[0]
    assert len(own.telegram.faults["deleteMessages"]) == 18  # it was asked twice


def test_a_server_that_was_ill_for_a_moment_deletes_many_at_once_all_the_same(own):
    own.telegram.faults["deleteMessages"].extend([502, DROP_BEFORE])
    own.say(5, "/start")
    assert fixed("utter_telegram_deleted", deleted=5) in own.say(5, "/forget")[0]
    assert "deleteMessage" not in [m for m, _ in own.telegram.calls]


@pytest.mark.parametrize("wish", ["/forget", "delete my data"])
@pytest.mark.parametrize(
    ("told", "kept"), [("he hit me again last night when I got home", True), ("so tired", False)]
)
def test_after_danger_forgetting_leaves_the_numbers_there(own, told, kept, wish):
    own.say(5, told)
    said = "\n".join(own.say(5, wish))
    assert ("116 123" in said) == ("55 when asked" in said) == kept


def test_there_may_be_nothing_to_forget_but_the_wish(own):
    said = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_deleted", deleted=1) in said
    own.clock.now = NUMBERS_SECONDS
    own.channel.sweep()
    own.telegram.undeletable = set(range(10_000))
    said = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_older", hours=48) in said
    assert fixed("utter_telegram_refused", refused=1, hours=48) in said


def test_somebody_elses_conversation_is_not_forgotten(own):
    own.say(5, "/start")
    own.say(6, "/start")
    own.say(5, "/forget")
    assert own.tracker(6) is not None
    assert {whose for whose, _ in own.telegram.deleted} == {5}


# What Telegram and networks do


def test_two_hundred_at_once_are_all_answered_in_order(own):
    chats = range(1_000, 1_200)
    first = [own.telegram.update(message=own.telegram.message(chat, "/help")) for chat in chats]
    second = [
        own.telegram.update(message=own.telegram.message(chat, RISK if chat % 2 else "im tired"))
        for chat in chats
    ]
    own.telegram.deliver(*first, *second)
    own.until(lambda: own.telegram.acknowledged > second[-1]["update_id"], "all", limit=240)
    for chat in chats:
        texts = own.telegram.texts(chat)
        assert texts[0] == fixed("utter_help_card")
        assert len(texts) >= 4
        assert all(number in texts[2] for number in NUMBERS) == bool(chat % 2)


def test_one_who_is_slow_to_serve_holds_up_nobody_else(own, monkeypatch):
    released = asyncio.Event()
    right = own.agent.handle_message

    async def slow(message):
        if message.text == "slow":
            await released.wait()
        await right(message)

    monkeypatch.setattr(own.agent, "handle_message", slow)
    own.telegram.say(5, "slow")
    own.telegram.say(5, "after")
    for chat in (6, 7, 8):
        own.telegram.say(chat, "im tired")
    own.until(lambda: all(own.telegram.to(chat) for chat in (6, 7, 8)), "the others")
    assert own.telegram.to(5) == []
    released.set()
    own.until(lambda: len(own.telegram.to(5)) >= 3, "the slow one")


def test_one_persons_messages_stay_in_order_however_they_arrive(own):
    said = [own.telegram.update(message=own.telegram.message(5, t)) for t in ("/start", "/privacy")]
    own.telegram.deliver(*reversed(said))
    own.answered(*said)
    assert own.telegram.texts(5)[0] == fixed("utter_open_who")


def test_a_duplicated_update_is_answered_once(own):
    update = own.telegram.update(message=own.telegram.message(5, "/privacy"))
    own.telegram.deliver(update, update)
    own.answered(update)
    own.telegram.deliver(update)
    own.answered(own.telegram.say(6, "/privacy"))
    assert len(own.telegram.to(5)) == PRIVACY


def test_an_update_with_a_lower_id_that_comes_late_is_answered(own):
    early = own.telegram.update(message=own.telegram.message(5, "/privacy"))
    own.answered(own.telegram.say(6, "/privacy"))
    own.telegram.deliver(early)
    own.until(lambda: len(own.telegram.to(5)) == PRIVACY, "the late one")


def test_nothing_is_acknowledged_before_it_was_answered(own, monkeypatch):
    released = asyncio.Event()

    async def slow(message):
        await released.wait()

    monkeypatch.setattr(own.agent, "handle_message", slow)
    update = own.telegram.say(5, "im tired")
    other = own.telegram.say(6, "/privacy")
    own.until(lambda: len(own.telegram.to(6)) == PRIVACY, "the other")
    assert own.telegram.acknowledged <= update["update_id"]
    released.set()
    own.answered(update, other)


def test_a_crash_in_mid_turn_loses_no_message(own, monkeypatch):
    async def never(message):
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(own.agent, "handle_message", never)
        update = own.telegram.say(5, RISK)
        own.until(lambda: own.channel._intake.waiting, "the turn")
        own.crash()
    assert own.telegram.texts(5) == []
    own.start()
    own.answered(update)
    assert all(number in own.telegram.texts(5)[0] for number in NUMBERS)


def test_one_who_is_stuck_and_hundreds_of_others_block_nobody(own, monkeypatch):
    """Also when who is stuck has written more than Telegram gives at once."""
    monkeypatch.setattr(telegram_intake, "STUCK_SECONDS", 0.5)
    released = asyncio.Event()
    right = own.channel._answers._sender.say

    async def say(chat, *said):
        if chat == 5:
            await released.wait()
        return await right(chat, *said)

    monkeypatch.setattr(own.channel._answers._sender, "say", say)
    stuck = [own.telegram.say(5, "/help") for _ in range(110)]
    others = [own.telegram.say(1_000 + number, "/help") for number in range(110)]
    own.until(lambda: own.telegram.to(1_109), "the last of the others", limit=240)
    assert own.channel._intake.waiting.keys() >= {update["update_id"] for update in stuck}
    assert own.telegram.to(5) == []
    released.set()
    own.until(lambda: own.telegram.acknowledged > others[-1]["update_id"], "all", limit=240)
    own.until(lambda: not own.channel._intake.waiting, "the stuck one", limit=240)
    assert own.telegram.texts(5)[0] == fixed("utter_help_card")


def test_nothing_is_passed_over_before_it_is_stuck_nor_what_is_not(own, monkeypatch):
    released = asyncio.Event()

    async def slow(message):
        await released.wait()

    monkeypatch.setattr(conversation, "TURN_SECONDS", 600)
    monkeypatch.setattr(telegram_intake, "STUCK_SECONDS", 600)
    monkeypatch.setattr(own.agent, "handle_message", slow)
    waiting = own.channel._intake.waiting
    first = own.telegram.say(5, "im tired")
    others = [own.telegram.say(1_000 + number, "/help") for number in range(99)]
    own.until(lambda: own.telegram.to(1_098) and len(waiting) == 1, "the others", limit=240)
    second = own.telegram.say(6, "im tired")  # behind the hundred
    polls = len(own.telegram.fetched)
    own.until(lambda: len(own.telegram.fetched) > polls + 3, "polls that bring nothing new")
    assert len(own.telegram.fetched[-1]) == 100
    assert own.telegram.acknowledged <= first["update_id"]
    assert waiting.keys() == {first["update_id"]}
    monkeypatch.setattr(telegram_intake, "STUCK_SECONDS", 0)
    own.until(lambda: second["update_id"] in waiting, "the one behind the hundred")
    own.until(lambda: own.telegram.acknowledged == second["update_id"], "the others' end")
    assert waiting.keys() == {first["update_id"], second["update_id"]}
    released.set()
    own.answered(first, *others, second)


def test_a_stop_acknowledges_what_was_answered(own):
    own.say(5, "/privacy")
    own.telegram.say(5, "/privacy")
    own.until(lambda: len(own.telegram.to(5)) == 2 * PRIVACY, "the second answer")
    own.stop()
    own.start()
    own.answered(own.telegram.say(6, "/privacy"))
    assert len(own.telegram.to(5)) == 2 * PRIVACY


FAULTS = {
    "429": (429, {"retry_after": 1}),
    "429 without a time": 429,
    "500": 500,
    "502": 502,
    "503": 503,
    "dropped before": DROP_BEFORE,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_message_that_fails_is_sent_again(own, fault):
    own.telegram.faults["sendMessage"].extend([0, fault, 0, fault, fault])
    assert own.say(5, "/privacy") == own.say(6, "/privacy")
    assert len(own.telegram.to(5)) == PRIVACY


@pytest.mark.parametrize("fault", [DROP_AFTER, GARBAGE])
def test_a_message_whose_confirmation_is_lost_comes_twice_rather_than_never(own, fault):
    own.telegram.faults["sendMessage"].append(fault)
    said = own.say(5, "/privacy")
    assert len(said) == PRIVACY + 1
    assert len({*said}) == PRIVACY
    forgotten = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_doubled") in forgotten
    assert fixed("utter_telegram_deleted", deleted=PRIVACY + 2) in forgotten
    assert fixed("utter_telegram_doubled") not in own.say(5, "/forget")[0]
    assert fixed("utter_telegram_doubled") not in own.say(6, "/forget")[0]


@pytest.mark.parametrize("fault", [(429, {"retry_after": 1}), 400], ids=str)
def test_a_message_that_cannot_have_come_twice_is_not_said_to_have(own, fault):
    own.telegram.faults["sendMessage"].append(fault)
    own.say(5, "/privacy")
    assert fixed("utter_telegram_doubled") not in own.say(5, "/forget")[0]


def test_a_message_that_was_given_up_may_be_there(own, monkeypatch):
    monkeypatch.setattr(telegram_sending, "PATIENCE_SECONDS", 0)
    own.telegram.faults["sendMessage"].append(DROP_AFTER)
    assert len(own.say(5, "/privacy")) == PRIVACY
    said = own.say(5, "/forget")[0]
    assert fixed("utter_telegram_doubled") in said
    assert fixed("utter_telegram_deleted", deleted=PRIVACY + 1) in said


@pytest.mark.parametrize("fault", [*FAULTS.values(), GARBAGE, DROP_AFTER, 409], ids=str)
def test_polling_goes_on_after_a_fault(own, fault):
    own.telegram.faults["getUpdates"].extend([fault, fault])
    assert len(own.say(5, "/privacy")) == PRIVACY


def test_telegram_may_be_down_for_a_while(own):
    own.telegram.down = True
    update = own.telegram.say(5, "/privacy")

    async def wait():
        await asyncio.sleep(1)

    own.loop.run(wait())
    assert own.telegram.to(5) == []
    own.telegram.down = False
    own.answered(update)
    assert len(own.telegram.to(5)) == PRIVACY


def test_telegram_may_be_down_when_the_program_starts(agent, loop):
    telegram = FakeTelegram(down=True)
    connected = Connected(telegram, agent, loop)
    update = telegram.say(5, "/privacy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connected, "until", lambda *_, **__: None)
        connected.start()
    loop.run(asyncio.sleep(0.5))
    telegram.down = False
    connected.answered(update)
    assert len(telegram.to(5)) == PRIVACY
    connected.stop()
    telegram.stop()


DECORATING = (
    "answerCallbackQuery",
    "deleteMessages",
    "editMessageReplyMarkup",
    "sendChatAction",
    "setMyCommands",
    "setMyDescription",
    "setMyShortDescription",
    "deleteWebhook",
)


def test_a_server_without_anything_that_decorates_does(agent, loop):
    telegram = FakeTelegram(unsupported={*DECORATING})
    connected = Connected(telegram, agent, loop)
    connected.start()
    assert len(connected.say(5, "/start")) == 3
    assert connected.press(5, "Something")
    assert connected.say(5, "im so tired")
    connected.stop()
    telegram.stop()


def test_an_unreadable_update_holds_up_nobody(own):
    broken = [
        {"update_id": 600, "message": {"text": "no id, no chat"}},
        {"update_id": 601, "message": 5},
        {"update_id": 605, "message": {"message_id": 1, "chat": {"id": 9, "type": "private"}}},
        {"update_id": 602, "callback_query": {"id": "1"}},
        {"update_id": 603},
        {"update_id": 604, "of_the_future": {"x": 1}},
    ]
    own.telegram._update = 700
    own.telegram.deliver(*broken)
    assert len(own.say(5, "/privacy")) == PRIVACY
    assert own.telegram.texts(9) == [fixed("utter_telegram_not_text")]


def test_a_message_with_a_part_that_cannot_be_read_is_answered_by_its_words(own):
    said = own.say(5, RISK, poll={"broken": True})
    assert all(number in said[0] for number in NUMBERS)


def test_many_messages_at_once_are_looked_through_for_risk(own, monkeypatch):
    monkeypatch.setattr(telegram_answers, "MOST_WAITING", 3)
    texts = ["/start", "im tired", RISK, *["and tired"] * 6]
    updates = [own.telegram.update(message=own.telegram.message(5, text)) for text in texts]
    own.telegram.deliver(*updates)
    own.answered(*updates)
    said = own.telegram.texts(5)
    assert said.count(fixed("utter_telegram_too_fast")) == 1
    assert any("116 123" in text for text in said)


def test_whatever_fails_inside_there_is_an_answer(connection, chat, monkeypatch):
    async def crash(*_):
        raise RuntimeError("nobody may read this")

    monkeypatch.setattr(connection.agent, "handle_message", crash)
    assert connection.say(chat, "im tired") == [b.text for b in fallback_bubbles()]


def test_a_turn_that_never_ends_is_given_up(connection, chat, monkeypatch):
    async def never(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(conversation, "TURN_SECONDS", 0.1)
    monkeypatch.setattr(connection.agent, "handle_message", never)
    assert connection.say(chat, "im tired") == [b.text for b in fallback_bubbles()]


def test_a_message_is_given_up_only_after_long_patience(own, monkeypatch):
    monkeypatch.setattr(telegram_sending, "PATIENCE_SECONDS", 0.2)
    own.telegram.faults["sendMessage"].extend([500] * 40)
    own.telegram.say(5, "/privacy")
    assert len(own.say(6, "/privacy")) <= PRIVACY


def test_buttons_that_are_refused_do_not_take_the_words_with_them(own):
    own.telegram.faults["sendMessage"].extend([0, 0, 400])
    assert len(own.say(5, "/start")) == 3


# Parts


@pytest.mark.parametrize(
    ("name", "username", "warned"),
    [
        ("Sidedoor", "sidedoor_bot", False),
        ("A quiet place", "quiet_bot", False),
        ("Wales PSU", "quiet_bot", True),
        ("Quiet", "CrisisSupportBot", True),
        ("Wellbeing", "quiet_bot", True),
        ("Quiet", "suicide_line_bot", True),
    ],
)
def test_a_name_that_shows_what_the_bot_is_for_is_warned_of(
    monkeypatch, caplog, name, username, warned
):
    monkeypatch.setitem(fake_telegram.BOT, "first_name", name)
    monkeypatch.setitem(fake_telegram.BOT, "username", username)
    telegram = FakeTelegram()
    chosen = read_settings({"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url})
    with caplog.at_level("WARNING"):
        asyncio.run(TelegramChannel(chosen).check())
    telegram.stop()
    told = [r.getMessage() for r in caplog.records if r.name == "bot.channels.telegram"]
    assert [("telling name" in line, name in line) for line in told] == [(True, False)] * warned


def test_a_wrong_token_is_told_at_the_start():
    telegram = FakeTelegram()
    chosen = read_settings(
        {"SIDEDOOR_TELEGRAM_TOKEN": "1:wrong", "SIDEDOOR_TELEGRAM_API_URL": telegram.url}
    )
    with pytest.raises(SettingsError, match="Telegram does not know this token") as error:
        asyncio.run(TelegramChannel(chosen).check())
    assert "1:wrong" not in str(error.value)
    telegram.stop()


@pytest.mark.parametrize(
    "text",
    ["short", "x" * 5_000, "One sentence. " * 900, "line\n" * 2_000, "🙂" * 5_000, "word " * 3_000],
)
def test_long_texts_are_split_where_they_may_and_nothing_is_lost(text):
    parts = split(text)
    assert all(0 < units(part) <= 4_096 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_text_is_split_after_a_sentence():
    parts = split("This is a sentence. " * 300)
    assert all(part.endswith(".") for part in parts)
    assert len(parts) == 2


def test_the_pace_allows_a_burst_and_then_so_many_a_second():
    pace = Pace(30)
    delays = [pace.delay(100.0) for _ in range(90)]
    assert delays[:29] == [0.0] * 29
    assert delays[-1] == pytest.approx(2.0, abs=0.1)


def test_the_time_that_telegram_asks_for_is_understood():
    assert telegram_intake.seconds(RetryAfter(7).retry_after) == 7
