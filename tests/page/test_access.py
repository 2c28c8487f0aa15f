"""Whoever reads with ears, keys, large letters or little light can use the page."""

import re

import pytest

from bot.channels.web_words import page_words
from tests.page.conftest import TOLD, Chat

WORDS = page_words("en")

LISTEN = """
window.announced = [];
new MutationObserver((changes) => {
  for (const change of changes) {
    const live = change.target.nodeType === 1 && change.target.closest("[role=log], [role=alert]");
    if (!live) continue;
    for (const node of change.addedNodes) {
      const hidden = node.nodeType === 1 && (node.hidden || node.ariaHidden === "true");
      if (!hidden) window.announced.push([live.getAttribute("role"), node.textContent]);
    }
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Notes what is added to a live region, in order: what a screen reader announces."""

FOCUS = """() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  return {
    name: node.className || node.tagName.toLowerCase(),
    text: node.textContent.trim().slice(0, 40),
    marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
    inView: box.bottom > 0 && box.top < innerHeight,
    covered: !node.contains(document.elementFromPoint(box.x + box.width / 2,
      Math.min(Math.max(box.y + box.height / 2, 1), innerHeight - 1))),
  };
}"""


def listening_page(open_page, path="/chat/"):
    page = open_page(path="")
    page.add_init_script(LISTEN)
    page.goto(open_page().url.split("/chat")[0] + path)
    return Chat(page, page).opened()


def announced(chat: Chat) -> list[tuple[str, str]]:
    """Return what was announced since the last call."""
    said = chat.page.evaluate("() => window.announced.splice(0)")
    return [(role, " ".join(text.split())) for role, text in said]


def read_out(*texts: str) -> list[tuple[str, str]]:
    """Return answers as they are announced: each with who speaks, one after the other."""
    return [("log", f"{WORDS['it']} {' '.join(text.split())}") for text in texts]


def test_a_screen_reader_hears_each_message_once_and_in_order(open_page):
    chat = listening_page(open_page)
    opening = announced(chat)
    assert [role for role, _ in opening] == ["log", "log", "log"]
    assert all(text.startswith(WORDS["it"]) for _, text in opening)
    assert opening[-1][1].endswith(WORDS["choices_follow"])

    answer = chat.press("Something")
    heard = announced(chat)
    assert heard[0] == ("log", f"{WORDS['you']} Something's on my mind")
    assert [h[1].removesuffix(f" {WORDS['choices_follow']}") for h in heard[1:]] == [
        text for _, text in read_out(*answer)
    ]

    answer = chat.say(TOLD)
    heard = announced(chat)
    assert heard[0] == ("log", f"{WORDS['you']} {TOLD}")
    assert len(heard) == 1 + len(answer)
    assert heard[-1][1].endswith(WORDS["choices_follow"])

    chat.page.route("**/chat/send", lambda route: route.abort(), times=1)
    chat.page.fill("textarea", "again")
    chat.page.locator("textarea").press("Enter")
    chat.page.locator(".problem button").wait_for()
    assert announced(chat) == [
        ("log", f"{WORDS['you']} again"),
        ("alert", WORDS["not_sent"]),
        ("alert", WORDS["retry"]),
    ]


def test_the_browser_takes_the_log_for_a_polite_live_region(chat):
    chat.say(TOLD)
    session = chat.page.context.new_cdp_session(chat.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]

    def of(role: str) -> dict:
        node = next(n for n in nodes if n.get("role", {}).get("value") == role)
        return {p["name"]: p["value"].get("value") for p in node["properties"]} | {
            "name": node["name"]["value"]
        }

    log = of("log")
    assert (log["live"], log["atomic"], log["name"]) == ("polite", False, WORDS["conversation"])
    assert log["relevant"] in ("additions", "additions text")
    assert of("alert")["live"] == "assertive"
    assert of("textbox")["name"] == WORDS["field"]
    names = [n["name"]["value"] for n in nodes if n.get("role", {}).get("value") == "button"]
    assert WORDS["send"] in names


def states(chat: Chat):
    """Lead a chat through its states, and name each."""
    page = chat.page
    yield "opened"
    page.locator(".help summary").click()
    yield "numbers"
    page.locator(".help summary").click()
    page.locator(".phone summary").click()
    page.wait_for_function("() => document.querySelector('.phone img').naturalWidth > 0")
    yield "phone"
    page.locator(".phone summary").click()
    held = []
    page.route("**/chat/send", lambda route: held.append(route), times=1)
    page.fill("textarea", TOLD)
    page.locator("textarea").press("Enter")
    page.locator(".writing").wait_for()
    yield "writing"
    held[0].abort()
    page.locator(".problem button").wait_for()
    yield "not sent"
    chat.mend(WORDS["retry"])
    page.wait_for_selector(".own + .bubble")
    page.locator(".choices button").first.hover()
    yield "answered"
    chat.say("I keep thinking about killing myself")
    yield "crisis"
    page.route(
        "**/chat/send",
        lambda route: route.fulfill(status=410, body='{"error": "conversation_ended"}'),
        times=1,
    )
    page.fill("textarea", "hello")
    page.locator("textarea").press("Enter")
    page.locator(".problem button").wait_for()
    yield "ended"
    chat.mend(WORDS["start_again"])
    chat.opened()
    yield "again"


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/chat/", {}),
        ("/chat/", {"color_scheme": "dark"}),
        ("/chat/?accent=ffdd00", {"viewport": {"width": 320, "height": 568}}),
        ("/chat/?accent=ffdd00", {"viewport": {"width": 320, "height": 256}}),
        ("/chat/?accent=222222", {"color_scheme": "dark", "forced_colors": "active"}),
    ],
    ids=["light", "dark", "phone", "zoom", "forced"],
)
def test_axe_finds_nothing_in_any_state(open_page, faults, path, options):
    page = open_page(path, **options)
    found = {state: faults(page) for state in states(Chat(page, page).opened())}
    assert {state: lines for state, lines in found.items() if lines} == {}
    assert len(found) == 9


def test_axe_finds_nothing_in_another_language(open_page, faults):
    page = open_page("/chat/?lang=cy&deanery=wales")
    Chat(page, page).opened()
    assert faults(page) == []


def test_keys_alone_are_enough(chat):
    page = chat.page
    visited = []
    for _ in range(10):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["marked"], focus
        assert focus["inView"], focus
        assert not focus["covered"], focus
        visited.append(focus["name"] if focus["name"] != "button" else focus["text"])
    expected = ["leave", "summary", "talk", "summary"]
    assert visited[:4] == expected
    assert visited[4].startswith("Something")
    assert visited[8:10] == ["textarea", WORDS["send"]]

    page.locator(".leave").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".help ul").is_visible()
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
    with page.expect_response("**/chat/send"):
        page.keyboard.press("Space")
    page.wait_for_selector(".own + .bubble")
    assert page.evaluate("() => document.activeElement.className") == "talk"
    while page.evaluate("() => document.activeElement.tagName") != "TEXTAREA":
        page.keyboard.press("Tab")
    page.keyboard.type(TOLD)
    with page.expect_response("**/chat/send"):
        page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.own').length === 2")
    assert page.evaluate("() => document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.own').length === 3")


SIZES = {
    "wide": (1280, 1024),
    "200 %": (640, 512),
    "400 %": (320, 256),
    "phone": (320, 640),
    "low": (844, 390),
}


@pytest.mark.parametrize(
    ("size", "letters"),
    [*((size, "100%") for size in SIZES), ("wide", "200%"), ("200 %", "200%"), ("phone", "200%")],
)
def test_everything_fits_and_can_be_hit(open_page, size, letters):
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height})
    chat = Chat(page, page).opened()
    page.evaluate(f"document.documentElement.style.fontSize = '{letters}'")
    chat.say("x" * 200)
    chat.say("how do i get in touch with the psu")
    page.locator(".help summary").click()
    overflow = page.evaluate(
        """() => [document.documentElement, document.querySelector('.talk')]
          .map((node) => node.scrollWidth - node.clientWidth)"""
    )
    assert overflow == [0, 0]
    targets = page.locator("summary, .leave, .help a, .choices button, form button, textarea")
    for box in (target.bounding_box() for target in targets.all()):
        assert box["width"] >= 24, box
        assert box["height"] >= 24, box
    page.locator(".help summary").click()
    for target in targets.all():
        if target.is_visible():
            target.click(trial=True)
    assert page.locator(".leave").is_visible()


@pytest.mark.parametrize("size", ["400 %", "phone"])
def test_help_and_leaving_stay_in_view_after_a_long_talk(open_page, size):
    width, height = SIZES[size]
    page = open_page(viewport={"width": width, "height": height})
    chat = Chat(page, page).opened()
    for text in (TOLD, "my rota is awful", "nobody asks"):
        chat.say(text)
    for selector in (".help summary", ".leave"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height


def test_lines_may_be_set_wider(open_page):
    page = open_page(viewport={"width": 320, "height": 640})
    chat = Chat(page, page).opened()
    page.evaluate(
        """() => { for (const node of document.querySelectorAll('*')) Object.assign(node.style, {
          lineHeight: '1.5', letterSpacing: '0.12em', wordSpacing: '0.16em' }); }"""
    )
    chat.say(TOLD)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320


def test_nothing_moves_for_those_who_ask_for_that(open_page):
    page = open_page(reduced_motion="reduce")
    chat = Chat(page, page).opened()
    chat.say(TOLD)
    assert page.evaluate("() => document.getAnimations().length") == 0
    assert (
        page.locator(".bubble").first.evaluate("(n) => getComputedStyle(n).animationName") == "none"
    )


def test_with_forced_colours_own_and_other_words_differ(open_page):
    page = open_page(forced_colors="active")
    chat = Chat(page, page).opened()
    chat.say(TOLD)
    style = "(node) => getComputedStyle(node).borderStyle"
    assert page.locator(".own").evaluate(style) == "dashed"
    assert page.locator(".bubble").first.evaluate(style) == "solid"


def test_a_long_answer_is_shown_from_its_beginning(open_page):
    page = open_page("/chat/?deanery=wales", viewport={"width": 320, "height": 480})
    Chat(page, page).opened()
    assert page.locator(".notice").bounding_box()["y"] >= 0
    page.fill("textarea", "how do i get in touch with the psu")
    with page.expect_response("**/chat/send"):
        page.locator("textarea").press("Enter")
    first = page.locator(".own + .bubble")
    first.wait_for()
    top, shown = page.locator("header").bounding_box(), first.bounding_box()
    assert shown["y"] >= top["y"] + top["height"] - 1


def test_a_phone_gets_its_own_send_key_and_no_zoom(open_page):
    page = open_page(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    chat = Chat(page, page).opened()
    assert page.locator("textarea").get_attribute("enterkeyhint") == "send"
    size = page.locator("textarea").evaluate("(node) => getComputedStyle(node).fontSize")
    assert int(re.match(r"\d+", size).group()) >= 16
    viewport = page.locator("meta[name=viewport]").get_attribute("content")
    assert "interactive-widget=resizes-content" in viewport
    assert "maximum-scale" not in viewport
    page.set_viewport_size({"width": 390, "height": 360})  # the keyboard is out
    box = page.locator("textarea").bounding_box()
    chat.page.locator("textarea").scroll_into_view_if_needed()
    assert box["height"] >= 44
