"""A real browser, the running program, and sites of other origins that embed the chat."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Frame, Page, sync_playwright

from tests.program import QUICK, Program, start_program

CHROMIUM = Path("/usr/bin/chromium")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

HARMLESS = "https://www.bbc.co.uk/"

TOLD = "sat in the car park 40 min this morning and couldn't make myself go in"


@dataclass
class Site:
    """A web site of an origin of its own; `pages` is path -> HTML."""

    server: ThreadingHTTPServer
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The site's origin: another host name than the chat's, so another site too."""
        return f"http://localhost:{self.server.server_port}"

    def page(self, body: str, head: str = "") -> str:
        """Publish a page and return its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = (
            f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>A ward</title>"
            f"{head}</head><body><main><h1>Our ward</h1>{body}</main></body></html>"
        )
        return self.origin + path


@pytest.fixture(scope="package")
def sites() -> Iterator[tuple[Site, Site]]:
    """Return two sites: one on the allow-list, and one that is not."""
    made = []
    for _ in range(2):
        pages: dict[str, str] = {}

        class Handler(BaseHTTPRequestHandler):
            held = pages

            def do_GET(self) -> None:
                """Send the page."""
                body = self.held.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *_: object) -> None:
                """Keep still."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(Site(server, pages))
    yield made[0], made[1]
    for site in made:
        site.server.shutdown()


@pytest.fixture(scope="package")
def program(tmp_path_factory, sites) -> Iterator[Program]:
    """Return the running program, which lists the first site."""
    started = start_program(
        tmp_path_factory.mktemp("page"),
        *QUICK,
        "run",
        settings={"SIDEDOOR_ORIGINS": sites[0].origin},
    )
    yield started
    started.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium; without it the tests are skipped, but never in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing; .ci/run installs it")
        pytest.skip(f"needs {CHROMIUM} (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, program) -> Iterator[Callable[..., Page]]:
    """Return a maker of pages, each in a window of its own; what they print as errors fails."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(path: str = "/chat/", **options: object) -> Page:
        expected = options.pop("expected", "")
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.route(f"{HARMLESS}**", lambda route: route.fulfill(body="<h1>Weather</h1>"))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error"
                and not said.location["url"].endswith(("/chat/start", "/chat/send"))  # made to fail
                and not (expected and expected in said.text)
                and errors.append(said.text)
            ),
        )
        if path:
            host, port = program.address
            page.goto(path if path.startswith("http") else f"http://{host}:{port}{path}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@dataclass
class Chat:
    """What a person sees and does on the page, or in a frame with it."""

    page: Page
    frame: Page | Frame

    def opened(self) -> Chat:
        """Wait until the conversation is open."""
        self.frame.wait_for_selector(".choices button")
        return self

    def say(self, text: str, key: str = "Enter") -> list[str]:
        """Type and send; return the bubbles that answer."""
        self.frame.fill("textarea", text)
        return self._answer(lambda: self.frame.press("textarea", key))

    def press(self, title: str) -> list[str]:
        """Press a choice; return the bubbles that answer."""
        return self._answer(lambda: self.choice(title).click())

    def choice(self, title: str):
        """Return the choice whose title begins with `title`."""
        return self.frame.locator(".choices button", has_text=title).first

    def bubbles(self) -> list[str]:
        """Return what is seen of the bubbles."""
        return [text.strip() for text in self.frame.locator(".bubble").all_inner_texts()]

    def typed(self) -> str:
        """Return what is in the box."""
        return self.frame.input_value("textarea")

    def problem(self) -> str:
        """Return the problem that is shown, once there is one."""
        return self.frame.locator(".problem p").inner_text()

    def mend(self, title: str) -> None:
        """Press the button beside the problem."""
        self.frame.locator(".problem button", has_text=title).click()

    def _answer(self, act: Callable[[], object]) -> list[str]:
        before = len(self.bubbles())
        with self.page.expect_response("**/chat/send") as answered:
            act()
        assert answered.value.ok, answered.value.status
        messages = answered.value.json()["messages"]
        self.frame.wait_for_function(
            "count => document.querySelectorAll('.bubble').length === count",
            arg=before + 1 + len(messages),
        )
        return [message["text"] for message in messages]


@pytest.fixture
def chat(open_page) -> Chat:
    """Return a chat that has just been opened."""
    page = open_page()
    return Chat(page, page).opened()


@pytest.fixture(scope="session")
def faults() -> Callable[[Page | Frame], list[str]]:
    """Return what axe finds wrong in a page or a frame, one line an element."""
    axe = Axe()

    def run(page: Page | Frame) -> list[str]:
        page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")
        found = axe.run(page).response["violations"]
        return [f"{v['id']}: {n['html']} {n['failureSummary']}" for v in found for n in v["nodes"]]

    return run
