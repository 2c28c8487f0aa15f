"""The chat on pages of other origins: those on the list, and those that are not."""

import re

import pytest

from bot.channels.web_files import numbers
from bot.channels.web_words import page_words
from tests.page.conftest import TOLD, Chat

WORDS = page_words("en")

CARELESS = """<style>
* { all: unset !important; display: none !important; transform: rotate(3deg) !important; }
html, head, body, main, h1, p { display: block !important; }
aside, div, button, iframe {
  position: static !important; opacity: 0 !important; font: 5px serif !important;
  width: 1px !important; height: 1px !important; visibility: hidden !important;
  pointer-events: none !important;
}
body { transform: none !important; }
</style>"""
"""Rules of a host page that would break anything within their reach."""


@pytest.fixture
def chat_at(program) -> str:
    """Return the address of the chat, of another site than the pages."""
    return f"http://127.0.0.1:{program.address[1]}/chat/"


def script(chat_at: str, attributes: str = "") -> str:
    return f'<script src="{chat_at}embed.js" {attributes} defer></script>'


def launcher(page, title=WORDS["launcher"]):
    return page.get_by_role("button", name=title, exact=True)


def framed(page) -> Chat:
    """Return the chat in the page's frame, once it is open."""
    page.wait_for_selector("iframe")
    frame = page.query_selector("iframe").content_frame()
    return Chat(page, frame).opened()


@pytest.mark.parametrize("head", ["", CARELESS], ids=["plain", "careless"])
def test_the_script_adds_a_launcher_and_a_panel(open_page, sites, chat_at, head):
    page = open_page(sites[0].page(script(chat_at, 'data-deanery="wales"'), head))
    button = launcher(page)
    assert button.get_attribute("aria-expanded") == "false"
    assert page.frames == [page.main_frame]  # nothing is asked of the server before it is opened
    button.click()
    chat = framed(page)
    assert launcher(page, WORDS["launcher_hide"]).get_attribute("aria-expanded") == "true"
    assert "heiw.nhs.wales" in "".join(chat.say("how do i get in touch with the psu"))
    box = page.locator("iframe").bounding_box()
    assert box["width"] >= 380
    assert box["height"] >= 500
    launcher(page, WORDS["launcher_hide"]).click()
    assert not page.locator("iframe").is_visible()
    launcher(page).click()
    assert any("get in touch" in bubble for bubble in chat.bubbles())


def test_neither_sites_styles_nor_the_chats_reach_the_other(open_page, sites, chat_at):
    plain = open_page(sites[0].page("<p>Text</p><button>Ours</button>"))
    page = open_page(
        sites[0].page("<p>Text</p><button>Ours</button>" + script(chat_at, "data-open"))
    )
    framed(page)
    styles = """() => [...document.querySelectorAll('body, main, h1, p, button')].map((node) => {
      const style = getComputedStyle(node);
      return [...style].map((name) => name + style.getPropertyValue(name)).join();
    })"""
    assert page.evaluate(styles) == plain.evaluate(styles)
    assert page.evaluate("() => Object.keys(window).filter((key) => /sidedoor/i.test(key))") == []


def test_the_site_cannot_read_what_is_said(open_page, sites, chat_at):
    page = open_page(sites[0].page(script(chat_at, "data-open")))
    framed(page).say(TOLD)
    assert TOLD not in page.content()
    assert page.evaluate(
        """() => {
          const root = document.querySelector("[data-sidedoor]").shadowRoot;
          return root.querySelector("iframe").contentDocument === null;
        }"""
    )


def test_the_attributes_are_obeyed(open_page, sites, chat_at):
    attributes = (
        'data-lang="cy" data-accent="#ffdd00" data-position="left" data-open data-deanery="wales"'
    )
    page = open_page(sites[0].page(script(chat_at, attributes)))
    chat = framed(page)
    cymraeg = page_words("cy")
    button = launcher(page, cymraeg["launcher_hide"])
    assert button.bounding_box()["x"] < 100
    colours = "(node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
    assert button.evaluate(colours) == ["rgb(255, 221, 0)", "rgb(0, 0, 0)"]
    assert chat.frame.locator("form button").inner_text() == cymraeg["send"]
    assert re.search(r"deanery=wales&lang=cy&accent=ffdd00&embedded=1$", chat.frame.url)


@pytest.mark.parametrize(
    "attributes",
    [
        'data-lang="toString" data-accent="red;}" data-position="top" data-deanery="atlantis"',
        'data-lang="" data-accent="" data-position="" data-deanery="" data-open="false"',
        'data-deanery="&quot;&gt;&lt;script&gt;" data-lang="__proto__"',
    ],
)
def test_attributes_that_mean_nothing_do_no_harm(open_page, sites, chat_at, attributes):
    page = open_page(sites[0].page(script(chat_at, attributes)))
    launcher(page).click()
    assert len(framed(page).bubbles()) == 3


def test_twice_the_same_line_is_one_launcher(open_page, sites, chat_at):
    page = open_page(sites[0].page(script(chat_at) + script(chat_at)))
    launcher(page).wait_for()
    assert page.locator("[data-sidedoor]").count() == 1


def test_keys_open_talk_and_hide(open_page, sites, chat_at):
    page = open_page(sites[0].page('<a href="#x">Link</a>' + script(chat_at)))
    launcher(page).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    chat = framed(page)
    chat.frame.wait_for_function("() => document.hasFocus()")
    page.keyboard.press("Tab")
    chat.frame.wait_for_function("() => document.activeElement.className === 'leave'")
    page.keyboard.press("Escape")
    launcher(page).wait_for()
    page.wait_for_function(
        "() => document.activeElement.shadowRoot?.activeElement?.tagName === 'BUTTON'"
    )


@pytest.mark.parametrize("size", [(320, 568), (320, 256), (844, 390)])
def test_on_a_small_screen_the_panel_takes_it_all(open_page, sites, chat_at, size):
    width, height = size
    page = open_page(
        sites[0].page(script(chat_at, "data-open")), viewport={"width": width, "height": height}
    )
    chat = framed(page)
    chat.say(TOLD)
    box = page.locator("iframe").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    launcher(page, WORDS["launcher_hide"]).click(trial=True)
    assert chat.frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_plain_frame_works_too(open_page, sites, chat_at):
    page = open_page(
        sites[0].page(
            f'<iframe src="{chat_at}?deanery=wales" title="Chat" width="400" height="600"></iframe>'
        )
    )
    chat = framed(page)
    assert chat.press("Something")
    assert chat.say(TOLD)


LEAVERS = {
    "link": lambda page, chat: chat.frame.locator(".leave").click(),
    "shift in the chat": lambda page, chat: [chat.frame.press("textarea", "Shift") for _ in "123"],
}


@pytest.mark.parametrize("leave", LEAVERS)
@pytest.mark.parametrize("how", ["script", "frame"])
def test_leaving_takes_the_whole_page_away(open_page, sites, chat_at, leave, how):
    frame = f'<iframe src="{chat_at}" title="Chat" width="400" height="600"></iframe>'
    page = open_page(sites[0].page(script(chat_at, "data-open") if how == "script" else frame))
    chat = framed(page)
    chat.say(TOLD)
    LEAVERS[leave](page, chat)
    page.wait_for_url(WORDS["leave_to"])


def test_leaving_by_keys_on_the_host_page(open_page, sites, chat_at):
    page = open_page(sites[0].page('<input id="x">' + script(chat_at, "data-open")))
    framed(page).say(TOLD)
    page.focus("#x")
    for _ in "123":
        page.keyboard.press("Shift")
    page.wait_for_url(WORDS["leave_to"])


def test_shift_does_nothing_on_the_host_page_while_the_chat_is_closed(open_page, sites, chat_at):
    page = open_page(sites[0].page(script(chat_at)))
    launcher(page).wait_for()
    for _ in "123":
        page.keyboard.press("Shift")
    assert launcher(page).is_visible()


def test_where_a_frame_may_not_lead_away_the_chat_is_still_cleared(open_page, sites, chat_at):
    page = open_page(
        sites[0].page(
            f'<iframe src="{chat_at}" title="Chat"'
            ' sandbox="allow-scripts allow-same-origin allow-forms"></iframe>'
        ),
        expected="frame attempting navigation",
    )
    chat = framed(page)
    chat.say(TOLD)
    chat.frame.locator(".leave").click()
    page.wait_for_function("() => true")
    chat.frame.wait_for_url("about:blank")


def numbers_shown(page) -> list[str]:
    return [
        page.locator(f'.failed a[href="tel:{line["call"]}"]').inner_text() for line in numbers("")
    ]


def test_a_site_that_is_not_listed_gets_the_numbers_and_no_chat(open_page, sites, chat_at):
    page = open_page(path="", expected="frame-ancestors")
    page.clock.install()
    page.goto(sites[1].page(script(chat_at, "data-open")))
    page.wait_for_selector("iframe")
    page.clock.fast_forward(9_000)
    page.locator(".failed").wait_for()
    assert numbers_shown(page) == [line["number"] for line in numbers("")]
    assert page.locator(".failed a").last.get_attribute("href") == chat_at
    frame = page.query_selector("iframe").content_frame()
    assert frame.query_selector("textarea") is None


def test_a_plain_frame_on_a_site_that_is_not_listed_stays_empty(open_page, sites, chat_at):
    page = open_page(
        sites[1].page(f'<iframe src="{chat_at}" title="Chat"></iframe>'), expected="frame-ancestors"
    )
    frame = page.query_selector("iframe").content_frame()
    assert frame.query_selector("textarea") is None


def test_with_the_server_gone_the_launcher_shows_the_numbers(open_page, sites, chat_at):
    page = open_page(path="", expected="Failed to load")
    page.clock.install()
    page.goto(sites[0].page(script(chat_at)))
    launcher(page).wait_for()
    page.route("**/chat/?**", lambda route: route.abort())
    launcher(page).click()
    page.clock.fast_forward(9_000)
    page.locator(".failed").wait_for()
    assert numbers_shown(page) == [line["number"] for line in numbers("")]
    page.unroute("**/chat/?**")
    launcher(page, WORDS["launcher_hide"]).click()
    launcher(page).click()
    framed(page)
    assert not page.locator(".failed").is_visible()


ASK = """async ([address, type]) => {
  try {
    const headers = type ? { "Content-Type": type } : {};
    const answer = await fetch(address, { method: "POST", body: "{}", headers });
    return [answer.status, Object.keys(await answer.json()).sort()];
  } catch { return "refused"; }
}"""


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_scripts_of_a_listed_site_may_speak_to_the_chat_and_of_others_not(
    open_page, sites, chat_at, kind
):
    listed = open_page(sites[0].page(""))
    other = open_page(sites[1].page(""), expected="CORS")
    asked = [f"{chat_at}start", kind]
    assert listed.evaluate(ASK, asked) == [200, ["messages", "token"]]
    assert other.evaluate(ASK, asked) == "refused"


def test_a_form_of_another_site_opens_nothing(open_page, sites, chat_at):
    page = open_page(
        sites[1].page(
            f'<form method="post" enctype="text/plain" action="{chat_at}start">'
            "<button>Go</button></form>"
        ),
        expected="403",
    )
    with page.expect_response("**/chat/start") as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 403


def test_axe_finds_nothing_on_the_demonstration(open_page, faults, program):
    page = open_page("/chat/demo")
    assert faults(page) == []
    launcher(page).click()
    chat = framed(page)
    assert faults(page) == []
    assert faults(chat.frame) == []
    page = open_page("/chat/demo?frame=1")
    assert framed(page).say(TOLD)
    assert faults(page) == []


def test_axe_finds_nothing_when_the_chat_cannot_be_shown(open_page, faults, sites, chat_at):
    page = open_page(path="", expected="frame-ancestors")
    page.clock.install()
    page.goto(sites[1].page(script(chat_at, "data-open")))
    page.wait_for_selector("iframe")
    page.clock.fast_forward(9_000)
    page.locator(".failed").wait_for()
    assert faults(page) == []
