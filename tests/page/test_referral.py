"""A referral in real browsers: the trainee's page, the caseworker's inbox, and the other channel.

The page and the dashboard are each in a browser of their own, the Telegram is the fake one; all
meet in one database. Whoever reads comes by the other channel than the one that was written on.
"""

import time

import pytest

from bot.referrals.receipts import read_receipt
from tests.dashboard.conftest import serve  # noqa: F401
from tests.dashboard.test_browser import sign_in
from tests.page.conftest import Chat
from tests.referrals import DEANERY, PASSPHRASE
from tests.test_referral_channels import (  # noqa: F401
    CHOSEN_IN_ORDER,
    NOTE,
    engine,
    phone,
    place,
    program,
    telegram,
    unit,
)

ANSWER = "Thank you for writing. We can meet on Thursday."
REPLY = "Thursday suits me, after four"


@pytest.fixture
def caseworker(browser, serve, engine, program, tmp_path):  # noqa: F811
    """Return the inbox of Wales' unit in a browser in which a caseworker has signed in."""
    url = engine.url.render_as_string(hide_password=False)
    desk = serve(tmp_path, referrals_database=url)
    desk.clock.now = time.time()  # tickets are of the week in which they are sent
    desk.add("ann", "caseworker", DEANERY)
    context = browser.new_context(base_url=desk.url)
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    sign_in(tab, desk, "ann")
    yield tab
    context.close()


@pytest.fixture
def ticket(unit):  # noqa: F811
    """Return what gives the id of the one ticket that came since the test began."""
    before = {row.id for row in unit.inbox.rows(DEANERY)}

    def came() -> str:
        (new,) = {row.id for row in unit.inbox.rows(DEANERY)} - before
        return new

    return came


@pytest.fixture
def chat(open_page) -> Chat:
    """Return a chat about Wales that has just been opened."""
    page = open_page(f"/chat/?deanery={DEANERY}")
    return Chat(page, page).opened()


def shows(chat: Chat, text: str) -> bool:
    """Whether a bubble that is seen on the page holds a text."""
    return any(text in bubble for bubble in chat.bubbles())


def read_and_answer(tab, ticket: str) -> None:
    """Unlock the inbox, find the ticket in its list, read it and answer it."""
    tab.get_by_role("link", name="Inbox").click()
    tab.get_by_label("The unit's passphrase").fill(PASSPHRASE)
    tab.keyboard.press("Enter")
    tab.get_by_text("Unlocked.").wait_for()
    tab.get_by_role("link", name=ticket[:6]).click()
    tab.get_by_text(NOTE).wait_for()
    tab.get_by_label("Your answer").fill(ANSWER)
    tab.get_by_role("button", name="Send the answer").click()
    tab.get_by_text("The answer is sent").wait_for()


def reads_the_reply(tab, ticket: str) -> None:
    """See in the list that there is something new, and read it."""
    tab.goto("/inbox")
    tab.get_by_role("link", name=ticket[:6]).click()
    tab.get_by_text(REPLY).wait_for()


def sees_it_ended(tab, ticket: str) -> None:
    """See that it is neither in the list nor at its address."""
    tab.goto("/inbox")
    assert tab.get_by_role("heading", name="Locked").count() == 0
    assert tab.get_by_role("link", name=ticket[:6]).count() == 0
    tab.goto(f"/inbox/{ticket}")
    assert "ended" in tab.get_by_role("heading", level=1).inner_text()


def test_referred_on_the_page_answered_in_the_inbox_read_and_ended_on_telegram(
    chat,
    caseworker,
    phone,  # noqa: F811
    ticket,
):
    chat.say("how do i get in touch with the psu")
    for title in CHOSEN_IN_ORDER:
        chat.press(title)
    chat.say(NOTE)
    assert shows(chat, "This is all of it")
    chat.press("Send it")
    (receipt,) = filter(None, map(read_receipt, chat.bubbles()))
    chat.press("I've kept it")

    read_and_answer(caseworker, ticket())

    phone.say("/start")
    phone.say("/receipt")
    number, said = phone.say(receipt)
    assert any(ANSWER in text for text in said)
    assert number in phone.deleted()
    phone.press("Write to them")
    phone.say(REPLY)
    reads_the_reply(caseworker, ticket())

    sent = ticket()
    phone.say(f"/receipt {receipt}")
    phone.press("End it")
    assert "Ended" in phone.press("Yes, end it")[0]
    sees_it_ended(caseworker, sent)
    assert "nothing under that number" in chat.say(f"my receipt is {receipt}")[0]


def test_referred_on_telegram_answered_in_the_inbox_read_and_ended_on_the_page(
    chat,
    caseworker,
    phone,  # noqa: F811
    ticket,
):
    _, shown = phone.refer()
    receipt = read_receipt(shown)
    phone.press("I've kept it")

    read_and_answer(caseworker, ticket())

    chat.say(f"my receipt is {receipt}")
    assert shows(chat, ANSWER)
    chat.press("Write to them")
    chat.say(REPLY)
    reads_the_reply(caseworker, ticket())

    sent = ticket()
    chat.say(receipt)
    chat.press("End it")
    assert "Ended" in chat.press("Yes, end it")[0]
    sees_it_ended(caseworker, sent)
    _, said = phone.say(f"/receipt {receipt}")
    assert "nothing under that number" in said[0]
