"""The web chat as a browser meets it: the real program, in its own process, over HTTP."""

import json
import re
import secrets
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from bot.channels import web_chats
from bot.channels.conversation import MAX_TEXT, as_text, fallback_bubbles
from bot.channels.web import HEADERS, POLICY
from bot.channels.web_chats import Chats
from bot.deanery import CRISIS_LINES, signposts
from bot.dialogue.state import LIFE_SECONDS
from tests.program import QUICK, Program, start_program
from tests.risk_phrases import EVERY_PHRASE

OURS = {**HEADERS, "Content-Security-Policy": POLICY.format(ancestors="'self'")}
"""Headers of everything, when no other site may embed the chat."""

NUMBERS = ("999", "111", "116 123")

BROKEN = """
from bot.environment import prepare

prepare()

from actions.talk import ActionReplyToTalk
from bot import cli
from bot.channels import web
from bot.dialogue.state import EphemeralTrackerStore
from bot.nlu.risk import RiskDetector

RIGHT_SAVE, RIGHT_PROCESS, RIGHT_ASK = (
    EphemeralTrackerStore.save,
    RiskDetector.process,
    web.ask_agent,
)


async def act(self, dispatcher, tracker, domain):
    words = tracker.latest_message["text"]
    raise RuntimeError(words)


async def save(self, tracker):
    words = str([event.as_dict() for event in tracker.events])
    if "break saving" in words:
        raise OSError(words)
    await RIGHT_SAVE(self, tracker)


def process(self, messages):
    if "break recognition" in messages[0].get("text"):
        raise ValueError(messages[0].get("text"))
    return RIGHT_PROCESS(self, messages)


async def ask(*args, **said):
    if "break the channel" in (said.get("text") or ""):
        raise KeyError(said["text"])
    return await RIGHT_ASK(*args, **said)


ActionReplyToTalk.run = act
EphemeralTrackerStore.save = save
RiskDetector.process = process
web.ask_agent = ask
cli.main(["run"])
"""
"""The program with parts that fail, their errors made of what was written."""


def beginning(value: object) -> str:
    """Return an id for a test with a value that may be very long."""
    return repr(value)[:30]


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """Return the running program."""
    started = start_program(tmp_path_factory.mktemp("program"), *QUICK, "run")
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture
def browser(program):
    """Return a browser at the running program."""
    with program.client() as client:
        yield client


@dataclass
class Page:
    """An open chat page: says and presses, and sees what the page would show."""

    browser: httpx.Client
    token: str = ""
    messages: list[dict] = field(default_factory=list)

    def start(self, **said) -> "Page":
        """Open the conversation."""
        answer = self.browser.post("/chat/start", json=said)
        assert answer.status_code == 200
        self.token, self.messages = answer.json()["token"], answer.json()["messages"]
        return self

    def send(self, **said) -> httpx.Response:
        """Send anything, and see the bubbles if there are any."""
        answer = self.browser.post("/chat/send", json={"token": self.token, **said})
        self.messages = answer.json().get("messages", self.messages)
        return answer

    def say(self, text: str) -> str:
        """Type a message and return everything that is answered."""
        assert self.send(text=text).status_code == 200
        return self.answered()

    def press(self, title: str) -> str:
        """Press the button whose title begins with `title`; return what is answered."""
        assert self.send(button=self.button(title)).status_code == 200
        return self.answered()

    def answered(self) -> str:
        """Return everything that was said in the last turn, which is not that it failed."""
        assert fallback_bubbles()[0].text not in self.text
        return self.text

    def button(self, title: str) -> str:
        """Return the id of the button whose title begins with `title`."""
        found = [b["id"] for b in self.buttons if b["title"].lower().startswith(title.lower())]
        assert found, f"no button {title!r} among {[b['title'] for b in self.buttons]}"
        return found[0]

    @property
    def buttons(self) -> list[dict]:
        """The buttons of the last turn."""
        return [button for message in self.messages for button in message["buttons"]]

    @property
    def text(self) -> str:
        """Everything that was said in the last turn."""
        return "\n".join(message["text"] for message in self.messages)


@pytest.fixture
def page(browser) -> Page:
    """Return a page that has just been opened."""
    return Page(browser).start()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/chat/", "text/html; charset=utf-8"),
        ("/chat/?deanery=wales", "text/html; charset=utf-8"),
        ("/chat/chat.css", "text/css; charset=utf-8"),
        ("/chat/chat.css?accent=7a1f5c", "text/css; charset=utf-8"),
        ("/chat/chat.js", "text/javascript; charset=utf-8"),
        ("/chat/icon.svg", "image/svg+xml"),
        ("/chat/qr.svg", "image/svg+xml"),
        ("/chat/demo", "text/html; charset=utf-8"),
        ("/chat/demo?frame=1", "text/html; charset=utf-8"),
        ("/chat/demo.css", "text/css; charset=utf-8"),
    ],
)
def test_the_page_is_served_with_its_headers_and_nothing_of_others(browser, path, kind):
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert {name: answer.headers.get(name) for name in OURS} == OURS
    assert "set-cookie" not in answer.headers
    assert not re.search(r"""(src|href|action|data)=["']?(https?:)?//""", of_ours(answer.text))
    assert not re.search(r"@import|url\(", answer.text)


def of_ours(page: str) -> str:
    """Return a page without the link by which it is left; that loads nothing."""
    return re.sub(r'<a class="leave" href="https://[^"]+"', "", page)


@pytest.mark.parametrize("path", ["", "chat.css", "chat.js", "embed.js", "demo", "qr.svg"])
def test_what_a_browser_can_unpack_is_sent_compressed(browser, path):
    plain = browser.get(f"/chat/{path}", headers={"Accept-Encoding": "identity"})
    packed = browser.get(f"/chat/{path}", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.text == plain.text


def test_the_sizes_stay_small(browser):
    def size(*names: str) -> int:
        answers = [browser.get(f"/chat/{name}") for name in names]
        return sum(int(answer.headers["content-length"]) for answer in answers)

    assert size("embed.js") <= 6 * 1024
    assert size("", "chat.css", "chat.js", "icon.svg") <= 30 * 1024


def test_the_page_without_its_slash_leads_to_the_page(browser):
    answer = browser.get("/chat?deanery=wales", follow_redirects=True)
    assert answer.url.path == "/chat/"
    assert answer.url.query == b"deanery=wales"


def test_the_pages_own_files_exist(browser):
    page = browser.get("/chat/")
    for name in re.findall(r'(?:href|src)="([^":]+)"', page.text):
        assert browser.get(str(page.url.join(name))).status_code == 200


def test_the_page_names_the_numbers_of_the_register(browser):
    page = browser.get("/chat/").text
    for key in CRISIS_LINES:
        number = re.match(r"[\d ]*\d", signposts()[key].value).group()
        assert number in page
        assert f'href="tel:{number.replace(" ", "")}"' in page


@pytest.mark.parametrize(
    "path", ["/chat/nothing", "/chat/start", "/chat/send", "/chat/..%2fweb.py"]
)
def test_what_is_not_there_is_not_found(browser, path):
    answer = browser.get(path)
    assert answer.status_code in (404, 405)
    assert "rasa" not in answer.text.lower()


@pytest.mark.parametrize(
    "path", ["/", "/status", "/webhooks/rest/webhook", "/conversations/x/tracker"]
)
def test_nothing_of_rasas_own_api_is_served(browser, path):
    for answer in (browser.get(path), browser.post(path, json={"sender": "x", "message": "hello"})):
        assert answer.status_code in (404, 405)
        assert "rasa" not in answer.text.lower()


def test_no_other_site_may_read_an_answer(browser):
    answer = browser.post("/chat/start", json={}, headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_starting_gives_a_token_and_three_bubbles(browser):
    answer = browser.post("/chat/start", json={})
    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in OURS} == OURS
    body = answer.json()
    assert set(body) == {"token", "messages"}
    assert len(body["token"]) >= 32
    assert len(body["messages"]) == 3
    assert all(set(message) == {"text", "buttons"} for message in body["messages"])
    assert [len(message["buttons"]) for message in body["messages"]] == [0, 0, 4]
    assert all(set(button) == {"id", "title"} for button in body["messages"][2]["buttons"])


def test_a_whole_conversation_with_buttons(browser):
    page = Page(browser).start(deanery="thames_valley")
    assert page.press("Something")
    assert page.say("my consultant humiliates me on the ward round")
    assert "thamesvalley" in page.say("how do i get in touch with the psu")
    for choice in ("Yes", "Exams", "Coaching", "By e-mail"):
        page.press(choice)
    assert "coaching" in page.messages[1]["text"]
    assert page.press("That's all")


@pytest.mark.parametrize("before", ["/", " /", "\u00a0//", "\x1f/", "\u200b/"])
def test_text_with_a_slash_is_text(page, before):
    page.say("my rota is awful and i am so tired")
    page.say(f'{before}choose_deanery{{"deanery": "northern_ireland"}}')
    page.say(f"{before}restart")
    page.say("I keep thinking about killing myself")
    assert "option 2" in page.messages[0]["text"]


def test_a_payload_is_not_a_button(page):
    assert page.send(button="/need_help_now").status_code == 409
    assert page.send(button='/choose_deanery{"deanery": "wales"}').status_code == 409


def test_an_unknown_button_is_refused_and_the_conversation_goes_on(page):
    answer = page.send(button="deadbeef")
    assert (answer.status_code, answer.json()) == (409, {"error": "button_expired"})
    assert page.press("Something")
    assert page.say("i failed my exam again")


def test_a_button_of_an_earlier_message_is_refused(page):
    earlier = page.button("What is the PSU")
    page.say("i failed my exam again")
    assert page.send(button=earlier).status_code == 409
    assert page.say("it was the third time")


def test_a_button_is_pressed_once_even_by_a_double_click(program, page):
    button = page.button("What is the PSU")

    def press(_):
        with program.client() as client:
            body = {"token": page.token, "button": button}
            return client.post("/chat/send", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [200, 409, 409, 409]


def test_another_conversations_button_is_refused(browser, page):
    other = Page(browser).start()
    assert page.send(button=other.button("Something")).status_code == 409
    assert other.press("Something")
    assert page.press("Something")


@pytest.mark.parametrize("token", ["", "nobody", "x" * 40_000, "\ud800", "A" * 32], ids=beginning)
def test_an_unknown_token_is_told_that_the_conversation_ended(browser, token):
    body = json.dumps({"token": token, "text": "hello"})
    answer = browser.post("/chat/send", content=body.encode())
    assert (answer.status_code, answer.json()) == (410, {"error": "conversation_ended"})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "token_missing"),
        (b"{}", "token_missing"),
        (b'{"text": "hello"}', "token_missing"),
        (b'{"token": 5, "text": "hello"}', "token_missing"),
        (b'{"token": ["a"], "text": "hello"}', "token_missing"),
        (b'{"token": {"a": 1}, "text": "hello"}', "token_missing"),
        (b'{"token": null}', "token_missing"),
        (b"{", "json_object_expected"),
        (b"hello", "json_object_expected"),
        (b'"hello"', "json_object_expected"),
        (b"[1, 2]", "json_object_expected"),
        (b"null", "json_object_expected"),
        (b"17", "json_object_expected"),
        (b"\xff\xfe\x00", "json_object_expected"),
        (b'{"token": "\xe9"}', "json_object_expected"),
        (b"[" * 30_000, "json_object_expected"),
        (b'{"a":' * 10_000, "json_object_expected"),
    ],
    ids=beginning,
)
def test_a_wrong_body_gets_a_clear_error(browser, body, error):
    answer = browser.post("/chat/send", content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert {name: answer.headers.get(name) for name in OURS} == OURS


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"text": None},
        {"text": 5},
        {"text": ["hello"]},
        {"text": {"text": "hello"}},
        {"button": None},
        {"button": 5},
        {"button": ["a"]},
        {"text": True, "button": False},
        {"Text": "hello"},
    ],
)
def test_neither_text_nor_button_is_a_clear_error_and_the_conversation_goes_on(page, said):
    answer = page.send(**said)
    assert (answer.status_code, answer.json()) == (400, {"error": "text_or_button_missing"})
    assert page.press("Something")


@pytest.mark.parametrize(
    "body", [b"{", b'"hello"', b"[1]", b"null", b"\xff", b"[" * 30_000], ids=beginning
)
def test_starting_with_a_wrong_body_gets_a_clear_error(browser, body):
    answer = browser.post("/chat/start", content=body)
    assert (answer.status_code, answer.json()) == (400, {"error": "json_object_expected"})


def test_starting_needs_no_body(browser):
    answer = browser.post("/chat/start")
    assert answer.status_code == 200
    assert len(answer.json()["messages"]) == 3


def test_a_huge_body_is_refused(program, page):
    answer = page.send(text="x" * 70_000)
    assert (answer.status_code, answer.json()) == (413, {"error": "too_large"})
    assert {name: answer.headers.get(name) for name in OURS} == OURS
    assert page.press("Something")
    head = f"POST /chat/send HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n"
    assert raw(program, head.encode()).startswith(b"HTTP/1.1 413")


def raw(program: Program, sent: bytes) -> bytes:
    """Send bytes that no browser would and return the beginning of what comes back."""
    with socket.create_connection(program.address, 60) as connection:
        connection.sendall(sent)
        return connection.recv(4096)


def test_a_body_in_chunks_is_measured_too(browser, page):
    def chunks(size):
        yield f'{{"token": "{page.token}", "text": "'.encode()
        yield b"tired " * (size // 6)
        yield b'"}'

    assert browser.post("/chat/send", content=chunks(6_000)).status_code == 200
    assert browser.post("/chat/send", content=chunks(70_000)).status_code == 413


@pytest.mark.parametrize(
    "text",
    ["x" * 60_000, "nights " * 8_000, "\ud800 lone half", "\x00\x1b[2J", "", " ", "🙂" * 5_000],
    ids=["word", "words", "half", "control", "empty", "blank", "emoji"],
)
def test_every_text_is_answered(page, text):
    body = json.dumps({"token": page.token, "text": text}).encode()
    if len(body) > 65_000:  # as a browser sends it
        body = json.dumps({"token": page.token, "text": text}, ensure_ascii=False).encode()
    answer = page.browser.post("/chat/send", content=body)
    assert answer.status_code == 200
    messages = answer.json()["messages"]
    assert messages
    assert all(message["text"].strip() for message in messages)
    assert [m["text"] for m in messages] != [b.text for b in fallback_bubbles()]


def test_what_matters_at_the_end_of_a_huge_text_is_read(page):
    page.say("the ward was busy and we had many patients. " * 300 + "i want to kill myself")
    for number in NUMBERS:
        assert number in page.messages[0]["text"]


def test_of_a_huge_text_the_beginning_and_the_end_are_passed_on():
    text = as_text("first " + "x" * 2 * MAX_TEXT + " last")
    assert text.startswith("first ")
    assert text.endswith(" last")
    assert len(text) == MAX_TEXT + 1


def test_the_deanery_of_the_link_is_used(browser):
    page = Page(browser).start(deanery="northern_ireland")
    page.say("I keep thinking about killing myself")
    assert "0808 808 8000" in page.messages[0]["text"]
    assert "111" not in page.messages[0]["text"]


@pytest.mark.parametrize(
    "deanery",
    ["atlantis", "", "../wales", "Wales", None, 5, True, ["wales"], {"a": 1}, "x" * 9_999],
    ids=beginning,
)
def test_an_unknown_deanery_is_ignored(browser, deanery):
    page = Page(browser).start(deanery=deanery)
    assert len(page.messages) == 3
    page.say("how do i get in touch with the psu")
    assert page.button("Rather not say")


def test_two_conversations_do_not_mix(browser):
    one, two = Page(browser).start(deanery="thames_valley"), Page(browser).start()
    one.say("I keep thinking about killing myself")
    assert "116 123" not in two.say("my rota is awful")
    one.press("No")
    two.say("how do i get in touch with the psu")
    assert two.button("Rather not say")
    one.press("Carry on")
    assert "thamesvalley" in one.say("how do i get in touch with the psu")
    assert "thamesvalley" not in two.press("Wales")


@pytest.fixture
def behind_a_proxy(tmp_path):
    """Return a program of which everybody has an address of their own."""
    started = start_program(tmp_path, *QUICK, "run", settings={"SIDEDOOR_PROXIES": "1"})
    yield started
    started.stop()


def test_fifty_at_once_are_all_answered_and_those_at_risk_with_the_numbers_first(behind_a_proxy):
    def talk(number: int) -> tuple[str, bool]:
        with behind_a_proxy.client() as client:
            client.headers["X-Forwarded-For"] = f"198.51.100.{number + 1}"
            page = Page(client).start()
            risk = number % 2 == 0
            page.say(EVERY_PHRASE[number % len(EVERY_PHRASE)] if risk else "im so tired")
            return page.token, all(n in page.messages[0]["text"] for n in NUMBERS) == risk

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(talk, range(50)))
    assert len({token for token, _ in answers}) == 50
    assert all(right for _, right in answers)


def test_messages_of_one_conversation_sent_at_once_are_all_answered(program, page):
    def say(number: int) -> bool:
        with program.client() as client:
            body = {"token": page.token, "text": f"im tired after {number} nights"}
            answer = client.post("/chat/send", json=body)
            return answer.status_code == 200 and bool(answer.json()["messages"])

    with ThreadPoolExecutor(5) as pool:
        assert all(pool.map(say, range(5)))


@pytest.mark.parametrize("earlier", [None, "can you help me write a message to them"])
def test_risk_is_answered_with_the_numbers_in_the_first_message(page, earlier):
    if earlier:
        page.say(earlier)
    page.say("i wish i could go to sleep and not wake up")
    for number in NUMBERS:
        assert number in page.messages[0]["text"]


def test_nothing_that_is_sent_is_printed(program, page):
    canary = f"xyzzy-{secrets.token_hex(8)}"
    page.say(f"i am so tired {canary} after nights")
    page.say(f"I keep thinking about killing myself {canary}")
    page.say(f"{canary}")
    page.say(f"/{canary}")
    page.send(button=canary)
    page.send(text=[canary])
    page.send(text=canary * 5_000)
    headers = {"X-Words": canary, "Cookie": canary, "User-Agent": canary}
    for body in (b'{"text": "%b"', b'["%b"]', b'"%b"', b"%b", b"\xff%b", b'{"token": "%b"}'):
        for path in ("start", "send", canary, ""):
            content = body.replace(b"%b", canary.encode())
            page.browser.post(f"/chat/{path}", content=content, headers=headers)
    page.browser.post("/chat/start", json={"deanery": canary, "token": canary})
    for path in (f"/chat/{canary}", f"/{canary}", f"/chat/?deanery={canary}", f"/chat?{canary}"):
        assert page.browser.get(path, headers=headers).status_code < 500
    for sent in ("{c} / HTTP/1.1", "GET /{c} HTTP/9", "{c}", "POST /chat/send HTTP/1.1\r\n{c}"):
        raw(program, f"{sent.format(c=canary)}\r\n\r\n".encode())
    head = f"POST /chat/send HTTP/1.1\r\nContent-Length: {canary}\r\n\r\n"
    raw(program, head.encode())
    with socket.create_connection(program.address, 60) as left:  # who leaves is not waited for
        body = json.dumps({"token": page.token, "text": canary})
        head = f"POST /chat/send?{canary} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        left.sendall((head + body).encode())
    assert page.say("im tired")
    assert canary not in program.printed()
    assert page.token not in program.printed()


@pytest.fixture(scope="module")
def broken_program(tmp_path_factory):
    """Return the program with parts that fail."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "broken.py").write_text(BROKEN, encoding="utf-8")
    started = start_program(folder, sys.executable, str(folder / "broken.py"))
    yield started
    if started.process.poll() is None:
        started.stop()


def test_whatever_fails_there_is_an_answer_and_nothing_that_was_sent_is_printed(broken_program):
    canary = f"xyzzy-{secrets.token_hex(8)}"
    helped = [bubble.text for bubble in fallback_bubbles()]
    with broken_program.client() as client:
        page = Page(client).start()
        for words in ("my rota is awful and i am tired", "break recognition"):
            assert page.send(text=f"{words} {canary}").status_code == 200
            assert sorted(m["text"] for m in page.messages) == sorted(helped)
        assert page.say(f"break saving, what is the psu {canary}")
        answer = page.send(text=f"break the channel {canary}")
        assert (answer.status_code, answer.json()) == (500, {"error": "failed"})
        assert {name: answer.headers.get(name) for name in OURS} == OURS
        page.say(f"I keep thinking about killing myself {canary}")
        assert "116 123" in page.messages[0]["text"]
    assert broken_program.stop() == 0
    printed = broken_program.printed()
    assert canary not in printed
    assert "Traceback" not in printed
    for error in ("action failed: name=", "turn failed: error=OSError", "error=KeyError"):
        assert error in printed


def test_the_program_writes_no_file(program, page):
    page.say("im tired")
    assert list((program.folder / "elsewhere").iterdir()) == []


@pytest.fixture
def clock():
    """Return a clock that tests set."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_token_ends_with_its_conversation(clock):
    chats = Chats(clock)
    token, _ = chats.open(str)
    clock.now = LIFE_SECONDS - 1
    assert chats.find(token) is not None
    clock.now += LIFE_SECONDS
    assert chats.find(token) is None
    assert len(chats) == 0


def test_the_token_unused_longest_gives_way_when_there_are_too_many(clock, monkeypatch):
    monkeypatch.setattr(web_chats, "MOST_CONVERSATIONS", 2)
    chats = Chats(clock)
    first, second = chats.open(str)[0], chats.open(str)[0]
    chats.find(first)
    chats.open(str)
    assert chats.find(first) is not None
    assert chats.find(second) is None


def test_no_token_is_held(clock):
    chats = Chats(clock)
    token, chat = chats.open(lambda token: "pseudonym")
    assert token not in repr(vars(chats)) + repr(vars(chat))
