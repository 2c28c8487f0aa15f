"""What a browser shows when nothing, or nothing that answers, is behind the nginx that ships."""

import os
import socket
from pathlib import Path

import pytest

from bot.channels.web_files import numbers
from bot.channels.web_words import page_words
from bot.deanery import CRISIS_LINES, signposts
from tests.databases import absent
from tests.page.conftest import Chat
from tests.page.test_embedding import WORDS as LAUNCHER
from tests.page.test_embedding import launcher, numbers_shown, script
from tests.program import free_port
from tests.proxied import NGINX, Proxy

WORDS = page_words("en")

RISK = "I keep thinking about killing myself"


@pytest.fixture
def proxy(tmp_path, program):
    """Return the nginx that ships before the running program; it waits less for an answer."""
    if not Path(NGINX).exists():
        absent("nginx")
    os.chmod(tmp_path, 0o755)  # it reads its help page as somebody else
    made = Proxy(tmp_path)
    shipped = made.folder / "nginx.conf"
    told = shipped.read_text(encoding="utf-8").replace(
        "proxy_read_timeout 28s", "proxy_read_timeout 2s"
    )
    shipped.write_text(told, encoding="utf-8")
    made.serve(program.address[1])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def silent():
    """Return the port of a server that takes requests and answers none."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


@pytest.fixture(params=["nothing there", "no answer"])
def goes_down(request, proxy, silent):
    """Return what lets the workers be gone, or hang, and the status that nginx gives then."""

    def now():
        proxy.serve(
            *((free_port(), free_port()) if request.param == "nothing there" else (silent,))
        )
        proxy.reload()

    return now, {"nothing there": 502, "no answer": 504}[request.param]


def at(proxy, path=""):
    return f"http://127.0.0.1:{proxy.port}/chat/{path}"


def assert_help_page(frame):
    """The static page is there, and each number of the register can be dialled on it."""
    frame.wait_for_selector("a[href='tel:999']")
    for key in CRISIS_LINES:
        number = signposts()[key].value.split(",")[0]
        assert frame.locator(f"a[href='tel:{number.replace(' ', '')}']").is_visible()


def test_whoever_opens_the_page_sees_the_numbers(open_page, proxy, goes_down):
    down, status = goes_down
    down()
    page = open_page(path="", expected="Failed to load")
    assert page.goto(at(proxy)).status == status
    assert_help_page(page)


def test_whoever_is_in_the_middle_keeps_the_words_and_sees_the_numbers(open_page, proxy, goes_down):
    page = open_page(at(proxy))
    chat = Chat(page, page).opened()
    goes_down[0]()
    page.fill("textarea", RISK)
    page.locator("textarea").press("Enter")
    assert chat.problem() == WORDS["not_sent"]
    assert chat.typed() == RISK
    for line in numbers(""):
        assert page.locator(f'.help a[href="tel:{line["call"]}"]').is_visible()


def test_the_panel_on_another_site_shows_the_numbers(open_page, proxy, goes_down, sites):
    page = open_page(path="", expected="Failed to load")
    page.goto(sites[0].page(script(at(proxy))))
    launcher(page).wait_for()
    goes_down[0]()
    launcher(page).click()
    page.wait_for_selector("iframe")
    assert_help_page(page.query_selector("iframe").content_frame())


def test_the_launcher_shows_them_itself_when_its_frame_stays_away(open_page, proxy, silent, sites):
    page = open_page(path="", expected="Failed to load")
    page.clock.install()
    page.goto(sites[0].page(script(at(proxy))))
    launcher(page).wait_for()
    proxy.serve(silent)
    proxy.reload()
    launcher(page).click()
    page.clock.fast_forward(9_000)
    page.locator(".failed").wait_for()
    assert numbers_shown(page) == [line["number"] for line in numbers("")]
    assert launcher(page, LAUNCHER["launcher_hide"]).is_visible()


def test_a_plain_frame_shows_the_help_page(open_page, proxy, goes_down, sites):
    goes_down[0]()
    page = open_page(path="", expected="Failed to load")
    page.goto(sites[0].page(f'<iframe src="{at(proxy)}" title="Chat"></iframe>'))
    assert_help_page(page.query_selector("iframe").content_frame())
