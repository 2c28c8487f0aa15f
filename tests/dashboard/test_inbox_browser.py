"""The inbox in real browsers: a caseworker's whole way, two at once, and accessibility."""

import re

import pytest

from bot.dashboard import unlocks
from bot.dashboard.sessions import IDLE_SECONDS
from tests.dashboard.test_browser import chromium, faults, keep, sign_in  # noqa: F401
from tests.dashboard.units import CHOICES, begin, staffed
from tests.referrals import PASSPHRASE

NOTE = "I share a rota for four with one other person, and I dread the nights."
DRAFT = "Thank you for writing. Would Tuesday suit you?"


@pytest.fixture
def unit(tmp_path):
    """Return a unit with a key."""
    made = begin(f"sqlite:///{tmp_path / 'referrals.db'}")
    yield made
    made.engine.dispose()


@pytest.fixture
def desk(serve, tmp_path, unit):
    """Return a dashboard with that unit's caseworkers."""
    return staffed(serve, tmp_path, unit.url)


@pytest.fixture
def enter(chromium, desk):  # noqa: F811
    """Return a starter of browsers in which somebody has signed in."""
    contexts = []

    def start(name: str, **options):
        context = chromium.new_context(base_url=desk.url, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(20_000)
        sign_in(tab, desk, name)
        return tab

    yield start
    for context in contexts:
        context.close()


def unlock(tab) -> None:
    """Unlock with the keyboard, as somebody does."""
    tab.get_by_label("The unit's passphrase").fill(PASSPHRASE)
    tab.keyboard.press("Enter")


def fits(tab) -> bool:
    """Whether the page needs no scrolling to the side."""
    return tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def checked(tab, name: str) -> None:
    """Assert that a page is accessible in light and dark, and fits 320 pixels."""
    assert faults(tab) == [], name
    keep(tab, f"inbox-{name}")
    tab.emulate_media(color_scheme="dark")
    assert faults(tab) == [], f"{name}, dark"
    keep(tab, f"inbox-{name}-dark")
    size = tab.viewport_size
    tab.set_viewport_size({"width": 320, "height": 640})
    assert fits(tab), f"{name}, narrow"
    keep(tab, f"inbox-{name}-narrow")
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(size)


def test_a_caseworkers_way(enter, desk, unit):
    ticket, receipt = unit.send(NOTE, weeks=3)
    unit.send(None, weeks=1)
    unit.send("Please not on the ward.", receipt=False, contact="robin@example.org")
    tab = enter("ann")
    tab.get_by_role("link", name="Inbox").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Inbox: Thames Valley"
    checked(tab, "locked")
    tab.get_by_label("The unit's passphrase").fill("something else altogether")
    tab.keyboard.press("Enter")
    tab.get_by_role("alert").wait_for()
    checked(tab, "wrong-passphrase")
    unlock(tab)
    tab.get_by_text("Unlocked.").wait_for()
    checked(tab, "list")
    tab.get_by_role("link", name=ticket[:6]).click()
    assert tab.get_by_text(NOTE).is_visible()
    checked(tab, "ticket")
    tab.get_by_label("Start from a stored answer").select_option("Ask for a little more")
    tab.get_by_role("button", name="Put it into the box").click()
    text = tab.get_by_label("Your answer").input_value()
    assert text.startswith("Thank you for trusting us with this.")
    tab.get_by_label("Your answer").fill(f"{text}\n\nAnna")
    tab.get_by_role("button", name="Send the answer").click()
    assert "The answer is sent" in tab.get_by_role("status").inner_text()
    assert unit.answers(receipt) == [f"{text}\n\nAnna"]
    checked(tab, "answered")
    tab.get_by_role("button", name="Waiting").click()
    tab.get_by_text("The state is changed.").wait_for()
    tab.get_by_role("link", name="Close the ticket").click()
    checked(tab, "close")
    tab.get_by_role("button", name="Close it").click()
    tab.get_by_text("The ticket is closed.").wait_for()
    assert tab.get_by_role("link", name=ticket[:6]).count() == 0
    tab.get_by_label("Receipt").fill(receipt)
    tab.get_by_role("button", name="Find the ticket").click()
    tab.wait_for_url(f"**/inbox/{ticket}")
    tab.goto("/inbox/keys")
    checked(tab, "keys")
    tab.goto("/inbox")
    tab.get_by_role("button", name="Lock").click()
    tab.get_by_text("The inbox is locked.").wait_for()
    tab.go_back()
    assert tab.get_by_role("heading", name="Locked").is_visible()


def test_two_caseworkers_answer_at_once(enter, unit):
    ticket, receipt = unit.send(NOTE)
    ann, bob = enter("ann"), enter("bob")
    for tab in (ann, bob):
        tab.goto(f"/inbox/{ticket}")
        unlock(tab)
        tab.get_by_label("Your answer").wait_for()
    ann.get_by_label("Your answer").fill("Ann answers first.")
    bob.get_by_label("Your answer").fill(DRAFT)
    ann.get_by_role("button", name="Send the answer").click()
    ann.get_by_text("The answer is sent").wait_for()
    bob.get_by_role("button", name="Send the answer").click()
    assert "Answered meanwhile" in bob.get_by_role("alert").inner_text()
    assert bob.get_by_text("Ann answers first.").is_visible()
    assert bob.get_by_label("Your answer").input_value() == DRAFT
    checked(bob, "meanwhile")
    assert unit.answers(receipt) == ["Ann answers first."]
    bob.get_by_role("button", name="Send the answer").click()
    bob.get_by_text("The answer is sent").wait_for()
    assert unit.answers(receipt) == ["Ann answers first.", DRAFT]


def test_locked_while_typing(enter, desk, unit):
    ticket, receipt = unit.send(NOTE)
    tab = enter("ann")
    tab.goto(f"/inbox/{ticket}")
    unlock(tab)
    tab.get_by_label("Your answer").fill(DRAFT)
    desk.clock.now += unlocks.IDLE_SECONDS
    tab.get_by_role("button", name="Send the answer").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Locked while you were writing"
    assert tab.get_by_label("Your text").input_value() == DRAFT
    checked(tab, "locked-draft")
    unlock(tab)
    assert tab.get_by_label("Your answer").input_value() == DRAFT
    assert unit.answers(receipt) == []
    tab.get_by_role("button", name="Send the answer").click()
    tab.get_by_text("The answer is sent").wait_for()
    assert unit.answers(receipt) == [DRAFT]


def test_signed_out_while_typing(enter, desk, unit):
    ticket, receipt = unit.send(NOTE)
    tab = enter("ann")
    tab.goto(f"/inbox/{ticket}")
    unlock(tab)
    tab.get_by_label("Your answer").fill(DRAFT)
    desk.clock.now += IDLE_SECONDS
    tab.get_by_role("button", name="Send the answer").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "You are signed out"
    checked(tab, "signed-out-draft")
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Sign in").click()
    sign_in(opened.value, desk, "ann")
    tab.get_by_role("button", name="Go on").click()
    unlock(tab)
    assert tab.get_by_label("Your answer").input_value() == DRAFT
    tab.get_by_role("button", name="Send the answer").click()
    tab.get_by_text("The answer is sent").wait_for()
    assert unit.answers(receipt) == [DRAFT]


def test_after_signing_out_the_way_back_shows_nothing(enter, unit):
    ticket, _ = unit.send(NOTE)
    tab = enter("ann")
    tab.goto(f"/inbox/{ticket}")
    unlock(tab)
    tab.get_by_text(NOTE).wait_for()
    tab.get_by_role("button", name="Sign out").click()
    tab.wait_for_url("**/sign-in")
    tab.go_back()
    tab.wait_for_load_state()
    assert tab.get_by_text(NOTE).count() == 0
    assert tab.context.cookies() == []


def test_states_are_accessible_too(enter, desk, unit):
    ticket, _ = unit.send(NOTE)
    gone = "0" * 32
    unit.keys.create(unit.deanery, "another long passphrase", instead_of_lost=True)
    for name, path, words in (
        ("no-key", "/inbox", "no key yet"),
        ("no-unit", "/inbox", "belongs to no unit"),
    ):
        tab = enter({"no-key": "sco", "no-unit": "loose"}[name])
        tab.goto(path)
        assert words in tab.get_by_role("heading", level=1).inner_text()
        checked(tab, name)
    tab = enter("ann")
    tab.goto("/inbox")
    tab.get_by_label("The unit's passphrase").fill("another long passphrase")
    tab.keyboard.press("Enter")
    tab.get_by_text("Unlocked.").wait_for()
    checked(tab, "list-lost-key")
    for path, words in ((f"/inbox/{ticket}", "key to this ticket"), (f"/inbox/{gone}", "ended")):
        tab.goto(path)
        assert words in tab.get_by_role("heading", level=1).inner_text()
        checked(tab, re.sub(r"\W", "-", words))


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_kept_in_the_browser(enter, desk, unit):
    ticket, _ = unit.send(NOTE, choices=CHOICES)
    tab = enter("ann")
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"/inbox/{ticket}")
    unlock(tab)
    tab.get_by_text(NOTE).wait_for()
    assert asked
    assert all(url.startswith(desk.url) for url in asked)
    assert tab.evaluate("localStorage.length + sessionStorage.length") == 0
    assert sorted(c["name"] for c in tab.context.cookies()) == ["sidedoor-inbox", "sidedoor-staff"]
