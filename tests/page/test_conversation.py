"""Conversations on the page: talking, choices, failures, leaving, and what is left behind."""

import json
import re
import signal
import time

import httpx
import pytest

from bot.channels.conversation import OPEN, parse_payload
from bot.channels.web import ROUTE_HEADER
from bot.channels.web_files import numbers
from bot.channels.web_words import page_words
from tests.page.conftest import HARMLESS, TOLD, Chat
from tests.program import QUICK, free_port, start_program

WORDS = page_words("en")


def seen(text: str) -> str:
    """Return a sentence as the page shows it: white space may differ."""
    return " ".join(text.split())


def test_a_whole_conversation_with_choices(open_page):
    page = open_page("/chat/?deanery=thames_valley")
    chat = Chat(page, page).opened()
    assert len(chat.bubbles()) == 3
    answers = [chat.press("Something")]
    answers.append(chat.say("my consultant humiliates me on the ward round"))
    answers.append(chat.say("how do i get in touch with the psu"))
    assert (
        page.locator(".bubble a", has_text="thamesvalley").first.get_attribute("target") == "_blank"
    )
    for title in ("Yes", "Exams", "Coaching", "By e-mail"):
        answers.append(chat.press(title))
    shown = [seen(text) for text in chat.bubbles()]
    for answer in answers:
        for text in answer:
            assert any(seen(text) in bubble for bubble in shown)


def test_all_requests_of_a_conversation_bear_one_number_and_the_next_ones_another(
    open_page, program
):
    """By it a proxy in front of several workers finds the same one again; it is not the token."""
    page, sent = open_page(""), []
    page.on("request", lambda asked: asked.method == "POST" and sent.append(asked))
    for _ in range(2):
        page.goto("http://{}:{}/chat/".format(*program.address))
        Chat(page, page).opened().say("so tired after nights")
    drawn = [asked.headers[ROUTE_HEADER.lower()] for asked in sent]
    for path in ("start", "send"):
        assert sum(asked.url.endswith(path) for asked in sent) == 2
    first, second = dict.fromkeys(drawn)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert re.fullmatch("[0-9a-f]{32}", second)
    assert drawn[: drawn.index(second)] == [first] * drawn.index(second)
    assert not any(number in (asked.post_data or "") for number in drawn for asked in sent)


def test_the_numbers_in_an_answer_can_be_tapped(chat):
    chat.say("I keep thinking about killing myself")
    links = chat.page.locator(".bubble a")
    assert set(links.evaluate_all("all => all.map((a) => a.getAttribute('href'))")) >= {
        "tel:999",
        "tel:111",
        "tel:116123",
    }


def test_enter_sends_and_shift_enter_breaks(chat):
    chat.page.locator("textarea").press_sequentially("so tired")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.locator("textarea").press_sequentially("after nights")
    assert chat.typed() == "so tired\nafter nights"
    chat.page.locator("textarea").press("Enter")
    chat.page.wait_for_selector(".own")
    assert chat.bubbles()[3].endswith("so tired\nafter nights")
    assert chat.typed() == ""


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_nothing_is_not_sent(chat, text):
    chat.page.fill("textarea", text)
    chat.page.locator("textarea").press("Enter")
    assert len(chat.bubbles()) == 3


def test_markup_in_a_message_is_text(chat):
    chat.page.on("dialog", lambda dialog: pytest.fail("a script ran"))
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    chat.say(text)
    assert any(text in bubble for bubble in chat.bubbles())
    assert chat.page.locator(".log img, .log script").count() == 0


def test_nothing_is_stored_and_nothing_of_others_is_loaded(open_page, program):
    page = open_page(path="")
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(f"http://127.0.0.1:{program.address[1]}/chat/")
    chat = Chat(page, page).opened()
    chat.say(TOLD)
    page.locator(".phone summary").click()
    page.wait_for_function("() => document.querySelector('.phone img').naturalWidth > 0")
    assert page.context.storage_state() == {"cookies": [], "origins": []}
    assert page.evaluate("indexedDB.databases()") == []
    assert page.evaluate("caches.keys()") == []
    assert {httpx.URL(url).netloc.decode() for url in asked} == {f"127.0.0.1:{program.address[1]}"}
    assert page.url.endswith("/chat/")
    assert page.title() == WORDS["title"]


def test_what_is_typed_goes_to_no_spelling_service(chat):
    field = chat.page.locator("textarea")
    for name, value in {"spellcheck": "false", "autocomplete": "off"}.items():
        assert field.get_attribute(name) == value


def test_offline_keeps_the_text_and_back_online_carries_on(chat):
    chat.page.context.set_offline(True)
    assert chat.problem() == WORDS["offline"]
    chat.page.fill("textarea", TOLD)
    chat.page.locator("textarea").press("Enter")
    chat.page.locator(".problem", has_text=WORDS["not_sent"]).wait_for()
    assert chat.typed() == TOLD
    assert len(chat.bubbles()) == 3
    with chat.page.expect_response("**/chat/send"):
        chat.page.context.set_offline(False)
    chat.page.wait_for_selector(".own + .bubble")
    assert chat.typed() == ""
    assert chat.page.locator(".problem p").count() == 0
    assert len([bubble for bubble in chat.bubbles() if TOLD in bubble]) == 1


def test_what_was_changed_meanwhile_is_not_sent_by_itself(chat):
    chat.page.context.set_offline(True)
    chat.page.fill("textarea", TOLD)
    chat.page.locator("textarea").press("Enter")
    chat.page.locator(".problem", has_text=WORDS["not_sent"]).wait_for()
    chat.page.fill("textarea", "something else")
    chat.page.context.set_offline(False)
    chat.page.wait_for_function("() => document.querySelector('.problem').textContent === ''")
    assert chat.typed() == "something else"
    assert len(chat.bubbles()) == 3
    assert chat.say("something else")


def test_an_answer_that_was_lost_is_not_given_twice(chat):
    lost = []

    def lose(route):
        lost.append(route.fetch().json())
        route.abort()

    chat.page.route("**/chat/send", lose, times=1)
    chat.page.fill("textarea", TOLD)
    chat.page.locator("textarea").press("Enter")
    chat.page.locator(".problem", has_text=WORDS["not_sent"]).wait_for()
    with chat.page.expect_response("**/chat/send") as again:
        chat.mend(WORDS["retry"])
    assert again.value.json() == lost[0]
    chat.page.wait_for_selector(".own + .bubble")
    assert chat.choice("I'm safe").or_(chat.page.locator(".choices button").first).count()
    assert len([bubble for bubble in chat.bubbles() if TOLD in bubble]) == 1


def test_what_is_typed_while_a_message_fails_is_kept_too(chat):
    held = []
    chat.page.route("**/chat/send", lambda route: held.append(route), times=1)
    chat.page.fill("textarea", "first")
    chat.page.locator("textarea").press("Enter")
    chat.page.wait_for_selector(".own")
    chat.page.fill("textarea", "second")
    held[0].abort()
    chat.page.locator(".problem", has_text=WORDS["not_sent"]).wait_for()
    assert chat.typed() == "first\nsecond"


def test_a_press_that_failed_can_be_tried_again(chat):
    chat.page.route("**/chat/send", lambda route: route.abort(), times=1)
    chat.choice("Something").click()
    chat.page.locator(".problem", has_text=WORDS["not_pressed"]).wait_for()
    assert chat.choice("Something").is_visible()
    with chat.page.expect_response("**/chat/send") as again:
        chat.mend(WORDS["retry"])
    assert again.value.ok
    chat.page.wait_for_selector(".own + .bubble")


def test_a_double_click_presses_once(chat):
    sent = []
    chat.page.on("request", lambda request: request.url.endswith("/send") and sent.append(request))
    chat.choice("Something").dblclick()
    chat.page.wait_for_selector(".own + .bubble")
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "too_fast", "too_fast"),
        (413, "too_large", "too_long"),
        (503, "busy", "busy"),
        (403, "origin_not_allowed", "refused"),
        (409, "answer_gone", "answered"),
        (409, "button_expired", "expired"),
        (500, "failed", "not_sent"),
        (502, None, "not_sent"),
        (400, "toString", "not_sent"),
    ],
)
def test_every_refusal_is_told_with_the_numbers_and_loses_nothing(chat, status, code, words):
    body = json.dumps({"error": code}) if code else "<h1>Bad gateway</h1>"
    chat.page.route("**/chat/send", lambda route: route.fulfill(status=status, body=body), times=1)
    chat.page.fill("textarea", TOLD)
    chat.page.locator("textarea").press("Enter")
    assert chat.problem() == WORDS[words]
    for line in numbers(""):
        assert chat.page.locator(f'.help a[href="tel:{line["call"]}"]').is_visible()
    assert chat.typed() == TOLD
    assert chat.say(TOLD)


def test_a_message_after_the_end_brings_the_numbers(chat):
    body = json.dumps({"error": "conversation_ended"})
    chat.page.route("**/chat/send", lambda route: route.fulfill(status=410, body=body), times=1)
    chat.page.fill("textarea", "I want to kill myself")
    chat.page.locator("textarea").press("Enter")
    assert chat.problem() == WORDS["ended"]
    for line in numbers(""):
        assert chat.page.locator(f'.help a[href="tel:{line["call"]}"]').is_visible()
    assert chat.typed() == "I want to kill myself"


def test_need_help_now_works_without_the_server_and_without_scripts(open_page):
    page = open_page("/chat/?deanery=northern_ireland", java_script_enabled=False)
    page.locator(".help summary").click()
    for line in numbers("northern_ireland"):
        link = page.locator(f'.help a[href="tel:{line["call"]}"]')
        assert link.inner_text() == line["number"]
        assert link.is_visible()
    assert page.get_by_text(WORDS["no_script"]).is_visible()
    assert not page.locator("form").is_visible()
    assert page.locator(".leave").get_attribute("href") == WORDS["leave_to"]


def test_the_server_dies_and_comes_back(browser, tmp_path):
    port = free_port()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    program = start_program(tmp_path / "one", *QUICK, "run", port=port)
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{port}/chat/")
    chat = Chat(page, page).opened()
    chat.say(TOLD)
    before = chat.bubbles()
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()

    page.fill("textarea", "are you there")
    page.locator("textarea").press("Enter")
    assert chat.problem() == WORDS["not_sent"]
    assert chat.typed() == "are you there"
    for line in numbers(""):
        assert page.locator(f'.help a[href="tel:{line["call"]}"]').is_visible()

    program = start_program(tmp_path / "two", *QUICK, "run", port=port)
    chat.mend(WORDS["retry"])
    page.locator(".problem", has_text=WORDS["ended"]).wait_for()
    assert chat.typed() == "are you there"
    assert chat.bubbles() == before
    chat.mend(WORDS["start_again"])
    chat.opened()
    assert page.locator(".mark").inner_text() == WORDS["new_conversation"]
    assert chat.typed() == "are you there"
    assert chat.say("are you there")
    assert chat.bubbles()[: len(before)] == before
    assert program.stop() == 0


def test_a_server_that_is_not_there_yet(open_page):
    page = open_page(path="")
    page.route("**/chat/start", lambda route: route.abort(), times=1)
    page.goto(open_page().url)
    chat = Chat(page, page)
    assert chat.problem() == WORDS["not_reached"]
    assert page.locator(".help ul").is_visible()
    chat.mend(WORDS["retry"])
    chat.opened()
    assert page.locator(".problem p").count() == 0


def leave_by_link(page):
    page.locator(".leave").click()


def leave_by_shift(page):
    for _ in range(3):
        page.keyboard.press("Shift")


@pytest.mark.parametrize("leave", [leave_by_link, leave_by_shift])
def test_leaving_clears_the_chat_here_and_on_the_server_before_it_goes(
    open_page, program, sites, leave
):
    page = open_page(path="")
    page.goto(sites[0].page("the page before"))
    with page.expect_response("**/chat/start") as started:
        page.goto(f"http://127.0.0.1:{program.address[1]}/chat/")
    token = started.value.json()["token"]
    chat = Chat(page, page).opened()
    chat.say(TOLD)
    page.fill("textarea", "not sent")
    seen_while_going = []

    def hold(route):
        seen_while_going.append(True)
        route.fulfill(status=204)  # the browser stays where it is

    page.route(f"{HARMLESS}**", hold, times=1)
    with page.expect_response("**/chat/end"):
        leave(page)
    page.wait_for_function("() => document.body.children.length === 0")
    assert page.title() == ""
    assert TOLD not in page.content()
    assert "not sent" not in page.content()
    with program.client() as client:
        answer = client.post("/chat/send", json={"token": token, "text": "hello"})
        assert answer.json() == {"error": "conversation_ended"}


@pytest.mark.parametrize("leave", [leave_by_link, leave_by_shift])
def test_leaving_goes_to_a_harmless_site_and_back_does_not_return(open_page, program, sites, leave):
    page = open_page(path="")
    before = sites[0].page("the page before")
    page.goto(before)
    page.goto(f"http://127.0.0.1:{program.address[1]}/chat/")
    Chat(page, page).opened().say(TOLD)
    leave(page)
    page.wait_for_url(WORDS["leave_to"])
    page.go_back()
    assert page.url == before


def test_capital_letters_do_not_leave(chat):
    chat.page.locator("textarea").focus()
    for letter in "NHS":
        chat.page.keyboard.press(f"Shift+{letter}")
    chat.page.keyboard.press("Shift")
    assert chat.page.locator(".leave").is_visible()
    assert chat.typed() == "NHS"


def test_it_says_before_the_first_message_what_it_cannot_hide(chat):
    notice = chat.page.locator(".notice")
    assert WORDS["network"] in notice.inner_text()
    assert seen(WORDS["leave_limits"]) in seen(notice.inner_text())
    assert chat.page.locator(".notice").evaluate(
        "node => node.compareDocumentPosition(document.querySelector('.log')) & 4"
    )
    assert chat.page.locator("body").inner_text().count("browser's history") == 1


def test_closing_the_page_ends_the_conversation(open_page, program):
    page = open_page(path="")
    with page.expect_response("**/chat/start") as started:
        page.goto(f"http://127.0.0.1:{program.address[1]}/chat/")
    token = started.value.json()["token"]
    Chat(page, page).opened()
    page.goto("about:blank")
    give_up = time.monotonic() + 20
    with program.client() as client:
        while True:
            answer = client.post("/chat/send", json={"token": token, "button": "none"})
            if answer.json() == {"error": "conversation_ended"}:
                return
            assert time.monotonic() < give_up, "the conversation goes on"
            time.sleep(0.5)


def test_the_qr_code_leads_to_the_chat(open_page, program):
    page = open_page("/chat/?deanery=wales&accent=7a1f5c")
    page.locator(".phone summary").click()
    address = page.locator(".address").inner_text()
    assert address == f"http://127.0.0.1:{program.address[1]}/chat/?deanery=wales"
    page.wait_for_function("() => document.querySelector('.phone img').naturalWidth > 0")
    assert address in page.locator(".phone img").get_attribute("alt")


def test_the_opening_is_what_the_agent_says(open_page):
    assert parse_payload(OPEN)["intent"]["name"] == "open_conversation"
    page = open_page("/chat/?lang=cy")
    chat = Chat(page, page).opened()
    assert re.match(r"\w+", chat.bubbles()[0])
    assert page.locator(".log").get_attribute("lang") == "en-GB"
    assert page.evaluate("document.documentElement.lang") == "cy"
    assert page.locator("form button").inner_text() == page_words("cy")["send"]
