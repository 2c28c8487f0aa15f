"""The dashboard in a real browser: signing in, every page, printing, and accessibility."""

import os
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.dashboard.conftest import PASSWORD
from tests.databases import absent

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

PAGES = (
    "/windows",
    "/windows/2025-01_2025-03",
    "/windows/2025-01_2025-03/report",
    "/change",
    "/method",
    "/service",
    "/wording",
    "/audit",
    "/nothing",
)


@pytest.fixture(scope="module")
def chromium():
    """Return a browser."""
    program = shutil.which("chromium")
    if program is None:
        absent("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium, dashboard):
    """Return a tab at the dashboard."""
    context = chromium.new_context(base_url=dashboard.url)
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def sign_in(tab, dashboard, name: str) -> None:
    """Sign in as somebody does, with the keyboard."""
    tab.goto("/windows")
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_label("Code from your authenticator app").fill(dashboard.code(name))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/windows")


def faults(tab) -> list[str]:
    """Return what axe-core finds."""
    found = Axe().run(tab, options=RULES).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]


def keep(tab, name: str) -> None:
    """Keep a screenshot where SCREENSHOTS says, to look at."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_signing_in_and_out(tab, dashboard):
    tab.goto("/")
    assert "Sign in" in tab.title()
    assert faults(tab) == []
    keep(tab, "sign-in")
    tab.get_by_label("Name").fill("reader")
    tab.get_by_label("Password").fill("not the password")
    tab.get_by_label("Code from your authenticator app").fill("123456")
    tab.get_by_role("button", name="Sign in").click()
    assert tab.get_by_role("alert").is_visible()
    assert faults(tab) == []
    sign_in(tab, dashboard, "reader")
    assert tab.get_by_text("Reader (reader)").is_visible()
    tab.get_by_role("button", name="Sign out").click()
    tab.wait_for_url("**/sign-in")
    tab.goto("/windows")
    assert "Sign in" in tab.title()
    assert tab.context.cookies() == []


def test_every_page_is_accessible(tab, dashboard):
    sign_in(tab, dashboard, "admin")
    found = {}
    for path in PAGES:
        tab.goto(path)
        found[path] = faults(tab)
        keep(tab, path.strip("/").replace("/", "_"))
    assert {path: list_ for path, list_ in found.items() if list_} == {}


def test_every_page_fits_a_narrow_screen(tab, dashboard):
    tab.set_viewport_size({"width": 320, "height": 640})
    sign_in(tab, dashboard, "admin")
    for path in PAGES:
        tab.goto(path)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{path} is {wide} wide"
    keep(tab, "narrow")


def test_a_chart_can_be_read_on_a_phone_and_no_label_is_cut(tab, dashboard):
    sign_in(tab, dashboard, "reader")
    for width in (320, 1200):
        tab.set_viewport_size({"width": width, "height": 640})
        tab.goto("/windows/2025-01_2025-03")
        texts = tab.evaluate(
            """[...document.querySelectorAll("svg.chart text")].map(text => {
                const [own, all] = [text, text.ownerSVGElement].map(e => e.getBoundingClientRect())
                return [own.height, own.left >= all.left - 1 && own.right <= all.right + 1]
            })"""
        )
        assert len(texts) > 20
        assert all(height >= 14 and inside for height, inside in texts), width
        hit = tab.evaluate(
            """[...document.querySelectorAll("svg.chart .number")].filter(number => {
                const [own, bar] = [number, number.previousElementSibling.previousElementSibling]
                    .map(e => e.getBoundingClientRect())
                return own.left < bar.right
            }).length"""
        )
        assert hit == 0, f"{hit} numbers lie on bars at {width}"


def test_every_figure_can_be_reached_with_the_keyboard(tab, dashboard):
    sign_in(tab, dashboard, "reader")
    tab.set_viewport_size({"width": 320, "height": 640})
    tab.goto("/change")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to main content"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "from"
    region = tab.get_by_role("region", name="What people bring through the periods")
    for _ in range(4):
        if tab.evaluate("document.activeElement.className") == "scroll":
            break
        tab.keyboard.press("Tab")
    assert region.evaluate("e => e === document.activeElement && e.scrollWidth > e.clientWidth")
    tab.keyboard.press("ArrowRight")
    for _ in range(200):  # the page lets nothing wait inside it
        if region.evaluate("e => e.scrollLeft"):
            break
        tab.wait_for_timeout(50)
    assert region.evaluate("e => e.scrollLeft") > 0


def test_the_way_from_the_picture_to_a_file(tab, dashboard):
    sign_in(tab, dashboard, "reader")
    tab.get_by_role("link", name="January to March 2025").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "January to March 2025"
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name="What people bring, as CSV").click()
    assert waiting.value.suggested_filename == "sidedoor_2025-01_2025-03_concern.csv"
    tab.get_by_role("link", name="Change").click()
    tab.get_by_label("From").select_option("2025-01_2025-03")
    tab.get_by_role("button", name="Compare").click()
    assert tab.get_by_role("heading", level=2).first.is_visible()


def test_signing_off_a_sentence(tab, dashboard):
    sign_in(tab, dashboard, "caseworker")
    tab.get_by_role("link", name="Wording").click()
    tab.get_by_label("Words").fill("samaritans")
    tab.get_by_role("button", name="Search").click()
    tab.get_by_role("checkbox").first.check()
    tab.get_by_label("Their role").fill("clinical safety officer")
    tab.get_by_role("button", name="Sign off what is ticked").click()
    assert tab.get_by_role("status").inner_text() == "1 sentence was signed off."


def test_the_report_prints_on_paper(tab, dashboard, tmp_path):
    sign_in(tab, dashboard, "reader")
    tab.goto("/windows/2025-01_2025-03/report")
    tab.emulate_media(media="print")
    assert tab.get_by_role("navigation").is_hidden()
    assert tab.get_by_text("Every figure here is invented").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).page") == "invented"  # on every sheet
    tab.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    keep(tab, "report-print")


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_kept(tab, dashboard):
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    sign_in(tab, dashboard, "admin")
    for path in PAGES:
        tab.goto(path)
    assert all(url.startswith(dashboard.url) for url in asked)
    assert tab.evaluate("localStorage.length + sessionStorage.length") == 0
    assert [cookie["name"] for cookie in tab.context.cookies()] == ["sidedoor-staff"]
