"""Handing over on the real channels: the program in its own process, the page, a fake Telegram.

Here the page's requests are made without a browser; `tests/page/test_referral.py` has browsers.
"""

import json
import re
import socket
import time
from datetime import date

import httpx
import pytest

from bot.channels.fixed import fixed
from bot.deanery import deaneries
from bot.dialogue.in_confidence import in_confidence
from bot.referrals.desk import desk
from bot.referrals.receipts import read_receipt
from bot.referrals.tables import open_referrals
from bot.referrals.weeks import LIFE_DAYS
from tests.fake_telegram import TOKEN, FakeTelegram
from tests.program import QUICK, start_program
from tests.referral_unit import Unit
from tests.referrals import DEANERY, cheap_database
from tests.test_referral_conversation import go_to, send
from tests.test_web_channel import Page

NOTE = "I dread Mondays and I have told nobody at work about it"

CHOSEN_IN_ORDER = ("Yes", "Things at work", "That's all", "Coaching", "I'll use", "In writing")
"""Titles of the choices that lead to the note, of somebody who takes a receipt."""


NOWHERE = "postgresql://127.0.0.1:1/nowhere"
"""A database that cannot be reached."""


class Phone:
    """Somebody's Telegram: says, presses, and sees what is there."""

    def __init__(self, telegram):
        self.telegram = telegram
        self.chat = 800_000_000 + telegram.next_number()

    def say(self, text=None, **more):
        """Send a message; return its number and what is answered."""
        return self.answered(lambda: self.telegram.say(self.chat, text, **more))

    def press(self, title):
        """Press a button; return what is answered."""
        return self.answered(lambda: self.telegram.press(self.chat, title))[1]

    def answered(self, deliver):
        """Deliver an update and return the number of its message, and what is answered."""
        before = len(self.telegram.to(self.chat))
        update = deliver()
        self.telegram.wait_answered(update)
        message = update.get("message") or update.get("edited_message") or {}
        return message.get("message_id"), self.telegram.texts(self.chat)[before:]

    def deleted(self):
        """Return the numbers of the messages that were deleted from the chat."""
        return {number for chat, number in self.telegram.deleted if chat == self.chat}

    def refer(self):
        """Hand something over; return the number and the text of the bubble with the receipt."""
        self.say(f"/start {DEANERY}")
        self.say("how do i get in touch with the psu")
        for title in CHOSEN_IN_ORDER:
            self.press(title)
        self.say(NOTE)
        self.press("Send it")
        (shown,) = [m for m in self.telegram.to(self.chat) if read_receipt(m["text"])]
        return shown["id"], shown["text"]


@pytest.fixture(scope="module")
def telegram():
    """Return a fake Telegram."""
    fake = FakeTelegram()
    yield fake
    fake.stop()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return the folder of the program, with a database of referrals in it."""
    folder = tmp_path_factory.mktemp("referrals")
    (folder / "data").mkdir()
    return folder


@pytest.fixture(scope="module")
def engine(place):
    """Return the database of referrals."""
    return cheap_database(f"sqlite:///{place / 'data' / 'referrals.db'}")


@pytest.fixture(scope="module")
def unit(engine):
    """Return Wales' unit, which has a key before the program starts."""
    return Unit(engine)


@pytest.fixture(scope="module")
def program(place, unit, telegram):
    """Return the running program, with both channels."""
    chosen = {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram.url}
    started = start_program(place, *QUICK, "run", settings=chosen)
    telegram.wait(lambda: telegram.polls, "the first poll", 120)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture
def page(program):
    """Return an open page about Wales."""
    with program.client() as client:
        yield Page(client).start(deanery=DEANERY)


@pytest.fixture
def phone(program, telegram):
    """Return somebody's Telegram."""
    return Phone(telegram)


def newest(unit, note):
    """Return the ticket with that note."""
    (found,) = [ticket for ticket in unit.tickets() if ticket.note == note]
    return found


def refer_on(page, note):
    page.say("how do i get in touch with the psu")
    for title in CHOSEN_IN_ORDER:
        page.press(title)
    page.say(note)
    return page


def test_referred_on_the_web_answered_by_the_unit_read_and_ended_on_telegram(page, phone, unit):
    note = f"{NOTE}, on the web"
    text = refer_on(page, note).press("Send it")
    receipt = read_receipt(text)
    assert receipt
    page.press("I've kept it")

    ticket = newest(unit, note)
    unit.inbox.answer(unit.unlocked, ticket.id, "We can meet on Thursday", ticket.next_position)

    phone.say("/start")
    phone.say("/receipt")
    number, said = phone.say(receipt)
    assert any("We can meet on Thursday" in text for text in said)
    assert number in phone.deleted()
    phone.press("Write to them")
    phone.say("Thursday suits me")
    assert newest(unit, note).messages[-1].text == "Thursday suits me"
    _, said = phone.say(f"/receipt {receipt}")
    assert any("We can meet on Thursday" in text for text in said)
    phone.press("End it")
    assert "Ended" in phone.press("Yes, end it")[0]
    with pytest.raises(ValueError, match="unpack"):
        newest(unit, note)
    assert "nothing under that number" in page.say(f"my receipt is {receipt}")


def test_the_same_press_sent_twice_sends_one_ticket(page, unit):
    note = f"{NOTE}, twice"
    refer_on(page, note)
    button = page.button("Send it")
    first = page.send(button=button, id="send-1").json()
    assert page.send(button=button, id="send-1").json() == first
    assert page.send(button=button).status_code == 409
    assert newest(unit, note)


def test_risk_in_a_note_on_the_web_is_answered_first(page):
    page.say("how do i get in touch with the psu")
    for title in ("Yes", "Leave it out", "Leave it out", "I'll use", "Leave it out"):
        page.press(title)
    said = page.say("I am going to kill myself tonight")
    assert "999" in page.messages[0]["text"]
    assert fixed("utter_referral_kept_back") in said


def test_a_page_that_is_left_lets_go_of_the_open_ticket(program, page):
    receipt = read_receipt(refer_on(page, f"{NOTE}, left").press("Send it"))
    page.say(receipt)
    assert page.browser.post("/chat/end", json={"token": page.token}).status_code == 200
    assert page.send(text="hello").status_code == 410


def test_a_note_that_telegram_cuts_is_sealed_as_one(phone, telegram, unit):
    phone.say(f"/start {DEANERY}")
    phone.say("how do i get in touch with the psu")
    for title in CHOSEN_IN_ORDER:
        phone.press(title)
    whole = [f"{line} our rota went from one in six to one in four" for line in range(120)]
    first, second = "\n".join(whole[:80]), "\n".join(whole[80:])
    assert 3_000 < len(first) < 4_096

    def deliver():
        updates = [
            telegram.update(message=telegram.message(phone.chat, t)) for t in (first, second)
        ]
        telegram.deliver(*updates)
        return updates[-1]

    _, said = phone.answered(deliver)
    assert len([text for text in said if "This is all of it" in text]) == 1
    phone.press("Send it")
    assert newest(unit, "\n".join(whole))


def test_the_bubble_with_the_receipt_is_deleted_once_it_is_kept(phone):
    number, _ = phone.refer()
    assert number not in phone.deleted()
    phone.press("Where is it safe")
    assert number not in phone.deleted()
    phone.press("I've kept it")
    assert number in phone.deleted()


def test_what_was_written_and_answered_stays_in_the_chat_until_it_is_forgotten(
    phone, telegram, unit
):
    """What docs/referrals.md says of the thief of the phone: only receipts go by themselves."""
    words = f"{NOTE}, and it stays in the chat"
    phone.say(f"/start {DEANERY}")
    phone.say("how do i get in touch with the psu")
    for title in ("Yes", "Things at work", "That's all", "Coaching", "Here is how", "By phone"):
        phone.press(title)
    contact, _ = phone.say("07700 900123")
    note, _ = phone.say(words)
    phone.press("Send it")
    assert newest(unit, words).contact == "07700 900123"

    before = {row.id for row in unit.inbox.rows(DEANERY)}
    shown, text = phone.refer()
    phone.press("I've kept it")
    (came,) = {row.id for row in unit.inbox.rows(DEANERY)} - before
    ticket = unit.inbox.read(unit.unlocked, came)
    unit.inbox.answer(unit.unlocked, ticket.id, "We can meet on Friday", ticket.next_position)
    typed, _ = phone.say(read_receipt(text))
    answer = next(m["id"] for m in telegram.to(phone.chat) if "on Friday" in m["text"])
    phone.press("Write to them")
    reply, _ = phone.say("Friday suits me, and this stays too")
    assert {shown, typed} <= phone.deleted(), "what shows a receipt goes by itself"
    assert not {contact, note, answer, reply} & phone.deleted(), "and nothing else does"
    phone.say("/forget")
    assert {contact, note, answer, reply} <= phone.deleted()


def test_a_receipt_that_telegram_keeps_is_said_to_stay(phone, telegram):
    number, text = phone.refer()
    telegram.undeletable.add(number)
    assert phone.press("I've kept it")[-1] == fixed("utter_telegram_receipt_stays")

    def deliver():
        update = telegram.update(message=telegram.message(phone.chat, read_receipt(text)))
        telegram.undeletable.add(update["message"]["message_id"])
        telegram.deliver(update)
        return update

    _, said = phone.answered(deliver)
    assert any("no answer from the unit yet" in text for text in said)
    assert said[-1] == fixed("utter_telegram_receipt_stays")


@pytest.mark.parametrize("how", ["edited", "caption", "mistyped", "command"])
def test_a_receipt_does_not_stay_however_it_is_sent(phone, telegram, how):
    phone.say(f"/start {DEANERY}")
    phone.say("/receipt")
    receipt = "4321 8765 2109 6543"
    if how == "edited":
        edited = {**telegram.message(phone.chat, receipt), "edit_date": 1}

        def deliver():
            update = telegram.update(edited_message=edited)
            telegram.deliver(update)
            return update

        number, said = phone.answered(deliver)
        assert "nothing under that number" in said[0]
    elif how == "caption":
        photo = [{"file_id": "A", "file_unique_id": "B", "width": 9, "height": 9}]
        number, _ = phone.say(photo=photo, caption=receipt)
    elif how == "mistyped":
        number, said = phone.say(receipt[:-1])
        assert "sixteen digits" in said[0]
    else:
        number, said = phone.say(f"/receipt {receipt[:-1]}")
        assert "sixteen digits" in said[0]
    assert number in phone.deleted()


def test_an_old_button_under_a_receipt_leaves_it_and_says_how_to_delete_it(phone, telegram):
    number, _ = phone.refer()
    message = next(m for m in telegram.to(phone.chat) if m["id"] == number)
    data = message["keyboard"][0][0]["callback_data"]
    phone.say("what happens now?")

    def deliver():
        shown = {**telegram._shown(message)}
        query = {"id": "1", "from": {"id": phone.chat, "is_bot": False, "first_name": "Pat"}}
        query |= {"message": shown, "chat_instance": "1", "data": data}
        update = telegram.update(callback_query=query)
        telegram.deliver(update)
        return update

    assert phone.answered(deliver)[1] == [fixed("utter_telegram_receipt_yours")]
    assert number not in phone.deleted()


def test_forget_says_that_the_ticket_is_not_forgotten(phone):
    phone.refer()
    _, said = phone.say("/forget")
    assert "only its receipt finds it" in said[-1]


def test_forget_says_that_what_was_begun_is_gone_too(phone):
    phone.say(f"/start {DEANERY}")
    phone.say("how do i get in touch with the psu")
    for title in ("Yes", "Things at work"):
        phone.press(title)
    _, said = phone.say("/forget")
    assert fixed("utter_forgotten_unsent") in said[-1]
    _, said = phone.say("/forget")
    assert fixed("utter_forgotten_unsent") not in said[-1]


@pytest.mark.parametrize("typed", ["/receipt", "receipt", "Receipt."])
def test_the_command_alone_opens_the_receipts_conversation_on_the_web_too(page, typed):
    assert "Type the sixteen digits of your receipt" in page.say(typed)


@pytest.fixture
def cut_off(tmp_path):
    """Return somebody's Telegram, where the program began while its database was away."""
    fake = FakeTelegram()
    chosen = {"SIDEDOOR_TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": fake.url}
    started = start_program(
        tmp_path, *QUICK, "run", settings={**chosen, "SIDEDOOR_REFERRALS_DATABASE": NOWHERE}
    )
    fake.wait(lambda: fake.polls, "the first poll", 120)
    yield Phone(fake)
    started.stop()
    fake.stop()


def test_a_receipt_is_deleted_and_reported_where_no_key_was_ever_read(cut_off):
    cut_off.say("/start")
    receipt = "4321 8765 2109 6543"
    for text in (receipt, f"my receipt is {receipt}", f"/receipt {receipt}"):
        number, said = cut_off.say(text)
        assert said == [fixed("utter_receipt_unavailable")], text
        assert number in cut_off.deleted()


@pytest.fixture
def begin_again(monkeypatch):
    """Return what makes this process one that has just begun, and whose database is away."""

    def begin() -> None:
        for name, value in {
            "_open_engine": lambda: open_referrals(NOWHERE),
            "_engine": None,
            "_keys": None,
            "_keys_until": 0.0,
        }.items():
            monkeypatch.setattr(desk(), name, value)

    return begin


@pytest.mark.parametrize(
    ("awaited", "text"),
    [
        ("contact", "ring me on 07700 900123 after six"),
        ("note", NOTE),
        ("reply", "Thursday suits me, and my rota is quieter then"),
    ],
)
def test_where_no_key_was_ever_read_the_agent_gets_nothing_that_is_awaited_for_the_unit(
    referrals_database, person_in, monkeypatch, begin_again, awaited, text
):
    in_wales = Unit(referrals_database)
    person = person_in(DEANERY)
    person.open()
    if awaited == "reply":
        receipt = send(person)
        in_wales.answer("Hello")
        person.say(receipt)
        person.press("Write to them")
    else:
        go_to(person, awaited)
    in_confidence().let_go(person.conversation)  # of which another worker has nothing
    begin_again()
    got = []
    handle = person.agent.handle_message

    async def note(message):
        got.append((message.text, message.parse_data))
        await handle(message)

    monkeypatch.setattr(person.agent, "handle_message", note)
    said = person.say(text)
    assert said[0].text == fixed("utter_referral_not_sealed")
    assert [text for text, _ in got] == [""]
    assert text not in str(got)


def test_where_no_key_was_ever_read_a_receipt_is_no_words_to_the_agent(
    person_in, monkeypatch, begin_again
):
    person = person_in(DEANERY)
    person.open()
    begin_again()
    got = []
    handle = person.agent.handle_message

    async def note(message):
        got.append(message.text)
        await handle(message)

    monkeypatch.setattr(person.agent, "handle_message", note)
    (said,) = person.say("my receipt is 4321 8765 2109 6543")
    assert said.text == fixed("utter_receipt_unavailable")
    assert got == [""]


def test_the_menu_has_the_receipt(program, telegram):
    (menu,) = [given for name, given in telegram.calls if name == "setMyCommands"][-1:]
    assert "receipt" in [command["command"] for command in menu["commands"]]


def test_privacy_says_what_is_kept_of_a_referral(phone):
    assert fixed("utter_privacy_referrals", ticket_days=LIFE_DAYS) in phone.say("/privacy")[1]


def test_nothing_of_it_is_printed(program, page, phone):
    receipt = read_receipt(refer_on(page, f"{NOTE} Aberdaron").press("Send it"))
    page.say(receipt)
    phone.say(f"/receipt {receipt}")
    printed = program.printed()
    assert "Aberdaron" not in printed
    assert not re.search(r"\d{4} ?\d{4} ?\d{4} ?\d{4}", printed)
    assert isinstance(page.browser, httpx.Client)


def test_a_receipt_that_telegram_would_not_take_comes_with_the_next_message(phone, telegram, unit):
    phone.say(f"/start {DEANERY}")
    phone.say("how do i get in touch with the psu")
    for title in CHOSEN_IN_ORDER:
        phone.press(title)
    note = f"{NOTE}, not taken at first"
    phone.say(note)
    before = 3 if deaneries()[DEANERY].fact("timing", date.today()) else 2
    telegram.faults["sendMessage"].extend([*[0] * before, 400, 400])  # with and without its buttons
    phone.press("Send it")
    assert not telegram.faults["sendMessage"]
    assert not [m for m in telegram.to(phone.chat) if read_receipt(m["text"])]
    assert newest(unit, note).unshown
    _, said = phone.say("did it go?")
    (receipt,) = [r for text in said if (r := read_receipt(text))]
    wait_until(lambda: not newest(unit, note).unshown)
    ticket = newest(unit, note)
    unit.inbox.answer(unit.unlocked, ticket.id, "We had it once", ticket.next_position)
    _, said = phone.say(receipt)
    assert any("We had it once" in text for text in said)


def test_a_page_that_is_gone_before_the_answer_is_told_with_its_next_message(page, unit):
    note = f"{NOTE}, gone before the answer"
    refer_on(page, note)
    body = json.dumps({"token": page.token, "button": page.button("Send it"), "id": "lost-one"})
    host, port = page.browser.base_url.host, page.browser.base_url.port
    with socket.create_connection((host, port)) as gone:
        head = (
            f"POST /chat/send HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        gone.sendall((head + body).encode())
    wait_until(lambda: [t for t in unit.tickets() if t.note == note])
    receipt = read_receipt(page.say("did it go?"))
    wait_until(lambda: not newest(unit, note).unshown)
    ticket = newest(unit, note)
    unit.inbox.answer(unit.unlocked, ticket.id, "We had it once", ticket.next_position)
    assert "We had it once" in page.say(receipt)


def wait_until(true):
    """Wait until something holds, and see that it does."""
    give_up = time.monotonic() + 30
    while not true() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert true()
